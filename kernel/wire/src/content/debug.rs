use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// `debug_request`: a request of the Debug Adapter Protocol, or whatever somebody takes for one.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct DebugRequest(Box<RawValue>);

/// What of a request its response repeats. Kept as it is, so that whatever stands there costs no
/// more than its text.
#[derive(Debug, Default, Deserialize)]
struct Head<'a> {
    #[serde(borrow, default)]
    seq: Option<&'a RawValue>,
    #[serde(borrow, default)]
    command: Option<&'a RawValue>,
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

/// A command longer than this is none, and not repeated.
const LONGEST_COMMAND: usize = 100;

impl DebugRequest {
    /// The request as it was sent.
    pub fn raw(&self) -> &RawValue {
        &self.0
    }

    /// Refuses it, with the reason.
    pub fn refusal(&self, why: &str) -> DebugRefusal {
        let head: Head<'_> = serde_json::from_str(self.0.get()).unwrap_or_default();
        let command: String = read(head.command);
        DebugRefusal {
            seq: read(head.seq),
            kind: "response",
            request_seq: read(head.seq),
            success: false,
            command: if command.len() <= LONGEST_COMMAND {
                command
            } else {
                String::new()
            },
            message: why.to_owned(),
        }
    }
}

impl DebugRefusal {
    /// The same for another reason.
    #[must_use]
    pub fn because(mut self, why: &str) -> Self {
        why.clone_into(&mut self.message);
        self
    }
}

/// A value, or what stands for it where it is missing or of another kind.
fn read<T: DeserializeOwned + Default>(raw: Option<&RawValue>) -> T {
    raw.and_then(|raw| serde_json::from_str(raw.get()).ok())
        .unwrap_or_default()
}
