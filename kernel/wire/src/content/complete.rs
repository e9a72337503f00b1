use serde::{Deserialize, Serialize};

use super::{Object, ReplyStatus};

/// `complete_request`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CompleteRequest {
    /// The cell's code.
    pub code: String,
    /// Where the cursor stands, in Unicode code points; the end when missing.
    #[serde(default)]
    pub cursor_pos: Option<usize>,
}

/// `complete_reply`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CompleteReply {
    /// Always ok.
    pub status: ReplyStatus,
    /// What could stand there, best first.
    pub matches: Vec<String>,
    /// The first code point that a match replaces.
    pub cursor_start: usize,
    /// One past the last code point that a match replaces.
    pub cursor_end: usize,
    /// `_jupyter_types_experimental` and the like.
    pub metadata: Object,
}
