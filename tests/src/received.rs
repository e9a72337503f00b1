use perilune_wire::Message;
use serde_json::Value;

/// A message that came from the kernel, whose signature and shape were found right.
#[derive(Debug, Clone)]
pub struct Received {
    /// Where it came by: `shell`, `control`, `stdin` or `iopub`.
    pub channel: &'static str,
    /// All of it.
    pub message: Message,
    /// What it says.
    pub content: Value,
}

impl Received {
    /// `status`, `execute_reply`, ...
    pub fn msg_type(&self) -> &str {
        &self.message.header.msg_type
    }

    /// The id of the request that caused it, if one did.
    pub fn parent_id(&self) -> String {
        self.message
            .parent_header()
            .map(|header| header.msg_id)
            .unwrap_or_default()
    }

    /// A field of its content, by JSON pointer.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub fn field(&self, pointer: &str) -> &Value {
        self.content
            .pointer(pointer)
            .unwrap_or_else(|| panic!("no {pointer} in {self}"))
    }

    /// A text of its content, by JSON pointer.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub fn text(&self, pointer: &str) -> &str {
        self.field(pointer)
            .as_str()
            .unwrap_or_else(|| panic!("{pointer} is no text in {self}"))
    }
}

impl std::fmt::Display for Received {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {}", self.channel, self.msg_type(), self.content)
    }
}
