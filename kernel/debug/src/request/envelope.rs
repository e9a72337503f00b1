use serde::Deserialize;
use serde_json::value::RawValue;

use crate::DebugError;

/// What is the same in all requests.
#[derive(Debug, Deserialize)]
pub(crate) struct Envelope {
    // Lenient: JupyterLab sends 0 again and again, and others what they like.
    #[serde(default)]
    seq: Option<Box<RawValue>>,
    #[serde(default)]
    command: Option<String>,
    /// As they were sent; JupyterLab leaves them out.
    #[serde(default)]
    pub(crate) arguments: Option<Box<RawValue>>,
}

impl Envelope {
    pub(crate) fn read(request: &RawValue) -> Result<Self, DebugError> {
        let envelope: Self =
            serde_json::from_str(request.get()).map_err(DebugError::NotARequest)?;
        Ok(envelope)
    }

    /// Its number, 0 if it has none.
    pub(crate) fn seq(&self) -> i64 {
        let seq = self.seq.as_deref().map(RawValue::get);
        seq.and_then(|seq| seq.parse().ok()).unwrap_or(0)
    }

    /// What it asks for; empty if it does not say.
    pub(crate) fn command(&self) -> &str {
        self.command.as_deref().unwrap_or_default()
    }
}
