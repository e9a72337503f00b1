//! Breakpoints on errors.
//!
//! They need no hook: the message handlers of protected calls are asked where an error is raised,
//! and `coroutine.resume` and `wrap` when one has ended their coroutine, whose stack is still
//! there. Memory errors ask nobody.

use std::ffi::{CStr, c_int};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::Arc;

use mlua::ffi;
use perilune_language::debug::{Raised, Reason, Resume};

use super::layout::Frame;
use super::stop::Why;
use super::tracer::{Tracer, hot};
use super::{At, condition, preview_of_error};
use crate::context::Context;
use crate::interrupt::{self, Unwinding};

/// Its address is the registry's key of the function that makes message handlers.
static MAKER: u8 = 0;

/// A message handler that asks first, and leaves the rest to the user's own, in its place.
const HANDLER: &CStr = c"local ask, handle = ... return function(e) ask(e) return handle(e) end";

/// Who is going to catch an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Catcher {
    /// A protected call.
    Call,
    /// The kernel: it ends the cell.
    Nobody,
    /// Whoever protects what goes on where the coroutine has died.
    Outside,
}

/// Makes what `xpcall` asks by.
///
/// # Safety
///
/// May raise Lua errors.
pub(super) unsafe fn install(state: *mut ffi::lua_State) {
    // SAFETY: the stack is as it was afterwards.
    unsafe {
        let (code, length) = (HANDLER.as_ptr(), HANDLER.to_bytes().len());
        let name = c"=perilune.xpcall".as_ptr();
        if ffi::luaL_loadbufferx(state, code, length, name, ptr::null()) != ffi::LUA_OK {
            ffi::lua_error(state);
        }
        ffi::lua_rawsetp(state, ffi::LUA_REGISTRYINDEX, (&raw const MAKER).cast());
    }
}

/// Whether errors stop code.
#[inline]
fn watching<'a>() -> Option<&'a Context> {
    hot(|hot| hot.context().filter(|_| !hot.quiet.get()))
        .filter(|context| context.tracer.watches_errors.get())
}

/// An error was raised: `level` is where, in a message handler that has it on top of the stack.
///
/// # Safety
///
/// As `lua_error`: an interrupt while code is stopped ends the cell.
pub(crate) unsafe fn raised(state: *mut ffi::lua_State, level: c_int, catcher: Catcher) {
    if watching().is_some() {
        // SAFETY: passed on.
        unsafe { consider(state, state, level, catcher) };
    }
}

/// An error, on top of the stack of `state`, has ended a coroutine that it had resumed.
///
/// # Safety
///
/// As [`raised`].
pub(crate) unsafe fn died(
    state: *mut ffi::lua_State,
    coroutine: *mut ffi::lua_State,
    catcher: Catcher,
) {
    if watching().is_some() {
        // SAFETY: passed on.
        unsafe { consider(state, coroutine, 0, catcher) };
    }
}

#[cold]
unsafe fn consider(
    running: *mut ffi::lua_State,
    stopped: *mut ffi::lua_State,
    level: c_int,
    catcher: Catcher,
) {
    // SAFETY: passed on. When the cell is ended nothing that wants to be dropped is left.
    unsafe {
        let look = || {
            watching().and_then(|context| {
                context
                    .tracer
                    .error_raised(context, running, stopped, level, catcher)
            })
        };
        let end = catch_unwind(AssertUnwindSafe(look)).unwrap_or_else(|_| {
            tracing::error!("the debugger panicked");
            None
        });
        if let Some(unwinding) = end {
            interrupt::unwind(running, unwinding);
        }
    }
}

