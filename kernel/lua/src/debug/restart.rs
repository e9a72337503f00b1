//! A frame that begins once more.
//!
//! Lua keeps no function's arguments, so only what the kernel has called can be called again: the
//! function of a cell, or of a program. All that it has called ends, as at an interrupt.

use std::ffi::c_void;

use mlua::ffi;

use crate::context::Context;
use crate::failure::{caller_of, record_of};
use crate::interrupt;

/// Whether a call that has not returned can begin once more.
///
/// # Safety
///
/// `state` must be live and of this thread, and the call be one of it. Raises no Lua error.
pub(crate) unsafe fn can_restart(
    context: &Context,
    state: *mut ffi::lua_State,
    call: *const c_void,
) -> bool {
    if interrupt::main_of_running() != Some(state) {
        return false;
    }
    // SAFETY: calls that have not returned.
    unsafe {
        if function(state, call) != Some(context.entry.get()) {
            return false;
        }
        // What the function itself calls of itself is not the kernel's call.
        let mut outer = call;
        while let Some(caller) = caller_of(outer) {
            let mut record = record_of(caller);
            ffi::lua_getinfo(state, c"S".as_ptr(), &mut record);
            if *record.what.cast::<u8>() != b'C' {
                return false;
            }
            outer = caller;
        }
    }
    true
}

unsafe fn function(state: *mut ffi::lua_State, call: *const c_void) -> Option<*const c_void> {
    // SAFETY: the function is popped again.
    unsafe {
        if ffi::lua_checkstack(state, 1) == 0 {
            return None;
        }
        let mut record = record_of(call);
        ffi::lua_getinfo(state, c"f".as_ptr(), &mut record);
        let function = ffi::lua_topointer(state, -1);
        ffi::lua_settop(state, -2);
        Some(function)
    }
}
