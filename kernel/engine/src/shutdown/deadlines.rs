use std::sync::{PoisonError, RwLock};
use std::time::Duration;

/// How long each phase of the end may take. What overruns is left behind, and the next begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// What runs has so long to finish by itself when a client asks for the end.
    pub drain_when_asked: Duration,
    /// As [`Deadlines::drain_when_asked`], when a signal asks for it.
    pub drain_when_signalled: Duration,
    /// What runs has so long to end when it was interrupted.
    pub interrupt: Duration,
    /// The language's state has so long to be saved.
    pub save: Duration,
    /// Clients have so long to take what was sent to them.
    pub flush: Duration,
    /// The children, the history and all else that has to be given back have so long together.
    pub release: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            drain_when_asked: Duration::ZERO,
            drain_when_signalled: Duration::ZERO,
            interrupt: Duration::from_secs(1),
            save: Duration::from_secs(10),
            flush: Duration::from_secs(1),
            release: Duration::from_secs(2),
        }
    }
}

/// The deadlines of a kernel's end, which can be changed until it comes.
#[derive(Debug, Default)]
pub struct ShutdownPolicy(RwLock<Deadlines>);

impl ShutdownPolicy {
    /// With these deadlines.
    pub fn new(deadlines: Deadlines) -> Self {
        Self(RwLock::new(deadlines))
    }

    /// The deadlines in effect.
    pub fn deadlines(&self) -> Deadlines {
        *self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on these are in effect.
    pub fn set(&self, deadlines: Deadlines) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = deadlines;
    }
}