impl Tracer {
    unsafe fn error_raised(
        &self,
        context: &Context,
        running: *mut ffi::lua_State,
        stopped: *mut ffi::lua_State,
        level: c_int,
        catcher: Catcher,
    ) -> Option<Unwinding> {
        // One that goes on from a coroutine has been considered there.
        let is_known = self.considered.replace(catcher == Catcher::Outside);
        if is_known {
            return None;
        }
        // SAFETY: passed on.
        unsafe {
            let is_caught = match catcher {
                Catcher::Call => true,
                Catcher::Nobody => false,
                Catcher::Outside => is_protected(running),
            };
            let wishes = Arc::clone(&self.wishes.borrow());
            let wished = if is_caught {
                &wishes.exceptions.caught
            } else {
                &wishes.exceptions.uncaught
            };
            let expression = wished.as_ref()?.as_deref();
            let at = |raised| At {
                running,
                stopped,
                level,
                raised,
            };
            if let Some(expression) = expression
                && !self
                    .quietly(|| condition(context, &at(None), expression, true))
                    .unwrap_or(true)
            {
                return interrupt::unwinding();
            }
            let raised = self.quietly(|| describe(context, &at(None), is_caught));
            let why = Why {
                reason: Some(Reason::Exception),
                text: raised.as_ref().map(|raised| raised.message.clone()),
                ..Why::default()
            };
            let resume = self.stop(context, at(raised), why);
            if let Resume::Step(step) = resume {
                let frame = self.users_frame(context, running);
                self.begin_step(context, running, frame, step);
            }
            self.go_on(context, running, Frame::innermost(running));
            match resume {
                Resume::Interrupt => Some(interrupt::unwinding().unwrap_or(Unwinding::Interrupt)),
                Resume::RestartFrame(_) => {
                    Some(interrupt::unwinding().unwrap_or(Unwinding::Restart))
                }
                _ => interrupt::unwinding(),
            }
        }
    }

    /// The innermost call of a function of the user's.
    unsafe fn users_frame(&self, context: &Context, state: *mut ffi::lua_State) -> Frame {
        // SAFETY: calls that have not returned.
        unsafe {
            let innermost = Frame::innermost(state);
            let mut frame = innermost;
            while !self.is_users(context, frame) {
                match frame.caller() {
                    Some(caller) => frame = caller,
                    None => return innermost,
                }
            }
            frame
        }
    }
}

/// Whether a protected call of Lua code's own is around what runs.
unsafe fn is_protected(state: *mut ffi::lua_State) -> bool {
    // SAFETY: the coroutines are live, and their calls have not returned; the record is filled
    // before it is read, and the function popped again.
    unsafe {
        // The coroutine that failed was resumed by `wrap`, which passes on.
        for state in interrupt::chain(state) {
            if ffi::lua_checkstack(state, 1) == 0 {
                return false;
            }
            let mut record = std::mem::zeroed::<ffi::lua_Debug>();
            let mut level = 0;
            while ffi::lua_getstack(state, level, &mut record) != 0 {
                ffi::lua_getinfo(state, c"f".as_ptr(), &mut record);
                let function = ffi::lua_tocfunction(state, -1);
                ffi::lua_settop(state, -2);
                if function.is_some_and(interrupt::catches) {
                    return true;
                }
                level += 1;
            }
        }
    }
    false
}

/// What is said of the error on top of the stack of `running`, which is left there.
unsafe fn describe(context: &Context, at: &At, is_caught: bool) -> Option<Raised> {
    let (running, stopped, level) = (at.running, at.stopped, at.level);
    // SAFETY: the stack is as it was afterwards, and errors end in the protected call.
    unsafe {
        if ffi::lua_checkstack(running, 6) == 0 {
            return None;
        }
        let top = ffi::lua_gettop(running);
        ffi::lua_pushcfunction(running, say);
        ffi::lua_pushvalue(running, top);
        ffi::lua_pushlightuserdata(running, stopped.cast());
        // What says it is the innermost call then.
        let level = level + c_int::from(running == stopped);
        ffi::lua_pushinteger(running, level.into());
        let said = ffi::lua_pcall(running, 3, 3, 0) == ffi::LUA_OK;
        let [name, message, traceback] = [1, 2, 3].map(|it| text(running, top + it));
        ffi::lua_settop(running, top);
        if !said {
            return None;
        }
        let name = name.unwrap_or_else(|| "RuntimeError".to_owned());
        let message = message.or_else(|| {
            let shown = preview_of_error(context, at.clone())?;
            // It may begin with the name that is told anyway.
            let rest = shown.strip_prefix(&name).map(str::trim_start);
            let rest = rest.filter(|rest| rest.starts_with('{'));
            Some(rest.unwrap_or(&shown).to_owned())
        });
        Some(Raised {
            name,
            message: message.unwrap_or_default(),
            traceback: traceback.unwrap_or_default(),
            is_caught,
        })
    }
}

/// Texts are shown up to here, in bytes.
const LONGEST: usize = 16 * 1024;

