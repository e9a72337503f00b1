//! Values on one line. Nothing here runs metamethods.

use std::fmt::Write;

use mlua::{Lua, Table, Value};

use super::PausedCode;
use super::paths::literal;
use super::tables::Layout;
use crate::value::{Printer, compare, is_plain_key, metatable, quoted};

/// So much of a string is shown, in bytes, alone and within a table.
const STRING: usize = 1_000;
const STRING_IN_TABLE: usize = 40;
/// So many elements of a table are shown at most, and that many characters.
const ELEMENTS: usize = 12;
const WIDTH: usize = 80;
/// So many names are looked at to show the first ones.
const NAMES: usize = 50;
/// So much of a class's name is shown, in characters.
const CLASS: usize = 60;

/// Shows values, one after the other.
pub(super) struct Preview<'a> {
    paused: &'a PausedCode<'a>,
    lua: &'a Lua,
    layout: Layout,
    printer: Printer<'a>,
}

impl<'a> Preview<'a> {
    pub(super) fn new(paused: &'a PausedCode<'a>) -> Self {
        let lua = paused.lua;
        Self {
            paused,
            lua,
            layout: paused.layout(),
            printer: Printer::raw(lua),
        }
    }

    /// A value on one line, bounded in length.
    pub(super) fn of(&mut self, value: &Value) -> String {
        match value {
            Value::Table(table) => self.table(table),
            Value::String(text) => quoted(&text.as_bytes(), STRING),
            Value::Function(function) => self.paused.function_text(function),
            value => self.plain(value),
        }
    }

    fn plain(&mut self, value: &Value) -> String {
        let text = self.printer.print_line(value).unwrap_or_default();
        match text.char_indices().nth(STRING) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        }
    }

    /// What a value within a table looks like.
    fn within(&mut self, value: &Value) -> String {
        match value {
            Value::Table(table) => {
                let class = class_of(self.lua, value);
                let is_empty = table.raw_len() == 0 && !self.has_names(table);
                format!("{class}{}", if is_empty { "{}" } else { "{…}" })
            }
            Value::String(text) => quoted(&text.as_bytes(), STRING_IN_TABLE),
            Value::Function(_) => "function".to_owned(),
            Value::Thread(_) => "thread".to_owned(),
            Value::UserData(_) => "userdata".to_owned(),
            value => self.plain(value),
        }
    }

    fn has_names(&self, table: &Table) -> bool {
        let names = self.layout.names(self.lua, table, None, 0, 1);
        names.is_ok_and(|names| !names.is_empty())
    }

    fn table(&mut self, table: &Table) -> String {
        let mut text = class_of(self.lua, &Value::Table(table.clone()));
        text.push('{');
        let start = text.len();
        let length = table.raw_len();
        let mut shown = 0;
        let mut is_cut = false;
        for index in 1..=length {
            if shown == ELEMENTS || text.chars().count() > WIDTH {
                is_cut = true;
                break;
            }
            let value = table.raw_get(index).unwrap_or(Value::Nil);
            let value = self.within(&value);
            separate(&mut text, start);
            text.push_str(&value);
            shown += 1;
        }
        let names = self.layout.names(self.lua, table, None, 0, NAMES);
        let mut names = names.unwrap_or_default();
        is_cut |= names.len() == NAMES;
        names.sort_by(compare);
        for key in &names {
            if shown == ELEMENTS || text.chars().count() > WIDTH {
                is_cut = true;
                break;
            }
            let value = table.raw_get(key).unwrap_or(Value::Nil);
            let value = self.within(&value);
            separate(&mut text, start);
            let _ = write!(text, "{} = {value}", self.key(key));
            shown += 1;
        }
        if is_cut {
            separate(&mut text, start);
            text.push('…');
        }
        text.push('}');
        text
    }

    /// A key as in a table constructor.
    fn key(&mut self, key: &Value) -> String {
        match key {
            Value::String(name) if name.to_str().is_ok_and(|name| is_plain_key(&name)) => {
                name.to_string_lossy()
            }
            key => format!("[{}]", self.within(key)),
        }
    }

    /// What an element of a table is called: a name, or a key in brackets.
    pub(super) fn name(&mut self, key: &Value) -> String {
        match key {
            Value::String(name) if name.to_str().is_ok_and(|name| is_plain_key(&name)) => {
                name.to_string_lossy()
            }
            key => match literal(key) {
                Some(literal) => format!("[{literal}]"),
                None => format!("[{}]", self.object(key)),
            },
        }
    }

    /// A key that is known by its place alone, or too long to be written out.
    fn object(&mut self, key: &Value) -> String {
        match key {
            Value::String(_) => format!("{} {:p}", self.within(key), key.to_pointer()),
            Value::Table(_) => format!("{}table: {:p}", class_of(self.lua, key), key.to_pointer()),
            key => self.of(key),
        }
    }
}

fn separate(text: &mut String, start: usize) {
    if text.len() > start {
        text.push_str(", ");
    }
}

/// What a metatable calls a value, with a space behind it.
fn class_of(lua: &Lua, value: &Value) -> String {
    let meta = metatable(lua, value);
    let name = meta.and_then(|meta| meta.raw_get::<Value>("__name").ok());
    match name {
        Some(Value::String(name)) => {
            let name: String = name.to_string_lossy().chars().take(CLASS).collect();
            name.replace(char::is_control, "\u{fffd}") + " "
        }
        _ => String::new(),
    }
}
