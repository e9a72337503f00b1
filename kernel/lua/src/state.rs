//! Saving a session, and restoring it in another kernel.
//!
//! What is saved is what the user has made: globals, top-level locals, what was changed in the
//! library's tables, and everything that these reach, with every identity, cycle, metatable and
//! shared upvalue as it was. Functions are saved as `string.dump` has them; the library's own by
//! their names; modules of C are required again. What lives in the kernel or the system (files,
//! coroutines, widgets) is left out, and told by its path.
//!
//! A saved state is code: Lua trusts what it loads, and so only what nobody else can have written,
//! and is whole, may be restored. The caller sees to that.

mod library;
mod origins;
mod record;
mod restoring;
mod saving;

use std::ffi::c_int;
use std::io::Write;

use mlua::{Function, Lua, MultiValue, ffi};
use perilune_language::{Loss, Losses, RestoreError, Restored, SaveError, Saved};

use crate::cell::{self, CallError, is_private, remember_local};
use crate::context::Context;
use crate::failure::{Compiled, Piece};
use crate::interrupt;
use record::{Reader, Record, Writer};
use restoring::Restoring;
use saving::{KeptLocal, Saving};

/// Remembers what the library is, before anything of the user's is there.
///
/// # Errors
///
/// When there is no memory left.
pub(crate) fn remember_library(lua: &Lua) -> mlua::Result<()> {
    // SAFETY: the closure owns nothing.
    unsafe { lua.exec_raw((), |state| library::remember(state)) }
}

/// Writes what the user has.
pub(crate) fn save(
    lua: &Lua,
    context: &Context,
    memory_limit: Option<usize>,
    to: &mut dyn Write,
    go_on: &mut dyn FnMut() -> bool,
) -> Result<Saved, SaveError> {
    let locals = context
        .kept
        .borrow()
        .all()
        .map(|(name, local)| {
            let kept = KeptLocal {
                upvalue: local.upvalue,
                is_constant: local.is_constant,
            };
            (name.to_owned(), kept)
        })
        .collect();
    let mut saving = Saving::new(Writer::new(to), go_on, locals);
    let ran = {
        let _quiet = Quiet::new(lua, memory_limit);
        // SAFETY: what is owned lives outside of the closure.
        unsafe { lua.exec_raw::<()>((), |state| saving.run(state)) }
    };
    ran.map_err(|error| saving::of_lua(&error))?;
    if saving.stopped {
        return Err(SaveError::Stopped);
    }
    save_sources(context, &mut saving.writer);
    let variables = saving.variables;
    saving.writer.put(&Record::End { variables });
    let saved = Saved {
        variables,
        objects: saving.objects(),
        losses: std::mem::take(&mut saving.losses),
    };
    saving.writer.finish()?;
    Ok(saved)
}

/// Saves what earlier cells said, for excerpts and help.
fn save_sources(context: &Context, writer: &mut Writer<'_>) {
    let sources = context.sources.borrow();
    // Who wanted a cell to be forgotten wants it here too.
    let cells = sources.all().filter(|(_, code, _)| !is_private(code));
    for (name, code, compiled) in cells {
        let pieces = compiled.map_or(&[][..], |compiled| &compiled.pieces);
        writer.put(&Record::Source {
            name,
            code,
            compiled: compiled.map(|compiled| compiled.text.as_str()),
            pieces: pieces.len() as u32,
        });
        for piece in pieces {
            writer.put(&[piece.compiled, piece.code, piece.length].map(|number| number as u64));
        }
    }
}

/// Gives the user what [`save`] has written.
pub(crate) fn restore(
    lua: &Lua,
    context: &Context,
    state: &[u8],
    go_on: &mut dyn FnMut() -> bool,
) -> Result<Restored, RestoreError> {
    let mut losses = Losses::default();
    require_modules(lua, context, state, &mut losses)?;
    let mut restoring = Restoring::new(state, go_on);
    let quiet = Quiet::new(lua, None);
    // SAFETY: what is owned lives outside of the closure.
    let closures = unsafe { lua.exec_raw::<MultiValue>((), |state| restoring.run(state)) };
    let closures = closures.map_err(|error| restoring::of_lua(&error))?;
    if let Some(failure) = restoring.failure {
        return Err(failure);
    }
    if let Some(mlua::Value::Table(closures)) = closures.front() {
        let pairs = restoring.locals.iter().zip(closures.sequence_values());
        for ((name, is_constant), closure) in pairs {
            closure
                .and_then(|closure: Function| {
                    remember_local(lua, context, name, closure, *is_constant)
                })
                .map_err(|error| restoring::of_lua(&error))?;
        }
    }
    drop(quiet);
    restore_sources(context, state);
    for loss in restoring.losses.named {
        losses.add(|| loss);
    }
    Ok(Restored {
        variables: restoring.variables,
        losses,
    })
}

