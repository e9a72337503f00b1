//! `pcall`, `xpcall`, `load`, `loadfile` and `dofile`, which let uncatchable errors pass.
//!
//! As in Lua's own lbaselib.c, and yieldable like it. What is loaded is told to the debugger. Nothing
//! here holds Rust values that want to be dropped, so errors may jump over these frames.

use std::ffi::{CStr, c_int};
use std::ptr;

use mlua::ffi;

use super::coroutine::resume;
use super::{is_unwinding, report, run};
use crate::debug::{self, Catcher};
use crate::failure::caught;

/// Replaces the global functions.
pub(super) unsafe fn install(state: *mut ffi::lua_State) {
    // SAFETY: the standard library is there; the stack is as it was afterwards.
    unsafe {
        ffi::lua_pushcclosure(state, pcall, 0);
        ffi::lua_setglobal(state, c"pcall".as_ptr());
        ffi::lua_pushcclosure(state, xpcall, 0);
        ffi::lua_setglobal(state, c"xpcall".as_ptr());
        wrap_global(state, c"load", load);
        wrap_global(state, c"loadfile", load);
        ffi::lua_pushcclosure(state, dofile, 0);
        ffi::lua_setglobal(state, c"dofile".as_ptr());
    }
}

/// Replaces a global function by one that has it as its upvalue.
unsafe fn wrap_global(state: *mut ffi::lua_State, name: &CStr, by: ffi::lua_CFunction) {
    // SAFETY: as `install`.
    unsafe {
        ffi::lua_getglobal(state, name.as_ptr());
        ffi::lua_pushcclosure(state, by, 1);
        ffi::lua_setglobal(state, name.as_ptr());
    }
}

/// Continues to unwind if an uncatchable error was caught.
///
/// # Safety
///
/// As `lua_error`.
pub(super) unsafe fn pass_on(state: *mut ffi::lua_State) {
    if is_unwinding() {
        // SAFETY: passed on.
        unsafe { run::unwind_again(state) }
    }
}

/// `load(code, name)`, which catches errors of a function that gives the code, and `loadfile`.
unsafe extern "C-unwind" fn load(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: the upvalue is the function; the arguments stay where they are.
    unsafe {
        let arguments = ffi::lua_gettop(state);
        ffi::luaL_checkstack(state, arguments + 1, ptr::null());
        ffi::lua_pushvalue(state, ffi::lua_upvalueindex(1));
        for argument in 1..=arguments {
            ffi::lua_pushvalue(state, argument);
        }
        ffi::lua_call(state, arguments, ffi::LUA_MULTRET);
        pass_on(state);
        debug::loaded(state, arguments + 1, arguments > 1);
        ffi::lua_gettop(state) - arguments
    }
}

unsafe extern "C-unwind" fn dofile(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: a transcription of `luaB_dofile`.
    unsafe {
        let name = ffi::luaL_optstring(state, 1, ptr::null());
        ffi::lua_settop(state, 1);
        if ffi::luaL_loadfile(state, name) != ffi::LUA_OK {
            ffi::lua_error(state);
        }
        debug::loaded(state, 2, false);
        ffi::lua_callk(state, 0, ffi::LUA_MULTRET, 0, Some(did_file));
        did_file(state, 0, 0)
    }
}

unsafe extern "C-unwind" fn did_file(
    state: *mut ffi::lua_State,
    _: c_int,
    _: ffi::lua_KContext,
) -> c_int {
    // SAFETY: a transcription of `dofilecont`.
    unsafe { ffi::lua_gettop(state) - 1 }
}

/// Whether a function of C catches errors.
pub(crate) fn catches(function: ffi::lua_CFunction) -> bool {
    [pcall as ffi::lua_CFunction, xpcall, resume]
        .into_iter()
        .any(|catches| ptr::fn_addr_eq(catches, function))
}

unsafe extern "C-unwind" fn pcall(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: a transcription of `luaB_pcall`, with a message handler.
    unsafe {
        ffi::luaL_checkany(state, 1);
        ffi::lua_pushcclosure(state, remember_caught, 0);
        ffi::lua_insert(state, 1);
        ffi::lua_pushboolean(state, 1);
        ffi::lua_insert(state, 2);
        let arguments = ffi::lua_gettop(state) - 3;
        let status = ffi::lua_pcallk(state, arguments, ffi::LUA_MULTRET, 1, 1, Some(finish));
        finish(state, status, 1)
    }
}

/// The message handler of `pcall`, which leaves the error as it is.
unsafe extern "C-unwind" fn remember_caught(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: a message handler has the error as its argument, and what is called raises none.
    unsafe {
        ffi::lua_settop(state, 1);
        report(|| caught(state));
        debug::raised(state, 1, Catcher::Call);
    }
    1
}

unsafe extern "C-unwind" fn xpcall(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: a transcription of `luaB_xpcall`.
    unsafe {
        let arguments = ffi::lua_gettop(state) - 2;
        ffi::luaL_checktype(state, 2, ffi::LUA_TFUNCTION);
        debug::ask_first(state, 2);
        ffi::lua_pushboolean(state, 1);
        ffi::lua_pushvalue(state, 1);
        ffi::lua_rotate(state, 3, 2);
        let status = ffi::lua_pcallk(state, arguments, ffi::LUA_MULTRET, 2, 2, Some(finish));
        finish(state, status, 2)
    }
}

unsafe extern "C-unwind" fn finish(
    state: *mut ffi::lua_State,
    status: c_int,
    extra: ffi::lua_KContext,
) -> c_int {
    // SAFETY: a transcription of `finishpcall`, with one step more.
    unsafe {
        if status == ffi::LUA_OK || status == ffi::LUA_YIELD {
            return ffi::lua_gettop(state) - extra as c_int;
        }
        pass_on(state);
        run::forget_lost_stacks();
        ffi::lua_pushboolean(state, 0);
        ffi::lua_pushvalue(state, -2);
        2
    }
}
