use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{ReplyStatus, or_default};

/// `perilune_journal_request`, which is ours: what was published before.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct JournalRequest {
    /// Only what came after the message of this id, or after the cursor of an earlier reply;
    /// `latest` for what is still to come. Without it, from the oldest on that is there.
    #[serde(default)]
    pub after: Option<String>,
    /// Only what the request of this id has caused.
    #[serde(default)]
    pub parent: Option<String>,
    /// About how large the reply may be, in bytes: at least one message is in it.
    #[serde(default, deserialize_with = "or_default")]
    pub limit_bytes: Option<usize>,
}

/// `perilune_journal_reply`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct JournalReply {
    /// Always ok: else there is an error's content.
    pub status: ReplyStatus,
    /// Oldest first.
    pub messages: Vec<JournalMessage>,
    /// Whether there is more behind them.
    pub more: bool,
    /// The cursor behind them.
    pub next: String,
    /// How many messages are missing between `after` and `next`, because a bound removed them, or
    /// because the disk did not take them.
    pub lost: u64,
    /// The cursor before the first message of this kernel process: older ones are of processes
    /// before it.
    pub began: String,
}

/// A message that was published, without its signature.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct JournalMessage {
    /// The cursor behind it.
    pub cursor: String,
    /// Its header.
    pub header: Box<RawValue>,
    /// The header of the request that caused it.
    pub parent_header: Box<RawValue>,
    /// What is said about it.
    pub metadata: Box<RawValue>,
    /// What it says.
    pub content: Box<RawValue>,
    /// Binary attachments, as base64.
    pub buffers: Vec<String>,
}
