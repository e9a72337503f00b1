//! The end of a state, which no signal handler may touch once it is being freed.
//!
//! `lua_close` first calls the finalisers, the user's among them, which may loop and so must be
//! stoppable, and then frees everything, the state included. It calls them in the reverse order in
//! which they were set. So one of ours, set first, is the last that runs: behind it no Lua code
//! follows, and there is nothing left to stop.

use std::ffi::c_int;

use mlua::ffi;

use super::run;

/// Its address is the key under which the registry keeps the object that is finalised last.
static LAST: u8 = 0;

/// Sets the finaliser that runs last.
///
/// # Safety
///
/// `state` must be fresh: nothing with a finaliser of the user's may be in it. May raise Lua
/// errors.
pub(super) unsafe fn install(state: *mut ffi::lua_State) {
    // SAFETY: the caller vouches for the state; the stack is left as it was.
    unsafe {
        ffi::lua_newuserdatauv(state, 0, 0);
        ffi::lua_createtable(state, 0, 1);
        ffi::lua_pushcfunction(state, finalise);
        // The metatable has its `__gc` before it is set, or Lua would not notice it.
        ffi::lua_setfield(state, -2, c"__gc".as_ptr());
        ffi::lua_setmetatable(state, -2);
        ffi::lua_rawsetp(state, ffi::LUA_REGISTRYINDEX, (&raw const LAST).cast());
    }
}

unsafe extern "C-unwind" fn finalise(_: *mut ffi::lua_State) -> c_int {
    run::nothing_runs();
    0
}
