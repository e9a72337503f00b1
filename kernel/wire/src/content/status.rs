use serde::{Deserialize, Serialize};

/// The `status` of a reply that has nothing else to say of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReplyStatus {
    /// It was done.
    Ok,
}

/// What the kernel is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ExecutionState {
    /// Once, at the very start.
    Starting,
    /// From a request's first effect on.
    Busy,
    /// After a request's last effect.
    Idle,
}

/// `status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Status {
    /// What the kernel is at.
    pub execution_state: ExecutionState,
}

/// A reply that says only whether it was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "status", rename_all = "lowercase")]
pub enum StatusReply {
    /// It was done.
    Ok,
    /// It was not.
    Error {
        /// The error's class.
        ename: String,
        /// The error in a line.
        evalue: String,
        /// For a person.
        traceback: Vec<String>,
    },
}

/// `iopub_welcome` (JEP 65).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IopubWelcome {
    /// The topic that was subscribed to.
    pub subscription: String,
}
