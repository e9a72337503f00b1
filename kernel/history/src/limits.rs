use std::sync::{Arc, PoisonError, RwLock};
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

/// Limits that can be changed while they are in use; all copies are the same one.
#[derive(Debug, Clone, Default)]
pub struct SharedLimits(Arc<RwLock<Limits>>);

impl SharedLimits {
    /// The limits in effect.
    pub fn get(&self) -> Limits {
        *self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on these are: when the next entry is written.
    pub fn set(&self, limits: Limits) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = limits;
    }
}

impl From<Limits> for SharedLimits {
    fn from(limits: Limits) -> Self {
        Self(Arc::new(RwLock::new(limits)))
    }
}

impl PartialEq for SharedLimits {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl Eq for SharedLimits {}
