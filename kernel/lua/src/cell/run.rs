use std::ffi::{CString, c_int};

use mlua::{IntoLuaMulti, Lua, MultiValue, Value, ffi};

use super::kept::{Kept, push_closure, push_keep, upvalue_name};
use super::prepare::prepare;
use crate::context::Context;
use crate::debug::{self, Catcher};
use crate::failure::{Piece, Replaced, capture_one, raised_text, remember_locals};
use crate::interrupt;
use crate::magic::{Copied, Reading, push_function as push_magics};
use crate::syntax::Outline;

/// What a cell's last statement gave.
#[derive(Debug, Default)]
pub(crate) struct Values {
    pub(crate) values: Vec<Value>,
    /// Whether the user does not want to see them.
    pub(crate) is_silenced: bool,
    /// Whether they are of a call, which may have been made for what it does.
    pub(crate) is_call: bool,
}

/// Why Lua code did not run to its end.
#[derive(Debug)]
pub(crate) enum CallError {
    /// It does not compile.
    Syntax(String),
    /// There was no memory left.
    Memory,
    /// It raised this value.
    Raised(Value),
}

/// Runs a cell's code. Whether it was interrupted, the caller has to look.
pub(crate) fn run(
    lua: &Lua,
    context: &Context,
    name: &str,
    reading: &Reading<'_>,
    arguments: &[String],
) -> Result<Values, CallError> {
    let code = &*reading.lua;
    let prepared = prepare(code, reading.function.as_deref(), &context.kept.borrow());
    let Some(prepared) = prepared else {
        compile_without_outline(lua, name, code)?;
        // Lua understands what the outline does not: it runs, and neither its locals nor its
        // value are known.
        tracing::warn!(cell = name, "valid code has no outline");
        let function = lua.load(code).set_name(format!("={name}")).into_function();
        let function = function.map_err(|error| CallError::Syntax(error.to_string()))?;
        call(lua, context, function, strings(lua, arguments)?)?;
        return Ok(Values::default());
    };
    let function = interrupt::without_users_hook(|| {
        compile(lua, name, &prepared.alone)?;
        make_function(lua, context, name, &prepared.chunk.text)
    })?;
    let mut chunk = prepared.chunk;
    if let Some(copies) = &reading.copies {
        chunk.pieces = of_code(&chunk.pieces, copies);
    }
    context.sources.borrow_mut().remember_compiled(name, chunk);
    let mut values = call(lua, context, function, strings(lua, arguments)?)?;
    // Values without the mark are of a `return` inside of a block.
    let marked = values.first().is_some_and(|first| is_keep(lua, first));
    if marked {
        values.remove(0);
    }
    Ok(Values {
        values,
        is_silenced: marked && prepared.is_silenced,
        is_call: marked && prepared.is_call,
    })
}

/// Pieces of the Lua that a cell became, as pieces of the user's code.
fn of_code(pieces: &[Piece], copies: &[Copied]) -> Vec<Piece> {
    let mut found = Vec::new();
    let mut copies = copies.iter().peekable();
    for piece in pieces {
        let end = piece.code + piece.length;
        while let Some(copy) = copies.peek() {
            let from = piece.code.max(copy.lua);
            let to = end.min(copy.lua + copy.length);
            if from < to {
                found.push(Piece {
                    compiled: piece.compiled + from - piece.code,
                    code: copy.code + from - copy.lua,
                    length: to - from,
                });
            }
            if copy.lua + copy.length > end {
                break;
            }
            copies.next();
        }
    }
    found
}

fn strings(lua: &Lua, arguments: &[String]) -> Result<MultiValue, CallError> {
    let strings = arguments
        .iter()
        .map(|argument| lua.create_string(argument).map(Value::String));
    strings
        .collect::<Result<_, _>>()
        .map_err(|_| CallError::Memory)
}

fn is_keep(lua: &Lua, value: &Value) -> bool {
    let keep = lua.named_registry_value::<Value>("perilune.keep");
    keep.is_ok_and(|keep| keep.to_pointer() == value.to_pointer() && !value.to_pointer().is_null())
}

