use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;

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

/// Limits that can be changed while they are in use; all copies are the same one, and what they are
/// counts when the next entry is written.
pub type SharedLimits = Arc<ArcSwap<Limits>>;

impl Limits {
    /// These, until others are stored in their place.
    pub fn shared(self) -> SharedLimits {
        Arc::new(ArcSwap::from_pointee(self))
    }
}
