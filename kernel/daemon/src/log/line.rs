use std::fmt::Write;
use std::time::SystemTime;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use serde_json::{Map, Value};
use tracing::Level;

use super::escape::{Escaped, Quoted, one_line_of_json};

/// What a line looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// For people: time, level, where it comes from, message, fields.
    #[default]
    Text,
    /// For programs: one object.
    Json,
}

/// How lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Style {
    /// What a line looks like.
    pub format: Format,
    /// Whether it is shown by a terminal that knows colours.
    pub colours: bool,
    /// Whether systemd's journal reads it, which knows the time and wants to know how grave it is
    /// (sd-daemon(3)).
    pub journal: bool,
}

/// Something that happened, safe to be written down.
#[derive(Debug)]
pub(crate) struct Record<'a> {
    pub time: SystemTime,
    pub level: Level,
    pub target: &'a str,
    pub message: String,
    pub fields: Map<String, Value>,
}

#[derive(Serialize)]
struct Object<'a> {
    timestamp: String,
    level: &'static str,
    target: &'a str,
    message: &'a str,
    fields: &'a Map<String, Value>,
}

impl Style {
    /// One line, with a line feed at its end and nowhere else.
    pub(crate) fn line(self, record: &Record<'_>) -> Vec<u8> {
        let mut line = String::new();
        if self.journal {
            let _ = write!(line, "<{}>", priority(record.level));
        }
        match self.format {
            Format::Text => self.write_text(&mut line, record),
            Format::Json => write_json(&mut line, record),
        }
        line.push('\n');
        line.into_bytes()
    }

    /// The line that tells of others that could not be written.
    pub fn notice_of_lost(self, lines: u64) -> Vec<u8> {
        let what = if lines == 1 { "line" } else { "lines" };
        self.line(&Record {
            time: SystemTime::now(),
            level: Level::ERROR,
            target: "perilune_daemon::log",
            message: format!("{lines} {what} lost: the log could not be written"),
            fields: Map::from_iter([("lines".to_owned(), lines.into())]),
        })
    }

    fn write_text(self, line: &mut String, record: &Record<'_>) {
        let (level, dim, end) = if self.colours {
            (colour(record.level), "\u{1b}[2m", "\u{1b}[0m")
        } else {
            ("", "", "")
        };
        if !self.journal {
            let _ = write!(line, "{dim}{}{end} ", timestamp(record.time));
        }
        let _ = write!(
            line,
            "{level}{:<5}{end} {dim}{}:{end} {}",
            record.level.as_str(),
            Escaped(record.target),
            Escaped(&record.message)
        );
        for (name, value) in &record.fields {
            let _ = write!(line, " {dim}{}={end}", Escaped(name));
            let _ = match value {
                Value::String(text) => write!(line, "{}", Quoted(text)),
                other => write!(line, "{other}"),
            };
        }
    }
}

fn write_json(line: &mut String, record: &Record<'_>) {
    let object = Object {
        timestamp: timestamp(record.time),
        level: record.level.as_str(),
        target: record.target,
        message: &record.message,
        fields: &record.fields,
    };
    // Strings, numbers and truth values are always JSON.
    if let Ok(json) = serde_json::to_string(&object) {
        line.push_str(&one_line_of_json(&json));
    }
}

/// RFC 3339, with milliseconds.
pub(crate) fn timestamp(time: SystemTime) -> String {
    DateTime::<Utc>::from(time).to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn priority(level: Level) -> u8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        _ => 7,
    }
}

fn colour(level: Level) -> &'static str {
    match level {
        Level::ERROR => "\u{1b}[31m",
        Level::WARN => "\u{1b}[33m",
        Level::INFO => "\u{1b}[32m",
        Level::DEBUG => "\u{1b}[34m",
        _ => "\u{1b}[35m",
    }
}
