use mlua::{Lua, Value};

use super::pretty::Printer;

/// How many characters of a value a summary has.
const LENGTH: usize = 2_000;

/// A value in short. Runs no metamethods.
pub(crate) fn summary(lua: &Lua, value: &Value) -> String {
    let text = Printer::raw(lua).print(value).unwrap_or_default();
    match text.char_indices().nth(LENGTH) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
