use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use perilune_language::debug::{HitCondition, SourceReader};

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
    /// What is wrong with it, for a person.
    pub(crate) fn new(
        condition: Option<&str>,
        hits: Option<&str>,
        mistakes: &Mistakes,
    ) -> Result<Self, String> {
        let condition = written(condition);
        condition.map(|it| mistakes.check(it)).transpose()?;
        Ok(Self {
            condition: condition.map(Arc::from),
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

/// The expressions of a request that do not compile, and why.
#[derive(Debug, Default)]
pub(crate) struct Mistakes(HashMap<String, String>);

impl Mistakes {
    /// Checks all expressions that stand in a request.
    pub(crate) fn of<'a>(
        expressions: impl Iterator<Item = &'a str>,
        reader: &dyn SourceReader,
    ) -> Self {
        let expressions: HashSet<_> = expressions.collect();
        let mistake = |expression: &str| {
            let why = reader.expression(expression).err()?;
            Some((expression.to_owned(), why))
        };
        Self(expressions.into_iter().filter_map(mistake).collect())
    }

    pub(crate) fn check(&self, expression: &str) -> Result<(), String> {
        match self.0.get(expression) {
            Some(why) => Err(format!("`{expression}` is no expression: {why}")),
            None => Ok(()),
        }
    }
}

/// What stands there, unless it is empty: front ends send that for nothing.
pub(crate) fn written(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}