unsafe fn text(state: *mut ffi::lua_State, index: c_int) -> Option<String> {
    // SAFETY: the string stays on the stack while it is copied.
    unsafe {
        if ffi::lua_type(state, index) != ffi::LUA_TSTRING {
            return None;
        }
        let mut length = 0;
        let bytes = ffi::lua_tolstring(state, index, &mut length).cast::<u8>();
        let bytes = std::slice::from_raw_parts(bytes, length.min(LONGEST));
        Some(String::from_utf8_lossy(bytes).into_owned())
    }
}

/// `say(error, coroutine, level)`: its name and its message if it has them, and a traceback. Runs
/// no metamethods.
unsafe extern "C-unwind" fn say(state: *mut ffi::lua_State) -> c_int {
    const ERROR: c_int = 1;
    // SAFETY: called in protected mode, with these arguments; nothing here wants to be dropped.
    unsafe {
        let stopped: *mut ffi::lua_State = ffi::lua_touserdata(state, 2).cast();
        let level = ffi::lua_tointeger(state, 3) as c_int;
        ffi::lua_settop(state, 3);
        let is_table = ffi::lua_type(state, ERROR) == ffi::LUA_TTABLE;
        // Its name.
        ffi::lua_pushnil(state);
        if ffi::lua_getmetatable(state, ERROR) != 0 {
            ffi::lua_pushstring(state, c"__name".as_ptr());
            ffi::lua_rawget(state, -2);
            ffi::lua_replace(state, 4);
            ffi::lua_settop(state, 4);
        }
        if is_table && ffi::lua_type(state, 4) != ffi::LUA_TSTRING {
            ffi::lua_pushstring(state, c"code".as_ptr());
            ffi::lua_rawget(state, ERROR);
            ffi::lua_replace(state, 4);
        }
        // Its message.
        match ffi::lua_type(state, ERROR) {
            ffi::LUA_TSTRING => ffi::lua_pushvalue(state, ERROR),
            ffi::LUA_TNIL => {
                ffi::lua_pushstring(state, c"nil (the error has no value)".as_ptr());
            }
            ffi::LUA_TNUMBER => {
                ffi::lua_pushvalue(state, ERROR);
                ffi::lua_tolstring(state, -1, ptr::null_mut());
            }
            ffi::LUA_TTABLE => {
                ffi::lua_pushstring(state, c"message".as_ptr());
                ffi::lua_rawget(state, ERROR);
                if ffi::lua_rawlen(state, -1) == 0 {
                    ffi::lua_settop(state, 4);
                    ffi::lua_pushnil(state);
                }
            }
            _ => ffi::lua_pushnil(state),
        }
        ffi::luaL_traceback(state, stopped, ptr::null(), level);
        3
    }
}

/// Makes the handler at `handler`, which is the user's, ask first, if errors stop code.
///
/// # Safety
///
/// May raise a memory error; needs room for three values.
pub(crate) unsafe fn ask_first(state: *mut ffi::lua_State, handler: c_int) {
    if watching().is_none() {
        return;
    }
    // SAFETY: the stack is as it was but for the handler.
    unsafe {
        if ffi::lua_tocfunction(state, handler).is_some()
            && ffi::lua_getupvalue(state, handler, 1).is_null()
        {
            ffi::lua_pushvalue(state, handler);
            ffi::lua_pushcclosure(state, ask_and_handle, 1);
        } else {
            ffi::lua_rawgetp(state, ffi::LUA_REGISTRYINDEX, (&raw const MAKER).cast());
            ffi::lua_pushcclosure(state, ask, 0);
            ffi::lua_pushvalue(state, handler);
            ffi::lua_call(state, 2, 1);
        }
        ffi::lua_replace(state, handler);
    }
}

/// In the place of a handler that is a function of C, which sees the stack as if it were called.
unsafe extern "C-unwind" fn ask_and_handle(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: the upvalue is a function of C that has no upvalues.
    unsafe {
        raised(state, 1, Catcher::Call);
        match ffi::lua_tocfunction(state, ffi::lua_upvalueindex(1)) {
            Some(handle) => handle(state),
            None => 1,
        }
    }
}

unsafe extern "C-unwind" fn ask(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: called by the handler that was made, with the error.
    unsafe { raised(state, 2, Catcher::Call) };
    0
}
