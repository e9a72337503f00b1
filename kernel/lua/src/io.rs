//! `print` and what else writes and reads.

mod print;

use mlua::ffi;

use crate::context::Context;

/// Replaces what reads and writes.
///
/// # Safety
///
/// May raise Lua errors.
pub(crate) unsafe fn install(state: *mut ffi::lua_State, context: &Context) {
    // SAFETY: passed on.
    unsafe {
        print::install(state, context);
    }
}
