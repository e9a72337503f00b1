use std::time::Duration;

/// How much is kept. Beyond any of these the oldest entries go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many entries.
    pub entries: u64,
    /// How much text and structure, in bytes.
    pub bytes: u64,
    /// How long ago; without a limit if nothing.
    pub age: Option<Duration>,
}

impl Limits {
    /// What is kept in memory where there is no database.
    pub(crate) const IN_MEMORY: Self = Self {
        entries: 1_000,
        bytes: 4 << 20,
        age: None,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            entries: 100_000,
            bytes: 256 << 20,
            age: None,
        }
    }
}
