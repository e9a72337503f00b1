use serde::{Deserialize, Serialize};

use super::or_default;

/// `debug_request`: a request of the Debug Adapter Protocol, of which this much is read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct DebugRequest {
    /// Its number.
    #[serde(default, deserialize_with = "or_default")]
    pub seq: i64,
    /// What it asks for.
    #[serde(default, deserialize_with = "or_default")]
    pub command: String,
}

/// `debug_reply`: a response of the Debug Adapter Protocol that says no.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DebugRefusal {
    seq: i64,
    #[serde(rename = "type")]
    kind: &'static str,
    request_seq: i64,
    success: bool,
    command: String,
    message: String,
}

impl DebugRefusal {
    /// Refuses a request, with the reason.
    pub fn of(request: &DebugRequest, message: &str) -> Self {
        Self {
            seq: request.seq,
            kind: "response",
            request_seq: request.seq,
            success: false,
            command: request.command.clone(),
            message: message.to_owned(),
        }
    }
}
