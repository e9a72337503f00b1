use perilune_wire::content::Object;
use serde_json::Value;

/// What a kernel asks of the program that it lives in.
///
/// Each call comes on a thread of its own, which it may keep for as long as it likes: nothing else
/// of the kernel waits for it. Of one kind there is one call at a time.
pub trait Steward: Send + Sync {
    /// Reads the configuration anew and applies what can be, because of SIGUSR1 or a
    /// `perilune_reload_request`. Returns what the reply says beside its status.
    ///
    /// # Errors
    ///
    /// Why everything stays as it was.
    fn reload(&self) -> Result<Object, Refusal>;

    /// Changes how much is logged, because of a `perilune_log_request`. Returns what the reply says
    /// beside its status.
    ///
    /// # Errors
    ///
    /// Why it stays as it was.
    fn set_log_level(&self, level: &str) -> Result<Object, Refusal>;

    /// The configuration in effect, for a dump; without secrets.
    fn configuration(&self) -> Value {
        Value::Null
    }

    /// The kernel has begun to end.
    fn stopping(&self) {}
}

/// Why something was not done, as the reply tells it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// The error's class, in a word: the reply's `ename`.
    pub name: &'static str,
    /// What happened, where, and what to do: the reply's `evalue`.
    pub message: String,
}

impl Refusal {
    /// A refusal of this class, for this reason.
    pub fn new(name: &'static str, message: impl Into<String>) -> Self {
        Self {
            name,
            message: message.into(),
        }
    }
}
