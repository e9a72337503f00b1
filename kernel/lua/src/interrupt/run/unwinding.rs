//! The error that ends what runs, and that no Lua code can catch.

use std::sync::atomic::{Ordering, compiler_fence};

use mlua::ffi;

use super::{RELAXED, RUN, Run, remove_hook, report, set_hook};
use crate::context::Context;
use crate::failure::{capture, remember_locals};

/// Why the running cell ends, whatever protects it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unwinding {
    /// It was interrupted.
    Interrupt,
    /// It asked the process to exit with this code.
    Exit(i32),
    /// Somebody who debugs wants it to begin once more.
    Restart,
}

/// How many kicks of the watchdog `__close` metamethods may take to clean up: 100 ms.
pub(super) const PEACEFUL_KICKS: u32 = 20;

/// Does what the hook does.
///
/// # Safety
///
/// As [`unwind`].
pub(crate) unsafe fn unwind_again(state: *mut ffi::lua_State) -> ! {
    // SAFETY: passed on.
    unsafe { unwind(state, unwinding().unwrap_or(Unwinding::Interrupt)) }
}

/// Ends the running cell, by an error that no Lua code can catch.
///
/// # Safety
///
/// As `lua_error`: no frame between here and the protected call that catches it may hold a Rust
/// value that wants to be dropped.
pub(crate) unsafe fn unwind(state: *mut ffi::lua_State, unwinding: Unwinding) -> ! {
    // SAFETY: the state runs, so there is a context; the rest is as `lua_error`.
    unsafe {
        RUN.with(|run| begin_unwinding(run, state, unwinding));
        // Interned, and so the very string by which Lua knows its memory error.
        ffi::lua_pushstring(state, c"not enough memory".as_ptr());
        ffi::lua_error(state)
    }
}

unsafe fn begin_unwinding(run: &Run, state: *mut ffi::lua_State, unwinding: Unwinding) {
    let context = run.context.load(RELAXED);
    if !run.is_unwinding.load(RELAXED) && !run.current.load(RELAXED).is_null() {
        if let Unwinding::Exit(code) = unwinding {
            run.exit_code.store(code, RELAXED);
        }
        run.exits
            .store(matches!(unwinding, Unwinding::Exit(_)), RELAXED);
        run.restarts.store(unwinding == Unwinding::Restart, RELAXED);
        run.kicks.store(0, RELAXED);
        run.is_unwinding.store(true, RELAXED);
        // SAFETY: the context is valid while something runs.
        unsafe {
            report(|| {
                if unwinding == Unwinding::Interrupt {
                    remember_locals(state, state, 0);
                }
                (*context).stacks.replace(capture(state));
            });
            (*context).watchdog.arm();
        }
    }
    if run.kicks.load(RELAXED) <= PEACEFUL_KICKS {
        run.hooked.store(false, RELAXED);
        // SAFETY: `state` runs.
        unsafe { remove_hook(state) };
    }
}

/// Whether an uncatchable error is on its way up.
pub(crate) fn is_unwinding() -> bool {
    RUN.with(|run| run.is_unwinding.load(RELAXED))
}

/// Which uncatchable error is on its way up.
pub(crate) fn unwinding() -> Option<Unwinding> {
    RUN.with(|run| {
        run.is_unwinding.load(RELAXED).then(|| {
            if run.restarts.load(RELAXED) {
                Unwinding::Restart
            } else if run.exits.load(RELAXED) {
                Unwinding::Exit(run.exit_code.load(RELAXED))
            } else {
                Unwinding::Interrupt
            }
        })
    })
}

/// Whether what has ended shall begin once more; if so, nothing unwinds any more.
pub(crate) fn takes_restart(context: &Context) -> bool {
    let restarts = unwinding() == Some(Unwinding::Restart) && !context.interrupt.is_raised();
    if restarts {
        context.watchdog.disarm();
        RUN.with(|run| {
            run.is_unwinding.store(false, RELAXED);
            run.hooked.store(false, RELAXED);
            let state = run.current.load(RELAXED);
            if !state.is_null() {
                // SAFETY: the state is live and of this thread.
                unsafe { remove_hook(state) };
            }
        });
        context.stacks.take();
        context.lost_stacks.take();
    }
    restarts
}

/// An uncatchable error was caught all the same: it comes back at the next instruction.
pub(crate) fn insist() {
    RUN.with(|run| {
        let state = run.current.load(RELAXED);
        if run.is_unwinding.load(RELAXED) && !state.is_null() {
            run.hooked.store(true, RELAXED);
            run.was_hooked.store(true, RELAXED);
            // SAFETY: `state` runs on this thread.
            unsafe { set_hook(state) };
        }
    });
}

/// What was to end has ended, and nothing else shall.
pub(in crate::interrupt) fn forget_unwinding() {
    RUN.with(|run| {
        run.hooked.store(false, RELAXED);
        run.is_unwinding.store(false, RELAXED);
        run.kicks.store(0, RELAXED);
        compiler_fence(Ordering::SeqCst);
        let state = run.current.load(RELAXED);
        if !state.is_null() {
            // SAFETY: the state runs on this thread.
            unsafe { remove_hook(state) };
        }
    });
}
