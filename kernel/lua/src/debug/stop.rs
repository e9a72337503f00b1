//! Code stops, and goes on.

use mlua::ffi;
use perilune_language::debug::{Reason, Resume, Stop};

use super::layout::Frame;
use super::tracer::{Tracer, hot};
use super::{At, can_restart, threads, with};
use crate::context::Context;
use crate::interrupt::{self, Unwinding};

/// Why code stops where it is.
#[derive(Debug, Default)]
pub(super) struct Why {
    /// Nothing if it does not.
    pub(super) reason: Option<Reason>,
    /// The breakpoints that were hit.
    pub(super) breakpoints: Vec<u32>,
    pub(super) text: Option<String>,
}

impl At {
    /// Where a hook runs.
    pub(super) fn hook(state: *mut ffi::lua_State) -> Self {
        Self {
            running: state,
            stopped: state,
            level: 0,
            raised: None,
        }
    }
}

/// As long as it is there, nothing stops; also where what runs then panics.
struct Quiet {
    outer: bool,
}

impl Drop for Quiet {
    fn drop(&mut self) {
        hot(|hot| hot.quiet.set(self.outer));
    }
}

impl Tracer {
    /// Runs what is the debugger's own: nothing stops it.
    pub(super) fn quietly<T>(&self, work: impl FnOnce() -> T) -> T {
        let _quiet = Quiet {
            outer: hot(|hot| hot.quiet.replace(true)),
        };
        work()
    }

    /// Code has stopped in the hook. Returns what ends it, if it does not go on.
    ///
    /// # Safety
    ///
    /// To be called by the hook. Raises no Lua error.
    pub(super) unsafe fn stop_in_hook(
        &self,
        context: &Context,
        state: *mut ffi::lua_State,
        frame: Frame,
        why: Why,
    ) -> Option<Unwinding> {
        // SAFETY: passed on.
        let resume = unsafe { self.stop(context, At::hook(state), why) };
        match resume {
            Resume::Step(step) => {
                // SAFETY: passed on.
                unsafe { self.begin_step(context, state, frame, step) };
                None
            }
            Resume::Interrupt => Some(interrupt::unwinding().unwrap_or(Unwinding::Interrupt)),
            // An evaluation may have been ended by an interrupt, which goes on.
            Resume::Continue => interrupt::unwinding(),
            Resume::RestartFrame(_) => Some(interrupt::unwinding().unwrap_or(Unwinding::Restart)),
        }
    }

    /// Code has stopped: says so, and waits until it shall go on. A frame begins once more only
    /// where it can.
    ///
    /// # Safety
    ///
    /// `at` must be where code has stopped, on this thread. Raises no Lua error.
    pub(super) unsafe fn stop(&self, context: &Context, at: At, why: Why) -> Resume {
        self.set_step(None);
        self.set_soon(None);
        if interrupt::unwinding().is_some() {
            // A condition has asked the process to exit, or was interrupted.
            return Resume::Interrupt;
        }
        let debugger = self.debugger.borrow().clone();
        let (Some(debugger), Some(reason)) = (debugger, why.reason) else {
            return Resume::Continue;
        };
        context.streams.flush();
        // SAFETY: passed on.
        let thread = unsafe { threads::number(context, at.stopped, at.running) };
        let resume = self.quietly(|| {
            // SAFETY: passed on.
            unsafe {
                with(context, at, |paused| {
                    let stop = Stop {
                        reason,
                        thread,
                        breakpoints: why.breakpoints,
                        text: why.text,
                    };
                    match debugger.stopped(stop, paused) {
                        Resume::RestartFrame(frame) => match paused.place_of(frame) {
                            Some((state, call)) if can_restart(context, state, call) => {
                                Resume::RestartFrame(frame)
                            }
                            _ => Resume::Continue,
                        },
                        resume => resume,
                    }
                })
            }
        });
        super::forget(context);
        self.look(context);
        // Without memory nobody can look; code goes on, and fails of it by itself.
        resume.unwrap_or(Resume::Continue)
    }
}
