//! Values on one line. Nothing here runs metamethods.

use mlua::{Lua, Value};

use crate::value::Printer;

/// A value on one line, bounded in length.
pub(super) fn preview(lua: &Lua, value: &Value) -> String {
    match value {
        Value::Table(_) => "{…}".to_owned(),
        value => Printer::raw(lua).print_line(value).unwrap_or_default(),
    }
}

/// A key as it is shown.
pub(super) fn key(key: &Value) -> String {
    match key {
        Value::String(text) => text.to_string_lossy(),
        Value::Integer(number) => format!("[{number}]"),
        _ => "[?]".to_owned(),
    }
}
