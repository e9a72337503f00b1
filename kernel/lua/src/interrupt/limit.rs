//! Code that a debugger runs, which is ended by itself when it takes too long or is interrupted, while
//! its cell goes on.
//!
//! The watchdog kicks as it does for an interrupt, and the error is the same uncatchable one; behind
//! the call that it has ended it is as if it had never been.

use std::time::Duration;

use mlua::ffi;

use super::run::{self, Unwinding};
use crate::context::Context;

/// What ends work before it ends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    /// Taking longer than this. An interrupt ends the whole cell.
    Time(Duration),
    /// An interrupt, which has done its work then and ends no more than this.
    Interrupt,
}

/// How work ended that Lua code has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// By itself.
    Itself,
    /// It took too long.
    TooLong,
    /// By an interrupt, which is over.
    Interrupted,
    /// Its whole cell ends.
    Unwinding,
}

/// Does work that calls the user's code on the running state by a protected call, until `limit`.
pub(crate) fn limited<T>(context: &Context, limit: Limit, work: impl FnOnce() -> T) -> (T, Ended) {
    if super::is_unwinding() {
        return (work(), Ended::Unwinding);
    }
    let running = run::running();
    let hook = running.map(|state| {
        // SAFETY: the state runs on this thread.
        unsafe {
            (
                ffi::lua_gethook(state),
                ffi::lua_gethookmask(state),
                ffi::lua_gethookcount(state),
            )
        }
    });
    let stacks = context.stacks.take();
    let lost_stacks = context.lost_stacks.take();
    let replaced = context.replaced.take();
    if let Limit::Time(time) = limit {
        context.watchdog.limit(time);
    }
    let done = work();
    let was_ended = super::unwinding() == Some(Unwinding::Interrupt);
    if limit == Limit::Interrupt && was_ended {
        context.interrupt.clear();
    }
    context.watchdog.lift_limit(&context.interrupt);
    let ended = match super::unwinding() {
        Some(Unwinding::Interrupt) if !context.interrupt.is_raised() => match limit {
            Limit::Time(_) => Ended::TooLong,
            Limit::Interrupt => Ended::Interrupted,
        },
        Some(_) => return (done, Ended::Unwinding),
        None => Ended::Itself,
    };
    if !context.interrupt.is_raised() {
        run::forget_unwinding();
        if let (Some(state), Some((hook, mask, count))) = (running, hook) {
            // SAFETY: as before.
            unsafe { ffi::lua_sethook(state, hook, mask, count) };
        }
    }
    context.stacks.replace(stacks);
    context.lost_stacks.replace(lost_stacks);
    context.replaced.replace(replaced);
    (done, ended)
}
