//! What reads and writes: `print`, `warn`, the standard files of `io`, and child processes.

mod children;
mod input;
mod popen;
mod print;
mod streams;

pub(crate) use children::{Children, Ended, output_of, pause, program, shell_with, wait};
pub(crate) use input::{ask, refusal};
pub(crate) use streams::{Streams, is_standard_file};

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
        streams::install(state, context);
        input::install(state, context);
        popen::install(state, context);
    }
}
