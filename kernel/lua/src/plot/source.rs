use std::collections::BTreeSet;

use mlua::{Table, Value};
use perilune_chart::Value as Datum;

use super::options::Key;

/// How many rows are asked for the fields they have.
const ASKED: usize = 100;

/// The shapes of data that Lua users have.
pub(super) enum Source {
    /// `{3, 1, 4}`
    List(Table),
    /// `{{1, 3}, {2, 1}}`
    Pairs(Table),
    /// `{{name = "a", n = 1}, …}`, or rows with more than two elements.
    Records(Table),
    /// `{name = {"a", …}, n = {1, …}}`
    Columns(Table),
    /// `{a = 1, b = 2}`
    Map(Table),
}

impl Source {
    /// Tells what shape a table has.
    pub(super) fn of(data: &Table) -> Result<Self, String> {
        let length = length(data);
        if length == 0 {
            let mut entries = data.pairs::<Value, Value>().flatten();
            // The order of the entries is different each time.
            return Ok(if data.is_empty() {
                Self::List(data.clone())
            } else if entries.any(|(_, value)| matches!(value, Value::Table(_))) {
                Self::Columns(data.clone())
            } else {
                Self::Map(data.clone())
            });
        }
        let rows = (1..=length).map(|row| data.raw_get::<Value>(row).unwrap_or(Value::Nil));
        let first = rows.enumerate().find(|(_, row)| !row.is_nil());
        match first {
            Some((_, Value::Table(row))) if date(&row).is_some() => Ok(Self::List(data.clone())),
            Some((_, Value::Table(row))) => Ok(match row.raw_len() {
                2 => Self::Pairs(data.clone()),
                _ => Self::Records(data.clone()),
            }),
            Some((index, other)) if datum(&other).is_none() => Err(format!(
                "row {} is a {}; rows are numbers, strings or tables",
                index + 1,
                type_name(&other)
            )),
            _ => Ok(Self::List(data.clone())),
        }
    }
}

/// The name that Lua itself gives a value's type.
pub(super) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Integer(_) => "number",
        other => other.type_name(),
    }
}

/// How many rows there are; `table.pack` says so itself.
pub(super) fn length(table: &Table) -> usize {
    let packed = match table.raw_get::<Value>("n") {
        Ok(Value::Integer(n)) => usize::try_from(n).unwrap_or(0),
        _ => 0,
    };
    let length = table.raw_len();
    // More is a field that happens to be called n.
    if packed > length && packed <= length.saturating_mul(2).saturating_add(1_000) {
        packed
    } else {
        length
    }
}

/// A value as charts know it; nothing if they cannot.
pub(super) fn datum(value: &Value) -> Option<Datum> {
    Some(match value {
        Value::Nil => Datum::Missing,
        Value::LightUserData(pointer) if pointer.0.is_null() => Datum::Missing,
        Value::Integer(number) => Datum::Number(*number as f64),
        Value::Number(number) => Datum::Number(*number),
        Value::Boolean(truth) => Datum::Text(truth.to_string()),
        Value::String(text) => Datum::Text(text.to_string_lossy()),
        Value::Table(table) => Datum::Text(date(table)?),
        _ => return None,
    })
}

/// The ISO form of a date as `os.date("*t")` makes it.
fn date(table: &Table) -> Option<String> {
    let part = |name: &str, usual: Option<i64>| match table.raw_get::<Value>(name) {
        Ok(Value::Integer(part)) => Some(part),
        Ok(Value::Nil) => usual,
        _ => None,
    };
    let (year, month, day) = (
        part("year", None)?,
        part("month", None)?,
        part("day", None)?,
    );
    let (hour, minute, second) = (
        part("hour", Some(0))?,
        part("min", Some(0))?,
        part("sec", Some(0))?,
    );
    Some(format!(
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
    ))
}

/// A row's or table's field.
pub(super) fn field(row: &Table, key: &Key) -> Value {
    let value = match key {
        Key::Name(name) => row.raw_get(name.as_str()),
        Key::Index(index) => row.raw_get(*index),
    };
    value.unwrap_or(Value::Nil)
}

/// The names of the fields that the first rows have, or the names of the columns.
pub(super) fn fields(source: &Source) -> Vec<String> {
    let mut names = BTreeSet::new();
    let mut add = |table: &Table| {
        for (key, _) in table.pairs::<Value, Value>().flatten() {
            match key {
                Value::String(name) => drop(names.insert(name.to_string_lossy())),
                Value::Integer(index) => drop(names.insert(index.to_string())),
                _ => {}
            }
        }
    };
    match source {
        Source::Columns(table) => add(table),
        Source::Records(table) => {
            for row in 1..=length(table).min(ASKED) {
                if let Ok(Value::Table(row)) = table.raw_get::<Value>(row) {
                    add(&row);
                }
            }
        }
        Source::List(_) | Source::Pairs(_) | Source::Map(_) => {}
    }
    names.into_iter().collect()
}
