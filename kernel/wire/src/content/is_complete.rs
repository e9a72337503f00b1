use serde::{Deserialize, Serialize};

/// `is_complete_request`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct IsCompleteRequest {
    /// What was typed so far.
    pub code: String,
}

/// `is_complete_reply`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "status", rename_all = "lowercase")]
pub enum IsCompleteReply {
    /// It can be run.
    Complete,
    /// More must follow.
    Incomplete {
        /// White space for the next line.
        indent: String,
    },
    /// Nothing can mend it.
    Invalid,
    /// Nobody knows.
    Unknown,
}
