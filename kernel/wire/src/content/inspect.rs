use serde::{Deserialize, Serialize};

use super::{Object, ReplyStatus, or_default};

/// `inspect_request`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct InspectRequest {
    /// The cell's code.
    pub code: String,
    /// Where the cursor stands, in Unicode code points; the end when missing.
    #[serde(default)]
    pub cursor_pos: Option<usize>,
    /// 0, or 1 for the source too.
    #[serde(default, deserialize_with = "or_default")]
    pub detail_level: u8,
}

/// `inspect_reply`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InspectReply {
    /// Always ok.
    pub status: ReplyStatus,
    /// Whether anything is known.
    pub found: bool,
    /// By MIME type.
    pub data: Object,
    /// By MIME type.
    pub metadata: Object,
}
