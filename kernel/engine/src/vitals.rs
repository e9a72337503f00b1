//! What a kernel does, in numbers: counted where it happens, read from any thread.
//!
//! Counting takes a few atomic additions and no lock. What can be asked for when somebody wants to
//! know, such as the length of a queue, is not counted but asked for then.

mod histogram;
mod liveness;
mod reading;
mod traffic;

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use self::histogram::Histogram;
use self::liveness::Liveness;
use self::traffic::Traffic;

pub use self::histogram::Distribution;
pub use self::liveness::Answer;
pub use self::reading::{Executions, Gauges, Load, Reading, State};
pub use self::traffic::{Class, Flow, Way};

pub(crate) use self::liveness::Questions;

/// The vital signs of one kernel. Whoever wants to read them makes them, and hands them to the
/// kernel in its [`Options`](crate::Options).
#[derive(Debug)]
pub struct Vitals {
    started: SystemTime,
    began: Instant,
    ready_after: OnceLock<Duration>,
    stopping: AtomicBool,
    pub(crate) received: Traffic,
    pub(crate) sent: Traffic,
    pub(crate) executed: Outcomes,
    pub(crate) refused: AtomicU64,
    pub(crate) interrupts: AtomicU64,
    /// Bytes that the language held when it last came to rest.
    pub(crate) language_memory: AtomicU64,
    pub(crate) execute_duration: Histogram,
    pub(crate) queue_wait: Histogram,
    pub(crate) control_answer: Histogram,
    gauges: Asked,
    liveness: Liveness,
}

/// How to ask the kernel, once it serves, for as long as it does.
#[derive(Default)]
struct Asked(OnceLock<Box<dyn Fn() -> Option<Gauges> + Send + Sync>>);

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Asked")
    }
}

/// How cells ended.
#[derive(Debug, Default)]
pub(crate) struct Outcomes {
    pub(crate) ok: AtomicU64,
    pub(crate) error: AtomicU64,
    pub(crate) interrupted: AtomicU64,
    pub(crate) aborted: AtomicU64,
}

impl Default for Vitals {
    fn default() -> Self {
        Self::new()
    }
}

impl Vitals {
    /// Those of a kernel that starts now.
    pub fn new() -> Self {
        Self {
            started: SystemTime::now(),
            began: Instant::now(),
            ready_after: OnceLock::new(),
            stopping: AtomicBool::new(false),
            received: Traffic::default(),
            sent: Traffic::default(),
            executed: Outcomes::default(),
            refused: AtomicU64::new(0),
            interrupts: AtomicU64::new(0),
            language_memory: AtomicU64::new(0),
            execute_duration: Histogram::default(),
            queue_wait: Histogram::default(),
            control_answer: Histogram::default(),
            gauges: Asked::default(),
            liveness: Liveness::new(),
        }
    }

    /// When the kernel started.
    pub fn started(&self) -> SystemTime {
        self.started
    }

    /// For how long it has lived, whatever the clock said meanwhile.
    pub fn uptime(&self) -> Duration {
        self.began.elapsed()
    }

    /// How long it took from the start until cells could run; nothing before that.
    pub fn ready_after(&self) -> Option<Duration> {
        self.ready_after.get().copied()
    }

    /// What the kernel is at.
    pub fn state(&self) -> State {
        if self.stopping.load(Ordering::Relaxed) {
            State::Stopping
        } else if self.ready_after.get().is_none() {
            State::Starting
        } else if self.gauges().is_some_and(|gauges| gauges.working) {
            State::Busy
        } else {
            State::Idle
        }
    }

    /// All that was counted, and what can be asked for now.
    pub fn read(&self) -> Reading {
        Reading::of(self)
    }

    /// Whether the I/O thread answers within `limit`. Without an answer nothing else will have one.
    pub async fn io_answers(&self, limit: Duration) -> Answer {
        self.liveness.ask(limit).await
    }

    /// Whether the thread of the language answers: it does while it waits for work. Otherwise what
    /// it is at, which may take as long as it likes.
    pub fn executor(&self) -> Load {
        self.gauges().map_or(Load::Unknown, |gauges| gauges.load)
    }

    pub(crate) fn gauges(&self) -> Option<Gauges> {
        self.gauges.0.get().and_then(|read| read())
    }

    pub(crate) fn ask_for_gauges(&self, read: impl Fn() -> Option<Gauges> + Send + Sync + 'static) {
        // Vitals are of one kernel.
        let _ = self.gauges.0.set(Box::new(read));
    }

    pub(crate) fn ready(&self) {
        let _ = self.ready_after.set(self.began.elapsed());
    }

    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    pub(crate) fn questions(&self) -> Questions {
        self.liveness.questions()
    }
}

/// Counts one more.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
