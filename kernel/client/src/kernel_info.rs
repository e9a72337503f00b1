use serde::Deserialize;
use serde_json::Value;

/// What a kernel says of itself: parts of `kernel_info_reply`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct KernelInfo {
    /// `perilune`, `ipython`, ...
    #[serde(default)]
    pub implementation: String,
    /// The kernel's version.
    #[serde(default)]
    pub implementation_version: String,
    /// What it speaks, as it is kept in notebooks.
    #[serde(default)]
    pub language_info: Value,
    /// What a console shows first.
    #[serde(default)]
    pub banner: String,
}

impl KernelInfo {
    /// Whether it is a kernel of ours, which answers more than Jupyter's messages.
    pub fn is_perilune(&self) -> bool {
        self.implementation == "perilune"
    }

    /// Of a kernel that says nothing of itself.
    pub(crate) fn unknown() -> Self {
        Self {
            implementation: String::new(),
            implementation_version: String::new(),
            language_info: Value::Null,
            banner: String::new(),
        }
    }
}
