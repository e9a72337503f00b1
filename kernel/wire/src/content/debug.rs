use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// `debug_request`: a request of the Debug Adapter Protocol, of which this much is read.
#[derive(Debug, Clone, Deserialize)]
pub struct DebugRequest {
    // Kept as they are, so that whatever stands there costs no more than its text.
    #[serde(default)]
    seq: Option<Box<RawValue>>,
    #[serde(default)]
    command: Option<Box<RawValue>>,
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
            seq: read(request.seq.as_deref()),
            kind: "response",
            request_seq: read(request.seq.as_deref()),
            success: false,
            command: read(request.command.as_deref()),
            message: message.to_owned(),
        }
    }
}

/// A value, or what stands for it where it is missing or of another kind.
fn read<T: DeserializeOwned + Default>(raw: Option<&RawValue>) -> T {
    raw.and_then(|raw| serde_json::from_str(raw.get()).ok())
        .unwrap_or_default()
}
