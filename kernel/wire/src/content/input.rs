use serde::{Deserialize, Serialize};

/// `input_request`, from the kernel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InputRequest {
    /// What to show.
    pub prompt: String,
    /// Whether the answer must not be shown.
    pub password: bool,
}

/// `input_reply`, from the client.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct InputReply {
    /// The answer; the single character U+0004 ends the input.
    pub value: String,
}
