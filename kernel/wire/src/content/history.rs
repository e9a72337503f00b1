use serde::{Deserialize, Serialize};

use super::{ReplyStatus, or_default};

/// `history_request`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Fields")]
pub struct HistoryRequest {
    /// Whether outputs are wanted too.
    pub output: bool,
    /// Which entries.
    pub access: HistoryAccess,
}

/// The same as it is written. Flattened or tagged, serde would hold all of it in memory first,
/// unknown fields as well, at thirty times the size it came in.
#[derive(Deserialize)]
struct Fields {
    #[serde(default, deserialize_with = "or_default")]
    output: bool,
    hist_access_type: AccessType,
    #[serde(default)]
    session: Option<i64>,
    #[serde(default)]
    start: Option<i64>,
    #[serde(default)]
    stop: Option<i64>,
    #[serde(default)]
    n: Option<usize>,
    #[serde(default)]
    pattern: Option<String>,
    #[serde(default)]
    unique: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum AccessType {
    Range,
    Tail,
    Search,
}

impl From<Fields> for HistoryRequest {
    fn from(fields: Fields) -> Self {
        let Fields {
            output,
            hist_access_type,
            session,
            start,
            stop,
            n,
            pattern,
            unique,
        } = fields;
        let access = match hist_access_type {
            AccessType::Range => HistoryAccess::Range {
                session,
                start,
                stop,
            },
            AccessType::Tail => HistoryAccess::Tail { n },
            AccessType::Search => HistoryAccess::Search { pattern, n, unique },
        };
        Self { output, access }
    }
}

/// Which entries of the history are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HistoryAccess {
    /// Lines of one session.
    Range {
        /// 0 is this one, -1 the one before, and so on; positive ones are absolute.
        session: Option<i64>,
        /// The first line.
        start: Option<i64>,
        /// One past the last line; to the end when missing.
        stop: Option<i64>,
    },
    /// The last ones.
    Tail {
        /// How many; all when missing.
        n: Option<usize>,
    },
    /// Those that fit a pattern.
    Search {
        /// With `*` and `?`; everything when missing.
        pattern: Option<String>,
        /// At most how many, the last ones.
        n: Option<usize>,
        /// Each input once, the latest.
        unique: Option<bool>,
    },
}

/// One entry: session, line, and what was run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HistoryEntry(pub i64, pub u64, pub HistoryValue);

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
