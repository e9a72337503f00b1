use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use perilune_transport::Peers;

use super::{Distribution, Flow, Vitals};

/// What a kernel is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The language is not there yet.
    Starting,
    /// There is nothing to do.
    Idle,
    /// A request is being worked on.
    Busy,
    /// It has begun to end.
    Stopping,
}

/// What the thread of the language is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Load {
    /// It waits for work, and would take it at once.
    Waiting,
    /// It runs code, for this long already.
    Running(Duration),
    /// It works on a request that runs no code.
    Working,
    /// The kernel does not serve.
    Unknown,
}

/// What is not counted but asked for.
#[derive(Debug, Clone)]
pub struct Gauges {
    /// Requests that wait for the language.
    pub queued: usize,
    /// Their bytes.
    pub queued_bytes: usize,
    /// What is done and waits for the I/O thread to send it: bytes.
    pub outbox_bytes: usize,
    /// Whether the language works on a request, or one waits for it.
    pub working: bool,
    /// What the thread of the language is at.
    pub load: Load,
    /// Comms that are open.
    pub comms: usize,
    /// Who is connected.
    pub peers: Peers,
}

/// How cells ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Executions {
    /// As they should.
    pub ok: u64,
    /// With an error.
    pub error: u64,
    /// By an interrupt.
    pub interrupted: u64,
    /// Before they began, since a cell before them failed or the kernel ended.
    pub aborted: u64,
}

/// All vital signs at one time.
#[derive(Debug, Clone)]
pub struct Reading {
    /// When the kernel started.
    pub started: SystemTime,
    /// For how long it has lived.
    pub uptime: Duration,
    /// How long it took until cells could run.
    pub ready_after: Option<Duration>,
    /// What it is at.
    pub state: State,
    /// What came, by channel.
    pub received: Vec<Flow>,
    /// What was sent, by channel.
    pub sent: Vec<Flow>,
    /// How cells ended.
    pub executions: Executions,
    /// Messages that were refused because our key had not signed them, or they came twice, or were
    /// none.
    pub refused: u64,
    /// Interrupts that met something.
    pub interrupts: u64,
    /// How long code ran for each request.
    pub execute_duration: Distribution,
    /// How long each request waited for the language.
    pub queue_wait: Distribution,
    /// How long each request on control took from its arrival to its answer, where it was answered
    /// at once.
    pub control_answer: Distribution,
    /// Bytes that the language held when it last came to rest; 0 before the first cell.
    pub language_memory: u64,
    /// What can only be told while the kernel serves.
    pub gauges: Option<Gauges>,
}

impl Reading {
    pub(super) fn of(vitals: &Vitals) -> Self {
        let value = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let executed = &vitals.executed;
        Self {
            started: vitals.started(),
            uptime: vitals.uptime(),
            ready_after: vitals.ready_after(),
            state: vitals.state(),
            received: vitals.received.read(),
            sent: vitals.sent.read(),
            executions: Executions {
                ok: value(&executed.ok),
                error: value(&executed.error),
                interrupted: value(&executed.interrupted),
                aborted: value(&executed.aborted),
            },
            refused: value(&vitals.refused),
            interrupts: value(&vitals.interrupts),
            execute_duration: vitals.execute_duration.read(),
            queue_wait: vitals.queue_wait.read(),
            control_answer: vitals.control_answer.read(),
            language_memory: value(&vitals.language_memory),
            gauges: vitals.gauges(),
        }
    }
}
