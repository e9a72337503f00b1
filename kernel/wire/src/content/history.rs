use serde::{Deserialize, Serialize};

use super::{ReplyStatus, or_default};

/// `history_request`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct HistoryRequest {
    /// Whether outputs are wanted too.
    #[serde(default, deserialize_with = "or_default")]
    pub output: bool,
    /// Which entries.
    #[serde(flatten)]
    pub access: HistoryAccess,
}

/// Which entries of the history are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "hist_access_type", rename_all = "lowercase")]
pub enum HistoryAccess {
    /// Lines of one session.
    Range {
        /// 0 is this one, -1 the one before, and so on; positive ones are absolute.
        #[serde(default)]
        session: Option<i64>,
        /// The first line.
        #[serde(default)]
        start: Option<i64>,
        /// One past the last line; to the end when missing.
        #[serde(default)]
        stop: Option<i64>,
    },
    /// The last ones.
    Tail {
        /// How many; all when missing.
        #[serde(default)]
        n: Option<usize>,
    },
    /// Those that fit a pattern.
    Search {
        /// With `*` and `?`; everything when missing.
        #[serde(default)]
        pattern: Option<String>,
        /// At most how many, the last ones.
        #[serde(default)]
        n: Option<usize>,
        /// Each input once, the latest.
        #[serde(default)]
        unique: Option<bool>,
    },
}

/// One entry: session, line, and what was run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HistoryEntry(pub u64, pub u64, pub HistoryValue);

/// What was run, and what came of it where that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum HistoryValue {
    /// The input alone.
    Input(String),
    /// The input and its result as text.
    InputOutput(String, Option<String>),
}

/// `history_reply`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HistoryReply {
    /// Always ok.
    pub status: ReplyStatus,
    /// Oldest first.
    pub history: Vec<HistoryEntry>,
}
