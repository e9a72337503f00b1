//! `coroutine.resume`, `wrap` and `close`, which the hook follows and uncatchable errors pass.
//!
//! As in Lua's own lcorolib.c. Nothing here holds Rust values that want to be dropped, so errors
//! may jump over these frames.

use std::ffi::{CStr, c_char, c_int};

use mlua::ffi;

use super::protected::pass_on;
use super::{report, run};
use crate::context::Context;
use crate::debug::{self, Catcher};
use crate::failure::{capture_one, died, remember_locals};
use crate::native;

unsafe extern "C-unwind" {
    // Part of Lua's API, and missing in the bindings.
    fn luaL_typeerror(
        state: *mut ffi::lua_State,
        argument: c_int,
        expected: *const c_char,
    ) -> c_int;
}

/// Replaces the functions in `coroutine`.
pub(super) unsafe fn install(state: *mut ffi::lua_State, context: &Context) {
    // SAFETY: the standard library is there; the stack is as it was afterwards.
    unsafe {
        ffi::lua_getglobal(state, c"coroutine".as_ptr());
        for (name, function) in [
            (c"resume", resume as ffi::lua_CFunction),
            (c"wrap", wrap),
            (c"close", close),
        ] {
            let name: &CStr = name;
            native::push(state, context, function);
            ffi::lua_setfield(state, -2, name.as_ptr());
        }
        ffi::lua_settop(state, -2);
    }
}

unsafe fn coroutine(state: *mut ffi::lua_State) -> *mut ffi::lua_State {
    // SAFETY: `luaL_typeerror` does not return.
    unsafe {
        let coroutine = ffi::lua_tothread(state, 1);
        if coroutine.is_null() {
            luaL_typeerror(state, 1, c"coroutine".as_ptr());
        }
        coroutine
    }
}

/// The results' number, or nothing if there is an error, which is on top then.
#[inline]
unsafe fn resume_with(
    state: *mut ffi::lua_State,
    coroutine: *mut ffi::lua_State,
    arguments: c_int,
) -> Option<c_int> {
    // SAFETY: a transcription of `auxresume`.
    unsafe {
        if ffi::lua_checkstack(coroutine, arguments) == 0 {
            ffi::lua_pushstring(state, c"too many arguments to resume".as_ptr());
            return None;
        }
        ffi::lua_xmove(state, coroutine, arguments);
        let mut results = 0;
        let status = run::resume(coroutine, state, arguments, &mut results);
        if status == ffi::LUA_OK || status == ffi::LUA_YIELD {
            if ffi::lua_checkstack(state, results + 1) == 0 {
                ffi::lua_settop(coroutine, -results - 1);
                ffi::lua_pushstring(state, c"too many results to resume".as_ptr());
                return None;
            }
            ffi::lua_xmove(coroutine, state, results);
            Some(results)
        } else {
            ffi::lua_xmove(coroutine, state, 1);
            None
        }
    }
}

pub(super) unsafe extern "C-unwind" fn resume(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: a transcription of `luaB_coresume`.
    unsafe {
        let coroutine = coroutine(state);
        let arguments = ffi::lua_gettop(state) - 1;
        match resume_with(state, coroutine, arguments) {
            Some(results) => {
                ffi::lua_pushboolean(state, 1);
                ffi::lua_insert(state, -(results + 1));
                results + 1
            }
            None => {
                pass_on(state);
                report(|| died(state, coroutine));
                debug::died(state, coroutine, Catcher::Call);
                run::forget_lost_stacks();
                ffi::lua_pushboolean(state, 0);
                ffi::lua_insert(state, -2);
                2
            }
        }
    }
}

unsafe extern "C-unwind" fn wrap(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: a transcription of `luaB_cowrap`, with the context as one more upvalue.
    unsafe {
        ffi::luaL_checktype(state, 1, ffi::LUA_TFUNCTION);
        ffi::lua_pushvalue(state, ffi::lua_upvalueindex(1));
        let coroutine = ffi::lua_newthread(state);
        ffi::lua_pushvalue(state, 1);
        ffi::lua_xmove(state, coroutine, 1);
        ffi::lua_pushcclosure(state, resume_wrapped, 2);
        1
    }
}

unsafe extern "C-unwind" fn resume_wrapped(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: a transcription of `luaB_auxwrap`.
    unsafe {
        let coroutine = ffi::lua_tothread(state, ffi::lua_upvalueindex(2));
        let arguments = ffi::lua_gettop(state);
        if let Some(results) = resume_with(state, coroutine, arguments) {
            return results;
        }
        pass_on(state);
        debug::died(state, coroutine, Catcher::Outside);
        let mut status = ffi::lua_status(coroutine);
        if status != ffi::LUA_OK && status != ffi::LUA_YIELD {
            save_stack(state, coroutine);
            status = run::close(coroutine, state);
            ffi::lua_xmove(coroutine, state, 1);
            pass_on(state);
        }
        if status != ffi::LUA_ERRMEM && ffi::lua_type(state, -1) == ffi::LUA_TSTRING {
            ffi::luaL_where(state, 1);
            ffi::lua_insert(state, -2);
            ffi::lua_concat(state, 2);
        }
        ffi::lua_error(state)
    }
}

/// Remembers where the error was raised, for closing the coroutine forgets it.
unsafe fn save_stack(state: *mut ffi::lua_State, coroutine: *mut ffi::lua_State) {
    // SAFETY: the first upvalue is the context; capturing raises no error.
    unsafe {
        report(|| {
            let context = Context::of(state);
            if context.lost_stacks.borrow().is_empty() {
                remember_locals(state, coroutine, 0);
            }
            let stack = capture_one(coroutine, 0);
            context.lost_stacks.borrow_mut().push(stack);
        });
    }
}

unsafe extern "C-unwind" fn close(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: a transcription of `luaB_close`.
    unsafe {
        let coroutine = coroutine(state);
        if let Some(what) = unclosable(state, coroutine) {
            return ffi::luaL_error(
                state,
                c"cannot close a %s coroutine".as_ptr(),
                what.as_ptr().cast::<c_char>(),
            );
        }
        if run::close(coroutine, state) == ffi::LUA_OK {
            ffi::lua_pushboolean(state, 1);
            return 1;
        }
        pass_on(state);
        ffi::lua_pushboolean(state, 0);
        ffi::lua_xmove(coroutine, state, 1);
        2
    }
}

/// What keeps the coroutine from being closed.
unsafe fn unclosable(
    state: *mut ffi::lua_State,
    coroutine: *mut ffi::lua_State,
) -> Option<&'static CStr> {
    // SAFETY: both states are live; the debug record is only written.
    unsafe {
        if state == coroutine {
            return Some(c"running");
        }
        let mut record = std::mem::zeroed::<ffi::lua_Debug>();
        let suspended_at_start_or_dead = ffi::lua_getstack(coroutine, 0, &mut record) == 0;
        let is_normal = ffi::lua_status(coroutine) == ffi::LUA_OK && !suspended_at_start_or_dead;
        is_normal.then_some(c"normal")
    }
}
