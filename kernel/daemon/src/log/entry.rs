use std::time::SystemTime;

use chrono::DateTime;
use serde_json::{Map, Value};
use tracing::Level;

/// A line of a log, read again.
///
/// Also what was written to the log's descriptor by others, as a C library does before it ends the
/// process, is a line; of that nothing is known but the text.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// When it was written.
    pub time: Option<SystemTime>,
    /// How grave it is.
    pub level: Option<Level>,
    /// The part of the program that it comes from.
    pub target: Option<String>,
    /// What it says; in a line of text also its fields.
    pub message: String,
    /// The fields of a line of JSON.
    pub fields: Map<String, Value>,
    /// The line, without what ends it.
    pub line: String,
}

impl Entry {
    /// Reads a line of either format. Every line is one.
    pub fn parse(line: &[u8]) -> Self {
        let line = String::from_utf8_lossy(line).into_owned();
        let (time, level, target, message, fields) = if line.starts_with('{') {
            from_json(&line)
        } else {
            from_text(&line)
        }
        .unwrap_or_else(|| (None, None, None, line.clone(), Map::new()));
        Self {
            time,
            level,
            target,
            message,
            fields,
            line,
        }
    }
}

type Parts = (
    Option<SystemTime>,
    Option<Level>,
    Option<String>,
    String,
    Map<String, Value>,
);

fn from_text(line: &str) -> Option<Parts> {
    let (time, rest) = line.split_once(' ')?;
    let (level, rest) = rest.trim_start().split_once(' ')?;
    let (target, message) = rest.trim_start().split_once(": ")?;
    Some((
        Some(parse_time(time)?),
        Some(level.parse().ok()?),
        Some(target.to_owned()),
        message.to_owned(),
        Map::new(),
    ))
}

fn from_json(line: &str) -> Option<Parts> {
    let Value::Object(mut object) = serde_json::from_str(line).ok()? else {
        return None;
    };
    let mut text = |key| match object.remove(key) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    };
    let time = parse_time(&text("timestamp")?)?;
    let level = text("level")?.parse().ok()?;
    let (target, message) = (text("target"), text("message")?);
    let fields = match object.remove("fields") {
        Some(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    Some((Some(time), Some(level), target, message, fields))
}

fn parse_time(text: &str) -> Option<SystemTime> {
    Some(DateTime::parse_from_rfc3339(text).ok()?.into())
}
