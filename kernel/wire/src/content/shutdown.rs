use serde::{Deserialize, Serialize};

use super::{ReplyStatus, or_default};

/// `shutdown_request`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct ShutdownRequest {
    /// Whether the client means to start the kernel again.
    #[serde(default, deserialize_with = "or_default")]
    pub restart: bool,
}

/// `shutdown_reply`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShutdownReply {
    /// Always ok.
    pub status: ReplyStatus,
    /// As it was asked.
    pub restart: bool,
}
