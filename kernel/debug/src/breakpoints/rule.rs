use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use perilune_language::debug::HitCondition;

use super::hit_condition;

/// When a breakpoint that is reached stops, and how often it was reached.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub(crate) condition: Option<Arc<str>>,
    pub(crate) hits: Option<HitCondition>,
    pub(crate) count: Arc<AtomicU64>,
}

impl Rule {
    /// Reads what a client has written.
    ///
    /// # Errors
    ///
    /// What is wrong with the hit condition, for a person.
    pub(crate) fn new(condition: Option<&str>, hits: Option<&str>) -> Result<Self, String> {
        Ok(Self {
            condition: written(condition).map(Arc::from),
            hits: written(hits).map(hit_condition::parse).transpose()?,
            count: Arc::default(),
        })
    }

    /// Goes on counting where an earlier one is, if that says the same.
    pub(crate) fn go_on_from(&mut self, earlier: &Self) {
        if self.is_same(earlier) {
            self.count = Arc::clone(&earlier.count);
        }
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.condition == other.condition && self.hits == other.hits
    }
}

/// What stands there, unless it is empty: front ends send that for nothing.
pub(crate) fn written(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}