/// Requires the modules of C that were there, as the user's own cell did.
fn require_modules(
    lua: &Lua,
    context: &Context,
    state: &[u8],
    losses: &mut Losses,
) -> Result<(), RestoreError> {
    for module in restoring::modules(state) {
        let required = lua
            .globals()
            .raw_get::<Function>("require")
            .and_then(|require| Ok((require, lua.create_string(module)?)));
        let (require, name) = required.map_err(|error| restoring::of_lua(&error))?;
        let running = interrupt::begin(context, lua.state());
        let called = cell::call_within(lua, &require, name);
        let is_unwinding = interrupt::unwinding().is_some();
        drop(running);
        if is_unwinding {
            return Err(RestoreError::Stopped);
        }
        let what = match called {
            Ok(_) => continue,
            Err(CallError::Raised(error)) => {
                let text = error.as_string().map(|text| text.to_string_lossy());
                let text = text.unwrap_or_else(|| "it could not be required".to_owned());
                text.lines().next().unwrap_or_default().to_owned()
            }
            Err(CallError::Memory) => return Err(RestoreError::Memory),
            Err(CallError::Syntax(message)) => message,
        };
        losses.add(|| Loss {
            path: format!("require('{}')", String::from_utf8_lossy(module)),
            what,
        });
    }
    Ok(())
}

/// Remembers what the cells said that the functions are of.
fn restore_sources(context: &Context, state: &[u8]) {
    let mut sources = context.sources.borrow_mut();
    let mut reader = Reader::new(state);
    while let Some(record) = reader.take::<Record<'_>>() {
        let Record::Source {
            name,
            code,
            compiled,
            pieces,
        } = record
        else {
            if restoring::skip(&mut reader, &record).is_none() {
                return;
            }
            continue;
        };
        let pieces = (0..pieces)
            .map_while(|_| reader.take::<[u64; 3]>())
            .map(|[compiled, code, length]| Piece {
                compiled: compiled as usize,
                code: code as usize,
                length: length as usize,
            })
            .collect();
        sources.remember(name, code);
        if let Some(text) = compiled {
            let text = text.to_owned();
            sources.remember_compiled(name, Compiled { text, pieces });
        }
    }
}

/// While it lives no code of the user's runs by itself: nothing is collected, and no hook is called.
struct Quiet<'a> {
    lua: &'a Lua,
    collects: bool,
    hook: (Option<ffi::lua_Hook>, c_int, c_int),
    memory_limit: Option<usize>,
}

impl<'a> Quiet<'a> {
    /// Lifts the limit that there is, so that a session which has reached it can be saved.
    fn new(lua: &'a Lua, memory_limit: Option<usize>) -> Self {
        let collects = lua.gc_is_running();
        lua.gc_stop();
        if memory_limit.is_some() {
            // The allocator is mlua's own, so there is a limit to lift.
            let _ = lua.set_memory_limit(0);
        }
        let state = lua.state();
        // SAFETY: the state is this thread's, and nothing runs on it.
        let hook = unsafe {
            let hook = (
                ffi::lua_gethook(state),
                ffi::lua_gethookmask(state),
                ffi::lua_gethookcount(state),
            );
            ffi::lua_sethook(state, None, 0, 0);
            hook
        };
        Self {
            lua,
            collects,
            hook,
            memory_limit,
        }
    }
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        let (hook, mask, count) = self.hook;
        // SAFETY: as in `new`.
        unsafe { ffi::lua_sethook(self.lua.state(), hook, mask, count) };
        if let Some(limit) = self.memory_limit {
            let _ = self.lua.set_memory_limit(limit);
        }
        if self.collects {
            self.lua.gc_restart();
        }
    }
}
