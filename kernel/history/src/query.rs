use std::ops::Range;
use std::time::SystemTime;

use rusqlite::types::Value;

use crate::store::to_milliseconds;

/// Which entries are wanted, of those that all the conditions hold for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// Only of one session.
    pub session: Option<SessionChoice>,
    /// Only lines in this range.
    pub lines: Option<Range<i64>>,
    /// Only inputs that fit this pattern as a whole, as SQLite's `GLOB` has it: `*`, `?`, `[a-z]`.
    pub pattern: Option<String>,
    /// Only what was run before.
    pub before: Option<SystemTime>,
    /// Each input once, the newest.
    pub unique: bool,
    /// Only so many, the newest.
    pub newest: Option<usize>,
}

/// A session, by its number or seen from one's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionChoice {
    /// One's own.
    Current,
    /// So many before one's own; 1 is the one before.
    Before(u64),
    /// The one with this number.
    Number(i64),
}

impl SessionChoice {
    /// As Jupyter numbers them: 0 is one's own, -1 the one before.
    pub fn from_number(number: i64) -> Self {
        match number {
            0 => Self::Current,
            1.. => Self::Number(number),
            _ => Self::Before(number.unsigned_abs()),
        }
    }
}

/// The pattern that finds a pattern anywhere in an input.
pub fn containing(pattern: &str) -> String {
    format!("*{pattern}*")
}

/// The pattern that fits this very text.
pub fn literal(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '*' | '?' | '[' => pattern.extend(['[', character, ']']),
            other => pattern.push(other),
        }
    }
    pattern
}

impl Query {
    /// The conditions as SQL, and what its parameters are. The session is given by its number.
    pub(crate) fn conditions(&self, session: Option<i64>) -> (String, Vec<Value>) {
        let mut conditions = vec!["1"];
        let mut values = Vec::new();
        if let Some(session) = session {
            conditions.push("session = ?");
            values.push(Value::from(session));
        }
        if let Some(lines) = &self.lines {
            conditions.push("line >= ? AND line < ?");
            values.extend([Value::from(lines.start), Value::from(lines.end)]);
        }
        if let Some(pattern) = &self.pattern {
            conditions.push("input GLOB ?");
            values.push(Value::from(pattern.clone()));
        }
        if let Some(before) = self.before {
            conditions.push("time < ?");
            values.push(Value::from(to_milliseconds(before)));
        }
        (conditions.join(" AND "), values)
    }
}