/// Compiles a cell and forgets its function.
pub(crate) fn compile_cell(lua: &Lua, name: &str, code: &str) -> Result<(), CallError> {
    match prepare(code, None, &Kept::default()) {
        Some(prepared) => compile(lua, name, &prepared.alone),
        None => compile_without_outline(lua, name, code),
    }
}

/// What Lua says of code whose structure is not recognised.
///
/// If its end is missing it may be missing from an expression, which by itself is no statement.
fn compile_without_outline(lua: &Lua, name: &str, code: &str) -> Result<(), CallError> {
    let Err(error) = compile(lua, name, code) else {
        return Ok(());
    };
    if let Some(start) = Outline::stuck_at(code) {
        let as_expression = format!("{}return {}", &code[..start], &code[start..]);
        if let Err(CallError::Syntax(message)) = compile(lua, name, &as_expression)
            && message.ends_with("<eof>")
        {
            return Err(CallError::Syntax(message));
        }
    }
    Err(error)
}

/// Compiles text and forgets the function.
fn compile(lua: &Lua, name: &str, code: &str) -> Result<(), CallError> {
    // SAFETY: the closure owns nothing and leaves what `load` pushes.
    let error: Value = unsafe {
        let name = chunk_name(name);
        lua.exec_raw((), |state| {
            if load(state, &name, code) == ffi::LUA_OK {
                ffi::lua_settop(state, 0);
            }
        })
    }
    .map_err(|_| CallError::Memory)?;
    match error {
        Value::Nil => Ok(()),
        Value::String(message) if message.as_bytes() == b"not enough memory" => {
            Err(CallError::Memory)
        }
        error => Err(CallError::Syntax(text(&error))),
    }
}

/// Compiles text.
pub(crate) fn compile_text(lua: &Lua, name: &str, code: &str) -> Result<mlua::Function, CallError> {
    let mut status = ffi::LUA_OK;
    // SAFETY: the closure owns nothing and leaves what `load` pushes.
    let made: Value = unsafe {
        let name = chunk_name(name);
        lua.exec_raw((), |state| status = load(state, &name, code))
    }
    .map_err(|_| CallError::Memory)?;
    match made {
        Value::Function(function) => Ok(function),
        _ if status == ffi::LUA_ERRMEM => Err(CallError::Memory),
        error => Err(CallError::Syntax(text(&error))),
    }
}

fn text(error: &Value) -> String {
    error
        .as_string()
        .map_or_else(String::new, |text| text.to_string_lossy())
}

fn chunk_name(name: &str) -> CString {
    // A NUL would end the name early.
    CString::new(format!("={}", name.replace('\0', "\u{fffd}"))).unwrap_or_default()
}

unsafe fn load(state: *mut ffi::lua_State, name: &CString, code: &str) -> c_int {
    // SAFETY: the buffer is read within its length. Binary chunks are refused.
    unsafe {
        let (bytes, length) = (code.as_ptr().cast(), code.len());
        ffi::luaL_loadbufferx(state, bytes, length, name.as_ptr(), c"t".as_ptr())
    }
}

/// The cell's function, sharing the locals of earlier cells that it mentions.
fn make_function(
    lua: &Lua,
    context: &Context,
    name: &str,
    chunk: &str,
) -> Result<mlua::Function, CallError> {
    let name = chunk_name(name);
    let kept = context.kept.borrow();
    // SAFETY: errors may jump out of the closure, which owns nothing. It leaves one value.
    let made: Value = unsafe {
        lua.exec_raw((), |state| {
            if load(state, &name, chunk) != ffi::LUA_OK {
                return;
            }
            push_keep(state);
            push_magics(state);
            ffi::lua_call(state, 2, 1);
            let function = ffi::lua_gettop(state);
            ffi::lua_checkstack(state, 4);
            let mut upvalue = 1;
            while let Some(name) = upvalue_name(state, function, upvalue) {
                if let Some(local) = kept.get(name) {
                    push_closure(state, name);
                    let closure = ffi::lua_gettop(state);
                    ffi::lua_upvaluejoin(state, function, upvalue, closure, local.upvalue);
                    ffi::lua_settop(state, function);
                }
                upvalue += 1;
            }
        })
    }
    .map_err(|_| CallError::Memory)?;
    match made {
        Value::Function(function) => Ok(function),
        error => Err(CallError::Syntax(text(&error))),
    }
}

