use perilune_language::Interrupt;

use super::sync::{Mutex, MutexGuard, PoisonError};

/// Whether code runs, so that an interrupt meets the cell that it was meant for and no other.
pub(crate) struct Running {
    state: Mutex<State>,
    interrupt: Interrupt,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Idle,
    Busy,
    // The kernel is going: whatever starts is interrupted at once.
    Ending,
}

impl Running {
    pub(crate) fn new(interrupt: Interrupt) -> Self {
        Self {
            state: Mutex::new(State::Idle),
            interrupt,
        }
    }

    /// Runs code that may be interrupted.
    pub(crate) fn during<R>(&self, code: impl FnOnce() -> R) -> R {
        {
            let mut state = self.lock();
            if *state == State::Idle {
                *state = State::Busy;
            }
        }
        let _end = End(self);
        code()
    }

    /// Interrupts what runs, also by `release` if it may be waiting for something. An idle kernel
    /// ignores it; returns whether anything ran.
    pub(crate) fn interrupt(&self, release: impl FnOnce()) -> bool {
        let state = self.lock();
        if *state == State::Idle {
            return false;
        }
        self.interrupt.raise();
        // While the state is ours, what waits is of the cell that runs and not of the next.
        release();
        true
    }

    /// Interrupts what runs and all that is still to run.
    pub(crate) fn end(&self) {
        *self.lock() = State::Ending;
        self.interrupt.raise_for_good();
    }

    /// Whether an interrupt is under way.
    pub(crate) fn is_interrupted(&self) -> bool {
        self.interrupt.is_raised()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The end of what ran, by a return or by a panic.
struct End<'a>(&'a Running);

impl Drop for End<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        if *state == State::Busy {
            *state = State::Idle;
            self.0.interrupt.clear();
        }
    }
}
