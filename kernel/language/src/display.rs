use serde_json::{Map, Value};

/// One value in every representation it has, by MIME type.
///
/// Binary representations are base64 text; `application/json` and its kin are JSON values, not
/// strings of JSON.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MimeBundle {
    /// MIME type to representation.
    pub data: Map<String, Value>,
    /// MIME type to hints, such as a width.
    pub metadata: Map<String, Value>,
}

impl MimeBundle {
    /// A value that has only a plain text.
    pub fn plain(text: impl Into<String>) -> Self {
        Self::default().with("text/plain", text.into())
    }

    /// The same bundle with one more representation.
    #[must_use]
    pub fn with(mut self, mime: &str, representation: impl Into<Value>) -> Self {
        self.data.insert(mime.to_owned(), representation.into());
        self
    }

    /// The `text/plain` representation, where there is one.
    pub fn text(&self) -> Option<&str> {
        self.data.get("text/plain").and_then(Value::as_str)
    }
}

/// Whether a display is new or takes the place of earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisplayAction {
    /// Shown below what is there.
    Show,
    /// Replaces every display of the same id, wherever it stands.
    Update,
}

/// Something to show.
#[derive(Debug, Clone, PartialEq)]
pub struct Display {
    /// New or in place of something.
    pub action: DisplayAction,
    /// What.
    pub bundle: MimeBundle,
    /// `transient.display_id`, by which it can be updated.
    pub id: Option<String>,
    /// What else belongs into `transient`, which front ends do not keep.
    pub transient: Map<String, Value>,
}
