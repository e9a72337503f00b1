//! The `perilune` table, and what of `os` concerns the kernel.

use std::ffi::{CStr, c_int};
use std::time::{Duration, Instant};

use mlua::ffi;
use perilune_language::InputRequest;

use crate::context::Context;
use crate::interrupt::Unwinding;
use crate::io::{ask, pause, refusal};
use crate::json::ARRAY_MARK;
use crate::native::{self, Raise, Reply};

/// Makes the table, and replaces `os.exit`.
///
/// # Safety
///
/// May raise Lua errors.
pub(crate) unsafe fn install(state: *mut ffi::lua_State, context: &Context) {
    // SAFETY: the stack is as it was afterwards.
    unsafe {
        let top = ffi::lua_gettop(state);
        ffi::lua_createtable(state, 0, 8);
        for (name, function) in [
            (c"sleep", sleep as ffi::lua_CFunction),
            (c"input", input),
            (c"array", array),
        ] {
            native::push(state, context, function);
            ffi::lua_setfield(state, -2, name.as_ptr());
        }
        ffi::lua_pushlightuserdata(state, std::ptr::null_mut());
        ffi::lua_setfield(state, -2, c"null".as_ptr());
        ffi::lua_pushlstring(state, VERSION.as_ptr().cast(), VERSION.len());
        ffi::lua_setfield(state, -2, c"version".as_ptr());
        crate::require::publish(state, c"perilune");

        ffi::lua_createtable(state, 0, 1);
        ffi::lua_pushboolean(state, 1);
        ffi::lua_setfield(state, -2, ARRAY_MARK_C.as_ptr());
        ffi::lua_setfield(state, ffi::LUA_REGISTRYINDEX, c"perilune.array".as_ptr());

        ffi::lua_getglobal(state, c"os".as_ptr());
        native::push(state, context, exit);
        ffi::lua_setfield(state, -2, c"exit".as_ptr());
        ffi::lua_settop(state, top);
    }
}

const VERSION: &str = env!("CARGO_PKG_VERSION");
const ARRAY_MARK_C: &CStr = c"__array";
const _: () = assert!(ARRAY_MARK.len() == ARRAY_MARK_C.count_bytes());

/// `perilune.sleep(seconds)`
unsafe extern "C-unwind" fn sleep(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: the argument is read before the body runs.
    unsafe {
        let seconds = ffi::luaL_checknumber(state, 1);
        native::run(state, || {
            let context = Context::of(state);
            context.streams.flush();
            let time = Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX);
            let start = Instant::now();
            loop {
                let left = time.saturating_sub(start.elapsed());
                if pause(&context.interrupt, left) {
                    return Err(Raise::Unwind(Unwinding::Interrupt));
                }
                if left.is_zero() {
                    return Ok(Reply::Values(0));
                }
            }
        })
    }
}

/// `perilune.input([prompt [, {password = true}]])`: a line, or `nil` at the input's end.
unsafe extern "C-unwind" fn input(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: the prompt stays on the stack while it is borrowed.
    unsafe {
        let mut length = 0;
        let prompt = ffi::luaL_optlstring(state, 1, c"".as_ptr(), &mut length);
        let mut password = false;
        if ffi::lua_type(state, 2) == ffi::LUA_TTABLE {
            ffi::lua_getfield(state, 2, c"password".as_ptr());
            password = ffi::lua_toboolean(state, -1) != 0;
        }
        native::run(state, || {
            let prompt = std::slice::from_raw_parts(prompt.cast::<u8>(), length);
            let request = InputRequest {
                prompt: String::from_utf8_lossy(prompt).into_owned(),
                password,
            };
            match ask(Context::of(state), request) {
                Ok(answer) => Ok(Reply::Text(answer.into_bytes())),
                Err(error) => match refusal(error) {
                    Some(raise) => Err(raise),
                    None => {
                        ffi::lua_pushnil(state);
                        Ok(Reply::Values(1))
                    }
                },
            }
        })
    }
}

/// `perilune.array(table)`: marks a table as an array, also when it is empty.
unsafe extern "C-unwind" fn array(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: the argument's type is checked.
    unsafe {
        ffi::luaL_checktype(state, 1, ffi::LUA_TTABLE);
        ffi::lua_settop(state, 1);
        ffi::lua_getfield(state, ffi::LUA_REGISTRYINDEX, c"perilune.array".as_ptr());
        ffi::lua_setmetatable(state, 1);
        1
    }
}

/// `os.exit([code [, close]])`: ends the cell, and asks the kernel to end.
unsafe extern "C-unwind" fn exit(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: the argument is read before the body runs.
    unsafe {
        let code = if ffi::lua_type(state, 1) == ffi::LUA_TBOOLEAN {
            i64::from(ffi::lua_toboolean(state, 1) == 0)
        } else {
            ffi::luaL_optinteger(state, 1, 0)
        };
        // The system keeps eight bits of it, as it does for `lua`.
        let code = i32::from(code as u8);
        native::run(state, || Err(Raise::Unwind(Unwinding::Exit(code))))
    }
}
