//! Stopping what runs.
//!
//! Nothing is installed in the Lua state until somebody asks. Raising the kernel's
//! [`Interrupt`](perilune_language::Interrupt) sends `SIGURG` to Lua's own thread, whose handler
//! sets a hook on the coroutine that runs, as `lua` itself does on Ctrl-C. The hook raises an
//! error which no Lua code can catch: the protected calls that Lua code has are ours and pass it
//! on. It is raised as Lua's memory error, because that is the one error for which Lua asks no
//! message handler; what it really is, is noted beside it.
//!
//! After that the `__close` metamethods get a moment of peace to clean up in. Who takes longer,
//! or who caught the error in C, meets the hook again and then at every instruction.
//!
//! Some code runs with hooks disabled: `__gc` metamethods, and what a user's own hook calls. The
//! handler enables them; see [`hook_switch`].

mod closing;
mod coroutine;
mod hook_switch;
mod limit;
mod protected;
mod run;
mod watchdog;

pub(crate) use hook_switch::without_hooks;
pub(crate) use limit::{Ended, Limit, limited};
pub(crate) use protected::catches;
pub(crate) use run::{
    Running, Unwinding, begin, chain, hook_flag, insist, is_due, is_unwinding, main_of_running,
    remove_failed_hook, remove_users_hook, report, running, takes_restart, unwind, unwind_again,
    unwinding, without_users_hook,
};
pub(crate) use watchdog::Watchdog;

use mlua::ffi;

use crate::context::Context;

/// Prepares this thread and the state's library functions.
///
/// # Safety
///
/// `state` must be a fresh Lua state with its standard library, used on this thread only. May
/// raise Lua errors.
pub(crate) unsafe fn install(state: *mut ffi::lua_State, context: &Context) {
    run::listen();
    // SAFETY: passed on.
    unsafe {
        closing::install(state);
        hook_switch::find(state);
        protected::install(state);
        coroutine::install(state, context);
    }
}
