//! What runs on this thread, and the hook that ends it.

mod resumption;
mod unwinding;
mod users_hook;

use std::ffi::c_int;
use std::marker::PhantomData;
use std::ptr;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, AtomicU32, Ordering, compiler_fence};

use mlua::ffi;
use nix::sys::signal::{
    SaFlags, SigAction, SigHandler, SigSet, SigmaskHow, Signal, pthread_sigmask, sigaction,
};

use super::hook_switch;
use crate::context::Context;
use crate::debug;

use resumption::Resumption;
use unwinding::PEACEFUL_KICKS;

pub(crate) use resumption::{chain, main_of_running};
pub(super) use resumption::{close, resume};
pub(super) use unwinding::forget_unwinding;
pub(crate) use unwinding::{
    Unwinding, insist, is_unwinding, takes_restart, unwind, unwind_again, unwinding,
};
pub(crate) use users_hook::{remove_failed_hook, remove_users_hook, without_users_hook};

/// What this thread's Lua state is doing. The signal handler reads and writes it, so it is made
/// of atomics; they are never touched by another thread.
struct Run {
    /// The coroutine that runs; null while none does.
    current: AtomicPtr<ffi::lua_State>,
    /// The context of the state that runs; valid while `current` is not null.
    context: AtomicPtr<Context>,
    /// Whether the coroutine that runs, and each that will, has the hook.
    hooked: AtomicBool,
    /// Whether any coroutine was given the hook since the cell began.
    was_hooked: AtomicBool,
    is_unwinding: AtomicBool,
    exit_code: AtomicI32,
    exits: AtomicBool,
    restarts: AtomicBool,
    /// How often the handler ran since unwinding began.
    kicks: AtomicU32,
    /// Whether the kernel's own code looks at the stack, which the hook must not disturb.
    reporting: AtomicBool,
    /// The innermost `coroutine.resume` that has not returned.
    resumption: AtomicPtr<Resumption>,
}

thread_local! {
    // Neither lazily made nor dropped, so that a signal handler may use it.
    static RUN: Run = const {
        Run {
            current: AtomicPtr::new(ptr::null_mut()),
            context: AtomicPtr::new(ptr::null_mut()),
            hooked: AtomicBool::new(false),
            was_hooked: AtomicBool::new(false),
            is_unwinding: AtomicBool::new(false),
            exit_code: AtomicI32::new(0),
            exits: AtomicBool::new(false),
            restarts: AtomicBool::new(false),
            kicks: AtomicU32::new(0),
            reporting: AtomicBool::new(false),
            resumption: AtomicPtr::new(ptr::null_mut()),
        }
    };
}

const RELAXED: Ordering = Ordering::Relaxed;

/// Makes the thread hear the signal that asks for the hook.
pub(super) fn listen() {
    static HANDLER: Once = Once::new();
    HANDLER.call_once(|| {
        // Without SA_RESTART, so that a blocking system call ends too. No other signal meanwhile:
        // the stack for signals has room for one frame and little more.
        let action = SigAction::new(
            SigHandler::Handler(on_signal),
            SaFlags::SA_ONSTACK,
            SigSet::all(),
        );
        // SAFETY: the handler only touches atomics and calls `lua_sethook`, which Lua's own
        // interpreter calls from its handler too.
        if let Err(error) = unsafe { sigaction(Signal::SIGURG, &action) } {
            tracing::error!(%error, "cells cannot be interrupted");
        }
    });
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGURG);
    if let Err(error) = pthread_sigmask(SigmaskHow::SIG_UNBLOCK, Some(&signals), None) {
        tracing::error!(%error, "cells of this thread cannot be interrupted");
    }
}

extern "C" fn on_signal(_: c_int) {
    RUN.with(|run| {
        let state = run.current.load(RELAXED);
        if state.is_null() {
            return;
        }
        // SAFETY: the context is valid while something runs.
        let context = unsafe { &*run.context.load(RELAXED) };
        if run.is_unwinding.load(RELAXED) {
            if run.kicks.fetch_add(1, RELAXED) < PEACEFUL_KICKS {
                return;
            }
        } else if !context.interrupt.is_raised() && !context.watchdog.is_over_limit() {
            // A late signal, meant for an earlier cell.
            return;
        }
        run.hooked.store(true, RELAXED);
        run.was_hooked.store(true, RELAXED);
        // SAFETY: this is the thread of the state that runs, as `lua_sethook` wants it.
        unsafe { set_hook(state) };
    });
}

unsafe fn set_hook(state: *mut ffi::lua_State) {
    // SAFETY: `state` is a live state of this thread.
    unsafe {
        let mask = ffi::LUA_MASKCALL | ffi::LUA_MASKRET | ffi::LUA_MASKLINE | ffi::LUA_MASKCOUNT;
        ffi::lua_sethook(state, Some(hook), mask, 1);
        hook_switch::turn_on(state);
    }
}

/// Removes the hook if it is ours.
unsafe fn remove_hook(state: *mut ffi::lua_State) {
    // SAFETY: `state` is a live state of this thread.
    unsafe {
        let installed = ffi::lua_gethook(state);
        if installed.is_some_and(|installed| ptr::fn_addr_eq(installed, hook as ffi::lua_Hook)) {
            ffi::lua_sethook(state, None, 0, 0);
        }
    }
}