/// Calls a function and remembers where an error was raised.
pub(crate) fn call(
    lua: &Lua,
    context: &Context,
    function: mlua::Function,
    arguments: MultiValue,
) -> Result<Vec<Value>, CallError> {
    loop {
        let results = call_once(lua, context, &function, &arguments);
        if !interrupt::takes_restart(context) {
            return results;
        }
    }
}

fn call_once(
    lua: &Lua,
    context: &Context,
    function: &mlua::Function,
    arguments: &MultiValue,
) -> Result<Vec<Value>, CallError> {
    context.entry.set(function.to_pointer());
    // SAFETY: this is the thread of the state, which is about to run.
    unsafe { debug::called(context, lua.state()) };
    let mut status = ffi::LUA_OK;
    let context: *const Context = context;
    // SAFETY: the closure owns nothing; the context outlives the call.
    let results: Result<MultiValue, _> = unsafe {
        lua.exec_raw((function, arguments.clone()), |state| {
            let arguments = ffi::lua_gettop(state) - 1;
            ffi::lua_pushlightuserdata(state, context.cast_mut().cast());
            ffi::lua_pushcclosure(state, remember_place, 1);
            ffi::lua_insert(state, 1);
            status = ffi::lua_pcall(state, arguments, ffi::LUA_MULTRET, 1);
            ffi::lua_remove(state, 1);
        })
    };
    finish(lua, results, status)
}

/// Calls a function from within a cell's run, and remembers nothing of an error but its value.
pub(crate) fn call_within(
    lua: &Lua,
    function: &mlua::Function,
    arguments: impl IntoLuaMulti,
) -> Result<Vec<Value>, CallError> {
    let mut status = ffi::LUA_OK;
    let arguments = arguments
        .into_lua_multi(lua)
        .map_err(|_| CallError::Memory)?;
    // SAFETY: the closure owns nothing.
    let results: Result<MultiValue, _> = unsafe {
        lua.exec_raw((function, arguments), |state| {
            let arguments = ffi::lua_gettop(state) - 1;
            status = ffi::lua_pcall(state, arguments, ffi::LUA_MULTRET, 0);
        })
    };
    finish(lua, results, status)
}

fn finish(
    lua: &Lua,
    results: mlua::Result<MultiValue>,
    status: c_int,
) -> Result<Vec<Value>, CallError> {
    let mut results = results
        .map_err(|error| raised_around(lua, error))?
        .into_vec();
    match status {
        ffi::LUA_OK => Ok(results),
        ffi::LUA_ERRMEM => Err(CallError::Memory),
        _ => Err(CallError::Raised(results.pop().unwrap_or(Value::Nil))),
    }
}

/// Why a call did not come to be, or its results did not come back: where it was not memory, a hook
/// of the user's has failed on the way, and is removed as [`interrupt::remove_failed_hook`] does.
fn raised_around(lua: &Lua, error: mlua::Error) -> CallError {
    let mlua::Error::RuntimeError(message) = error else {
        return CallError::Memory;
    };
    interrupt::remove_users_hook();
    let message = lua.create_string(message);
    message.map_or(CallError::Memory, |message| {
        CallError::Raised(Value::String(message))
    })
}

/// The message handler of cells.
unsafe extern "C-unwind" fn remember_place(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: the upvalue is the context; nothing here raises an error.
    unsafe {
        let context = Context::of(state);
        interrupt::remove_failed_hook(state);
        interrupt::report(|| {
            let text = context.raised.replace(raised_text(state));
            let stacks = context.stacks.take();
            if !stacks.is_empty() {
                // This one comes from a `__close` that the other one caused to be called.
                context.replaced.replace(Some(Replaced { text, stacks }));
            }
            let mut stacks = context.lost_stacks.take();
            // Without the handler itself.
            if stacks.is_empty() {
                remember_locals(state, state, 1);
            }
            stacks.push(capture_one(state, 1));
            context.stacks.replace(stacks);
        });
        ffi::lua_settop(state, 1);
        debug::raised(state, 1, Catcher::Nobody);
    }
    1
}
