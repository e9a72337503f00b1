//! Lua's values as JSON, and back.
//!
//! A table whose keys are 1 to n is an array, an empty one an object, unless `perilune.array`
//! marked it. JSON's null is `perilune.null`. Not-a-number and the infinities, which JSON does not
//! have, become null; bytes that are not UTF-8 become U+FFFD.

use mlua::{Lua, Table, Value};
use serde_json::{Map, Number, Value as Json};

use crate::interrupt;

/// Deeper tables are refused: they may be endless, and readers have limits too.
const DEPTH: usize = 100;

/// About how much memory JSON may take, in bytes. A table that others share is in it each time, so
/// that few tables can become more than any machine holds.
const LARGEST: usize = 512 << 20;
/// What values take, in bytes, as measured with `serde_json`.
const SCALAR: usize = 32;
const ARRAY: usize = 64;
const OBJECT: usize = 512;
const KEY: usize = 24;

/// The metatable field that marks arrays.
pub(crate) const ARRAY_MARK: &str = "__array";

/// What happens to values that JSON does not know, such as functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strictness {
    /// They become their type's name.
    Lenient,
    /// They are an error.
    Strict,
}

/// A Lua value as JSON. Runs no metamethods.
pub(crate) fn to_json(value: &Value, strictness: Strictness) -> Result<Json, String> {
    let mut room = Room(LARGEST);
    convert(value, strictness, DEPTH, &mut room)
}

/// How many bytes the JSON may still take.
struct Room(usize);

impl Room {
    fn take(&mut self, size: usize) -> Result<(), String> {
        self.0 = self.0.checked_sub(size).ok_or(
            "the value is too large for JSON: more than 512 MiB, \
             where a table counts as often as it is reached",
        )?;
        Ok(())
    }
}

fn convert(
    value: &Value,
    strictness: Strictness,
    depth: usize,
    room: &mut Room,
) -> Result<Json, String> {
    room.take(match value {
        Value::String(text) => SCALAR.saturating_add(text.as_bytes().len()),
        _ => SCALAR,
    })?;
    if interrupt::is_due() {
        return Err("interrupted".to_owned());
    }
    Ok(match value {
        Value::Nil => Json::Null,
        Value::Boolean(truth) => Json::Bool(*truth),
        Value::Integer(number) => Json::from(*number),
        Value::Number(number) => Number::from_f64(*number).map_or(Json::Null, Json::Number),
        Value::String(text) => Json::String(text.to_string_lossy()),
        Value::LightUserData(pointer) if pointer.0.is_null() => Json::Null,
        Value::Table(table) => {
            let depth = depth
                .checked_sub(1)
                .ok_or("a table is too deep for JSON, or contains itself")?;
            return convert_table(table, strictness, depth, room);
        }
        other if strictness == Strictness::Lenient => {
            Json::String(format!("<{}>", other.type_name()))
        }
        other => return Err(format!("JSON cannot hold a {}", other.type_name())),
    })
}

fn convert_table(
    table: &Table,
    strictness: Strictness,
    depth: usize,
    room: &mut Room,
) -> Result<Json, String> {
    let length = table.raw_len();
    let mut entries = 0;
    let mut is_sequence = true;
    for (key, _) in table.pairs::<Value, Value>().flatten() {
        entries += 1;
        is_sequence &= matches!(key, Value::Integer(index)
            if usize::try_from(index).is_ok_and(|index| (1..=length).contains(&index)));
    }
    let is_marked = table.metatable().is_some_and(|meta| {
        meta.raw_get::<Value>(ARRAY_MARK)
            .is_ok_and(|mark| !mark.is_nil())
    });
    if is_sequence && entries == length && (length > 0 || is_marked) {
        room.take(ARRAY)?;
        return (1..=length)
            .map(|index| {
                let item = table.raw_get::<Value>(index).unwrap_or(Value::Nil);
                convert(&item, strictness, depth, room)
            })
            .collect::<Result<Vec<_>, _>>()
            .map(Json::Array);
    }
    room.take(if entries == 0 { ARRAY } else { OBJECT })?;
    let mut object = Vec::with_capacity(entries);
    for (key, item) in table.pairs::<Value, Value>().flatten() {
        let key = match &key {
            Value::String(key) => key.to_string_lossy(),
            Value::Integer(key) => key.to_string(),
            Value::Number(key) => key.to_string(),
            other if strictness == Strictness::Strict => {
                return Err(format!("JSON's keys cannot be a {}", other.type_name()));
            }
            other => format!("<{}>", other.type_name()),
        };
        room.take(KEY.saturating_add(key.len()))?;
        object.push((key, convert(&item, strictness, depth, room)?));
    }
    // Lua's own order changes from run to run.
    object.sort_by(|(left, _), (right, _)| left.cmp(right));
    Ok(Json::Object(object.into_iter().collect()))
}

/// JSON as a Lua value.
///
/// # Errors
///
/// When there is no memory left.
pub(crate) fn from_json(lua: &Lua, json: &Json) -> mlua::Result<Value> {
    Ok(match json {
        Json::Null => Value::NULL,
        Json::Bool(truth) => Value::Boolean(*truth),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => Value::Integer(integer),
            (None, float) => Value::Number(float.unwrap_or(f64::NAN)),
        },
        Json::String(text) => Value::String(lua.create_string(text)?),
        Json::Array(items) => {
            let table = lua.create_table_with_capacity(items.len(), 0)?;
            for (index, item) in items.iter().enumerate() {
                table.raw_set(index + 1, from_json(lua, item)?)?;
            }
            let mark = lua.named_registry_value::<Table>("perilune.array")?;
            table.set_metatable(Some(mark))?;
            Value::Table(table)
        }
        Json::Object(object) => Value::Table(table_from(lua, object)?),
    })
}

/// A JSON object as a Lua table.
///
/// # Errors
///
/// When there is no memory left.
pub(crate) fn table_from(lua: &Lua, object: &Map<String, Json>) -> mlua::Result<Table> {
    let table = lua.create_table_with_capacity(0, object.len())?;
    for (key, item) in object {
        table.raw_set(key.as_str(), from_json(lua, item)?)?;
    }
    Ok(table)
}