unsafe extern "C-unwind" fn hook(state: *mut ffi::lua_State, record: *mut ffi::lua_Debug) {
    let (context, hooked, reporting) = RUN.with(|run| {
        let runs = !run.current.load(RELAXED).is_null();
        (
            run.context.load(RELAXED),
            runs && run.hooked.load(RELAXED),
            run.reporting.load(RELAXED),
        )
    });
    // SAFETY: Lua calls hooks on a live state with a valid record, and a hook may raise an error;
    // the context is valid while something runs.
    unsafe {
        if !hooked {
            // A coroutine inherited the hook when it was made, and lives on; or an interrupt came in
            // the moment in which what runs has ended.
            ffi::lua_sethook(state, None, 0, 0);
        } else if (*context).closing.get() && !is_at_instruction(record) {
            // Finalisers of C are called all the same, ours among them, which is the last.
        } else if !reporting {
            unwind_again(state);
        }
    }
}

/// Whether a hook was called for Lua code, and not for a call or a return.
unsafe fn is_at_instruction(record: *const ffi::lua_Debug) -> bool {
    // SAFETY: the caller's record is valid.
    let event = unsafe { (*record).event };
    matches!(event, ffi::LUA_HOOKLINE | ffi::LUA_HOOKCOUNT)
}

/// What is true while each instruction meets the hook, for code that no hook is called in.
pub(crate) fn hook_flag() -> *const AtomicBool {
    RUN.with(|run| &raw const run.hooked)
}

/// Whether the cell is to end at its next instruction. Long work that is not Lua's stops then, and
/// what it returns is not looked at.
pub(crate) fn is_due() -> bool {
    RUN.with(|run| run.hooked.load(RELAXED))
}

/// Runs the kernel's own code that looks at a stack; the hook lets it be.
pub(crate) fn report<T>(look: impl FnOnce() -> T) -> T {
    let _reporting = Reporting {
        outer: RUN.with(|run| run.reporting.swap(true, RELAXED)),
    };
    look()
}

/// As long as it is there, the hook lets code be; also where that panics.
struct Reporting {
    outer: bool,
}

impl Drop for Reporting {
    fn drop(&mut self) {
        RUN.with(|run| run.reporting.store(self.outer, RELAXED));
    }
}

/// The coroutine that runs, if any does. For signal handlers too.
pub(crate) fn running() -> Option<*mut ffi::lua_State> {
    let state = RUN.with(|run| run.current.load(RELAXED));
    (!state.is_null()).then_some(state)
}

/// While it lives, Lua code may run and can be stopped.
pub(crate) struct Running<'a> {
    context: &'a Context,
    // Nothing if the state does not outlive it.
    state: Option<*mut ffi::lua_State>,
    // Bound to the thread that it was made on.
    _thread: PhantomData<*const ()>,
}

/// Says that Lua code is about to run on the main coroutine `state`.
pub(crate) fn begin(context: &Context, state: *mut ffi::lua_State) -> Running<'_> {
    RUN.with(|run| {
        run.context
            .store(ptr::from_ref(context).cast_mut(), RELAXED);
        run.hooked.store(false, RELAXED);
        run.was_hooked.store(false, RELAXED);
        run.is_unwinding.store(false, RELAXED);
        compiler_fence(Ordering::SeqCst);
        run.current.store(state, RELAXED);
    });
    context.runs.set(context.runs.get() + 1);
    context.stacks.take();
    context.lost_stacks.take();
    context.replaced.take();
    context.entry.set(ptr::null());
    debug::begins(context);
    context.watchdog.begin(&context.interrupt);
    Running {
        context,
        state: Some(state),
        _thread: PhantomData,
    }
}

impl Running<'_> {
    /// What runs is the end of the state itself.
    pub(crate) fn leaving_its_state(mut self) -> Self {
        self.state = None;
        self
    }

    /// Whether somebody wants it to stop, or it wants to exit.
    pub(crate) fn stopped(&self) -> Option<Unwinding> {
        let raised = self.context.interrupt.is_raised();
        unwinding().or_else(|| raised.then_some(Unwinding::Interrupt))
    }
}

/// From now on the signal handler finds no state to touch.
pub(super) fn nothing_runs() {
    RUN.with(|run| run.current.store(ptr::null_mut(), RELAXED));
    compiler_fence(Ordering::SeqCst);
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        nothing_runs();
        debug::ends(self.context, self.state);
        RUN.with(|run| {
            run.hooked.store(false, RELAXED);
            run.is_unwinding.store(false, RELAXED);
        });
        if let Some(state) = self.state {
            // SAFETY: the state outlives what runs on it.
            unsafe { remove_hook(state) };
        }
        self.context.streams.flush();
        self.context.watchdog.end();
    }
}

/// The error whose coroutine's stack was saved has been caught.
pub(super) fn forget_lost_stacks() {
    RUN.with(|run| {
        if !run.current.load(RELAXED).is_null() {
            // SAFETY: the context is valid while something runs.
            let context = unsafe { &*run.context.load(RELAXED) };
            let mut stacks = context.lost_stacks.borrow_mut();
            if !stacks.is_empty() {
                stacks.clear();
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_that_panics_leaves_code_to_the_hook_again() {
        let is_reporting = || RUN.with(|run| run.reporting.load(RELAXED));
        let panicked = std::panic::catch_unwind(|| {
            report(|| {
                assert!(is_reporting());
                panic!("on purpose");
            })
        });
        assert!(panicked.is_err());
        assert!(!is_reporting());
    }
}
