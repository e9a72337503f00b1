use serde::{Deserialize, Serialize};

use super::{Object, Question, ReplyStatus};

/// `perilune_status_reply`, a message of our own: what a kernel says of itself, whatever runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KernelStatusReply {
    /// Always ok.
    pub status: ReplyStatus,
    /// The kernel's process.
    pub pid: u32,
    /// Perilune's version.
    pub version: String,
    /// What the kernel is called, where it has a name.
    pub name: Option<String>,
    /// When it started: ISO 8601, in UTC.
    pub started: String,
    /// For how many seconds it has lived.
    pub uptime: f64,
    /// What it is at.
    pub state: KernelState,
    /// The request whose code runs, if any does.
    pub running: Option<RunningCell>,
    /// What that code asks, while nobody has answered.
    pub question: Option<Question>,
    /// How many clients listen on iopub.
    pub clients: usize,
    /// How many requests wait for the language.
    pub queued: usize,
    /// What it holds.
    pub memory: Memory,
    /// How many cells have ended, however they did.
    pub executions: u64,
    /// How many of them with an error.
    pub errors: u64,
    /// How many of them by an interrupt.
    pub interrupted: u64,
    /// How many messages have come and gone.
    pub messages: MessageCounts,
    /// How many messages the kernel lost: none, ever.
    pub dropped: u64,
    /// How many pieces of output were left out for clients that did not keep up.
    pub left_out: u64,
    /// What the journal holds, where there is one.
    pub journal: Option<Object>,
}

/// What a kernel is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum KernelState {
    /// The language is not there yet.
    Starting,
    /// There is nothing to do.
    Idle,
    /// A request is being worked on.
    Busy,
    /// The kernel has begun to end.
    Stopping,
}

/// A request whose code runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunningCell {
    /// The request's id.
    pub msg_id: String,
    /// The cell's number; nothing for a message of a comm.
    pub execution_count: Option<u64>,
    /// The beginning of its code.
    pub code: String,
    /// For how long it has run.
    pub seconds: f64,
    /// Where a debugger has stopped it, if one has.
    pub stopped: Option<StoppedAt>,
}

/// Where a debugger has stopped code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoppedAt {
    /// The cell or the file, as a person calls it.
    pub source: String,
    /// Its line, counted from 1.
    pub line: u32,
    /// Why, as the Debug Adapter Protocol has it: `breakpoint`, `step`.
    pub reason: String,
}

/// Bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Memory {
    /// Of the process, in main memory; nothing where the system does not tell.
    pub process: Option<u64>,
    /// Of the language when it last came to rest; nothing before the first cell.
    pub language: Option<u64>,
}

/// How many messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct MessageCounts {
    /// From clients.
    #[serde(rename = "in")]
    pub received: u64,
    /// To clients; one for all subscribers counts once.
    #[serde(rename = "out")]
    pub sent: u64,
}

/// `perilune_log_request`, a message of our own.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LogRequest {
    /// How much is to be logged: as `--log-level` takes it.
    pub level: String,
}
