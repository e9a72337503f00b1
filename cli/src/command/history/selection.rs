use std::num::NonZeroI64;
use std::time::SystemTime;

use chrono::{DateTime, Local, SecondsFormat, Utc};
use clap::Args;
use perilune_history::{Found, Query, SessionChoice, containing, literal};
use serde_json::{Value, json};

/// Which entries.
#[derive(Debug, Args)]
pub struct Selection {
    /// Only cells with this in them
    pattern: Option<String>,
    /// Take PATTERN literally: *, ? and [ are characters as any
    #[arg(long, short = 'F', requires = "pattern")]
    fixed: bool,
    /// Only of the session with this number; -1 is the newest, -2 the one before
    #[arg(long, short, value_name = "NUMBER", allow_negative_numbers = true)]
    session: Option<NonZeroI64>,
}

impl Selection {
    pub fn query(&self) -> Query {
        let pattern = self.pattern.as_deref().map(|pattern| {
            if self.fixed {
                containing(&literal(pattern))
            } else {
                containing(pattern)
            }
        });
        Query {
            session: self
                .session
                .map(|number| SessionChoice::from_number(number.get())),
            pattern,
            ..Query::default()
        }
    }
}

/// An entry for programs.
pub fn to_json(found: &Found) -> Value {
    json!({
        "session": found.session,
        "line": found.entry.line,
        "time": timestamp(found.entry.time),
        "input": found.entry.input,
        "output": found.entry.output,
    })
}

/// A time for programs.
pub fn timestamp(time: SystemTime) -> String {
    DateTime::<Utc>::from(time).to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// A time for people, in their own time zone.
pub fn local_time(time: SystemTime) -> String {
    DateTime::<Local>::from(time)
        .format("%Y-%m-%d %H:%M")
        .to_string()
}
