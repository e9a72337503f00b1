use std::ffi::{CStr, c_int};
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

/// A `coroutine.resume` in progress.
pub(super) struct Resumption {
    parent: *mut ffi::lua_State,
    outer: *mut Resumption,
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

/// How many kicks of the watchdog `__close` metamethods may take to clean up: 100 ms.
const PEACEFUL_KICKS: u32 = 20;

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

/// Does the kernel's own work on the running state without the hook of the user, whose errors would
/// be the work's.
pub(crate) fn without_users_hook<T>(work: impl FnOnce() -> T) -> T {
    let (state, hooked) = RUN.with(|run| (run.current.load(RELAXED), run.hooked.load(RELAXED)));
    if state.is_null() || hooked {
        return work();
    }
    // SAFETY: the state runs on this thread.
    let (users, mask, count) = unsafe {
        let found = (
            ffi::lua_gethook(state),
            ffi::lua_gethookmask(state),
            ffi::lua_gethookcount(state),
        );
        ffi::lua_sethook(state, None, 0, 0);
        found
    };
    let done = work();
    // SAFETY: as before.
    unsafe { ffi::lua_sethook(state, users, mask, count) };
    compiler_fence(Ordering::SeqCst);
    if RUN.with(|run| run.hooked.load(RELAXED)) {
        // An interrupt came meanwhile.
        // SAFETY: as before.
        unsafe { set_hook(state) };
    }
    done
}

/// Removes the hook of the user if it is what raised the error, as Python does with a trace
/// function: it would fail every cell from now on.
///
/// # Safety
///
/// To be called by a message handler, with its state.
pub(crate) unsafe fn remove_failed_hook(state: *mut ffi::lua_State) {
    // SAFETY: the record is filled before it is read, and the hook is of the running state.
    unsafe {
        let mut record = std::mem::zeroed::<ffi::lua_Debug>();
        for level in 1..=DEPTH_OF_A_HOOK {
            if ffi::lua_getstack(state, level, &mut record) == 0 {
                return;
            }
            ffi::lua_getinfo(state, c"n".as_ptr(), &mut record);
            if !record.namewhat.is_null() && CStr::from_ptr(record.namewhat) == c"hook" {
                ffi::lua_sethook(state, None, 0, 0);
                return;
            }
        }
    }
}

/// Removes the hook of the user from the running state.
pub(crate) fn remove_users_hook() {
    RUN.with(|run| {
        let state = run.current.load(RELAXED);
        if !state.is_null() && !run.hooked.load(RELAXED) {
            // SAFETY: the state runs on this thread.
            unsafe { ffi::lua_sethook(state, None, 0, 0) };
        }
    });
}

/// How many calls deep a hook's error is looked for.
const DEPTH_OF_A_HOOK: c_int = 100;

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

/// The coroutine that runs, if any does. For signal handlers too.
pub(crate) fn running() -> Option<*mut ffi::lua_State> {
    let state = RUN.with(|run| run.current.load(RELAXED));
    (!state.is_null()).then_some(state)
}

/// The main coroutine, if code runs.
pub(crate) fn main_of_running() -> Option<*mut ffi::lua_State> {
    running().and_then(|state| chain(state).pop())
}

/// The coroutine that runs and those that resumed it, innermost first, when `state` runs.
pub(crate) fn chain(state: *mut ffi::lua_State) -> Vec<*mut ffi::lua_State> {
    let mut states = vec![state];
    let mut next = RUN.with(|run| run.resumption.load(RELAXED)).cast_const();
    // SAFETY: resumptions live in the frames of functions that have not returned.
    while let Some(resumption) = unsafe { next.as_ref() } {
        states.push(resumption.parent);
        next = resumption.outer;
    }
    states
}

/// Resumes `coroutine`, as `lua_resume`, so that the hook follows.
///
/// # Safety
///
/// As `lua_resume`.
#[inline]
pub(super) unsafe fn resume(
    coroutine: *mut ffi::lua_State,
    from: *mut ffi::lua_State,
    arguments: c_int,
    results: &mut c_int,
) -> c_int {
    // SAFETY: the caller vouches for the states; `lua_resume` raises no error.
    unsafe {
        follow(coroutine, from, || {
            ffi::lua_resume(coroutine, from, arguments, results)
        })
    }
}

/// Closes `coroutine`, as `lua_closethread`, so that the hook follows.
///
/// # Safety
///
/// As `lua_closethread`.
pub(super) unsafe fn close(coroutine: *mut ffi::lua_State, from: *mut ffi::lua_State) -> c_int {
    // SAFETY: the caller vouches for the states; `lua_closethread` raises no error.
    unsafe { follow(coroutine, from, || ffi::lua_closethread(coroutine, from)) }
}

#[inline]
unsafe fn follow(
    coroutine: *mut ffi::lua_State,
    from: *mut ffi::lua_State,
    call: impl FnOnce() -> c_int,
) -> c_int {
    RUN.with(|run| {
        let outside = run.current.load(RELAXED);
        if outside.is_null() {
            // Called by a finalizer while no cell runs.
            return call();
        }
        let mut resumption = Resumption {
            parent: from,
            outer: run.resumption.load(RELAXED),
        };
        run.resumption.store(&raw mut resumption, RELAXED);
        run.current.store(coroutine, RELAXED);
        // The handler sets its hook on `current`, and then says so: after each change of
        // `current` one of the two has seen the other.
        compiler_fence(Ordering::SeqCst);
        // SAFETY: both states are live and of this thread.
        unsafe {
            if run.hooked.load(RELAXED) {
                set_hook(coroutine);
            }
            debug::entered(coroutine, from);
            let status = call();
            run.current.store(outside, RELAXED);
            run.resumption.store(resumption.outer, RELAXED);
            compiler_fence(Ordering::SeqCst);
            debug::left(coroutine, outside);
            if run.was_hooked.load(RELAXED) {
                remove_hook(coroutine);
            }
            if run.hooked.load(RELAXED) {
                set_hook(outside);
            }
            status
        }
    })
}

/// What was to end has ended, and nothing else shall.
pub(super) fn forget_unwinding() {
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
