use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::ffi::c_void;

use mlua::thread::ThreadStatus;
use mlua::{Function, Lua, Table, Thread, Value, ffi};

use super::definition::name_where_defined;
use super::layout::{Item, Node};
use super::literal::{is_plain_key, quoted};
use crate::cell::call_within;
use crate::failure::{Stack, capture_one, describe_error, error_text, library_names};
use crate::interrupt;

/// The cell ends while a value is printed; what was printed so far is of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unwound;

/// Tables in tables are shown down to here.
const DEPTH: usize = 6;
/// How many entries of one table are shown.
const ENTRIES: usize = 200;
/// How many values are shown in all.
const VALUES: usize = 2_000;
/// How many keys are sorted at most; a table with more is shown in Lua's order.
const SORTED_KEYS: usize = 10_000;
/// How much of a string is shown, in bytes, alone and within a table.
const STRING: usize = 1 << 20;
const STRING_IN_TABLE: usize = 2_000;

/// Prints values for people, as valid Lua where that is possible.
pub(crate) struct Printer<'a> {
    lua: &'a Lua,
    names: Option<HashMap<*const c_void, String>>,
    open: HashSet<*const c_void>,
    room: usize,
    depth: usize,
    entries: usize,
    runs_metamethods: bool,
}

impl<'a> Printer<'a> {
    pub(crate) fn new(lua: &'a Lua) -> Self {
        Self {
            lua,
            names: None,
            open: HashSet::new(),
            room: VALUES,
            depth: DEPTH,
            entries: ENTRIES,
            runs_metamethods: true,
        }
    }

    /// The same printer with other limits: how deep tables are shown, and how many entries of
    /// each.
    pub(crate) fn limited(mut self, depth: Option<usize>, entries: Option<usize>) -> Self {
        self.depth = depth.unwrap_or(self.depth);
        if let Some(entries) = entries {
            self.entries = entries;
            self.room = self.room.max(entries.saturating_mul(2));
        }
        self
    }

    /// A printer that runs no metamethods.
    pub(crate) fn raw(lua: &'a Lua) -> Self {
        Self {
            runs_metamethods: false,
            ..Self::new(lua)
        }
    }

    /// The text of a value. Runs `__tostring` metamethods.
    pub(crate) fn print(&mut self, value: &Value) -> Result<String, Unwound> {
        Ok(self.node(value, 0)?.render())
    }

    /// The text of a value on one line, as far as it has none of its own.
    pub(crate) fn print_line(&mut self, value: &Value) -> Result<String, Unwound> {
        Ok(self.node(value, 0)?.render_line())
    }

    fn node(&mut self, value: &Value, depth: usize) -> Result<Node, Unwound> {
        if interrupt::is_due() {
            return Err(Unwound);
        }
        self.room = self.room.saturating_sub(1);
        let limit = if depth == 0 { STRING } else { STRING_IN_TABLE };
        Ok(Node::Text(match value {
            Value::Nil => "nil".to_owned(),
            Value::Boolean(truth) => truth.to_string(),
            // Its digits would be read back as a float.
            Value::Integer(i64::MIN) if depth > 0 => "math.mininteger".to_owned(),
            Value::Integer(number) => number.to_string(),
            Value::Number(number) => self.float(*number, depth),
            Value::String(text) => quoted(&text.as_bytes(), limit),
            Value::Table(table) => return self.table(table, depth),
            Value::Function(function) => self.function(function),
            Value::Thread(thread) => self.coroutine(thread),
            Value::UserData(_) => match self.own_text(value, metatable(self.lua, value))? {
                Some(text) => text,
                None => format!("userdata: {:p}", value.to_pointer()),
            },
            Value::LightUserData(pointer) if pointer.0.is_null() => "perilune.null".to_owned(),
            Value::LightUserData(pointer) => format!("light userdata: {:p}", pointer.0),
            Value::Error(error) => error_text(error),
            Value::Other(_) => "unknown".to_owned(),
        }))
    }

    fn float(&self, number: f64, depth: usize) -> String {
        if number == f64::INFINITY {
            return "math.huge".to_owned();
        }
        if number == f64::NEG_INFINITY {
            return "-math.huge".to_owned();
        }
        if number.is_nan() {
            // Alone it is read by a person, within a table perhaps by Lua.
            return if depth == 0 { "nan" } else { "0/0" }.to_owned();
        }
        match self.lua.coerce_string(Value::Number(number)) {
            Ok(Some(text)) => text.to_string_lossy(),
            _ => number.to_string(),
        }
    }

    fn function(&mut self, function: &Function) -> String {
        let lua = self.lua;
        let names = self.names.get_or_insert_with(|| library_names(lua));
        let known = names.get(&function.to_pointer()).cloned();
        let info = function.info();
        let place = match (info.what, info.line_defined, info.short_src) {
            ("C", _, _) => "builtin".to_owned(),
            (_, Some(line), Some(chunk)) => format!("{chunk}:{line}"),
            (_, _, chunk) => chunk.unwrap_or_default(),
        };
        match known.or_else(|| name_where_defined(lua, function)) {
            Some(name) => format!("function: {name} ({place})"),
            None => format!("function: {:p} ({place})", function.to_pointer()),
        }
    }

    fn coroutine(&self, thread: &Thread) -> String {
        let status = match thread.status() {
            ThreadStatus::Resumable => "suspended",
            ThreadStatus::Running => "running",
            ThreadStatus::Normal => "normal",
            ThreadStatus::Finished => "dead",
            ThreadStatus::Error => "dead, by an error",
        };
        let value = Value::Thread(thread.clone());
        let mut stack = Stack::default();
        if thread.status() == ThreadStatus::Resumable {
            // SAFETY: the value on the stack is a live coroutine that does not run, and looking at
            // it raises no error.
            let looked = unsafe {
                self.lua.exec_raw::<()>(&value, |state| {
                    let coroutine = ffi::lua_tothread(state, 1);
                    stack = interrupt::report(|| capture_one(coroutine, 0));
                    ffi::lua_settop(state, 0);
                })
            };
            if looked.is_err() {
                return format!("thread: {:p} ({status})", value.to_pointer());
            }
        }
        let place = stack.frames.iter().find_map(|frame| {
            let line = frame.line?;
            Some(format!(" at {}:{line}", frame.chunk))
        });
        let place = place.unwrap_or_default();
        format!("thread: {:p} ({status}{place})", value.to_pointer())
    }

    /// What the value's own `__tostring` or `__name` says.
    fn own_text(&self, value: &Value, meta: Option<Table>) -> Result<Option<String>, Unwound> {
        let Some(meta) = meta else {
            return Ok(None);
        };
        let to_string = meta.raw_get::<Value>("__tostring").unwrap_or(Value::Nil);
        if !to_string.is_nil() && self.runs_metamethods {
            let Value::Function(function) = &to_string else {
                let kind = to_string.type_name();
                return Ok(Some(format!("<__tostring is a {kind}>")));
            };
            let made = call_within(self.lua, function, value);
            if interrupt::is_unwinding() {
                return Err(Unwound);
            }
            return Ok(Some(match made.as_deref() {
                Ok([Value::String(text), ..]) => text.to_string_lossy(),
                Ok(other) => {
                    let kind = other.first().map_or("nil", Value::type_name);
                    format!("<__tostring gave a {kind}>")
                }
                Err(error) => format!("<error in __tostring: {}>", describe_error(error)),
            }));
        }
        if matches!(value, Value::Table(_)) {
            return Ok(None);
        }
        let name = meta.raw_get::<Value>("__name").ok();
        Ok(name
            .as_ref()
            .and_then(Value::as_string)
            .map(|name| format!("{}: {:p}", name.to_string_lossy(), value.to_pointer())))
    }

    fn table(&mut self, table: &Table, depth: usize) -> Result<Node, Unwound> {
        let meta = raw_metatable(table);
        let value = Value::Table(table.clone());
        if let Some(text) = self.own_text(&value, meta.clone())? {
            return Ok(Node::Text(text));
        }
        let name = meta
            .and_then(|meta| meta.raw_get::<Value>("__name").ok())
            .and_then(|name| Some(name.as_string()?.to_string_lossy() + " "))
            .unwrap_or_default();
        let pointer = table.to_pointer();
        if self.open.contains(&pointer) {
            return Ok(Node::Text(format!("{name}<cycle>")));
        }
        if depth >= self.depth && table.pairs::<Value, Value>().next().is_some() {
            return Ok(Node::Text(format!("{name}{{…}}")));
        }
        self.open.insert(pointer);
        let content = self.entries(table, depth);
        self.open.remove(&pointer);
        let (items, hidden) = content?;
        Ok(Node::Table {
            name,
            items,
            more: (hidden > 0).then(|| format!("… {hidden} more")),
        })
    }

    /// The entries to show, and how many there are beside them.
    fn entries(&mut self, table: &Table, depth: usize) -> Result<(Vec<Item>, usize), Unwound> {
        let length = table.raw_len();
        let mut items = Vec::new();
        let mut sequence = 0;
        for index in 1..=length {
            let value = table.raw_get::<Value>(index).unwrap_or(Value::Nil);
            if value.is_nil() || items.len() >= self.entries || self.room == 0 {
                break;
            }
            let value = self.node(&value, depth + 1)?;
            items.push(Item { key: None, value });
            sequence = index;
        }
        let mut keys = Vec::new();
        let mut total = 0usize;
        for (key, value) in table.pairs::<Value, Value>().flatten() {
            if interrupt::is_due() {
                return Err(Unwound);
            }
            let in_sequence = matches!(key, Value::Integer(index)
                if usize::try_from(index).is_ok_and(|index| (1..=sequence).contains(&index)));
            if in_sequence {
                continue;
            }
            total += 1;
            if keys.len() < SORTED_KEYS {
                keys.push((key, value));
            }
        }
        keys.sort_by(|(left, _), (right, _)| compare(left, right));
        let mut shown = 0;
        for (key, value) in &keys {
            if items.len() >= self.entries || self.room == 0 {
                break;
            }
            let key = match key {
                Value::String(name) if name.to_str().is_ok_and(|name| is_plain_key(&name)) => {
                    name.to_string_lossy()
                }
                key => format!("[{}]", self.node(key, self.depth.max(1))?.render()),
            };
            let value = self.node(value, depth + 1)?;
            items.push(Item {
                key: Some(key),
                value,
            });
            shown += 1;
        }
        Ok((items, total - shown))
    }
}

/// Numbers, then strings, then the rest, each in its order.
pub(crate) fn compare(left: &Value, right: &Value) -> Ordering {
    let rank = |value: &Value| match value {
        Value::Integer(_) | Value::Number(_) => 0,
        Value::String(_) => 1,
        Value::Boolean(_) => 2,
        _ => 3,
    };
    let number = |value: &Value| match value {
        Value::Integer(number) => *number as f64,
        Value::Number(number) => *number,
        _ => 0.0,
    };
    let is_float = |value: &Value| matches!(value, Value::Number(_));
    rank(left)
        .cmp(&rank(right))
        .then_with(|| match (left, right) {
            (Value::String(left), Value::String(right)) => left.as_bytes().cmp(&right.as_bytes()),
            (Value::Integer(left), Value::Integer(right)) => left.cmp(right),
            (Value::Boolean(left), Value::Boolean(right)) => left.cmp(right),
            // Many large integers are equal to one float, which has to stand behind all of them
            // for the order to be one.
            _ => number(left)
                .total_cmp(&number(right))
                .then_with(|| is_float(left).cmp(&is_float(right))),
        })
}

/// A table's metatable, whatever its `__metatable` says.
pub(super) fn raw_metatable(table: &Table) -> Option<Table> {
    table.metatable()
}

/// A value's metatable, whatever its `__metatable` says.
pub(crate) fn metatable(lua: &Lua, value: &Value) -> Option<Table> {
    match value {
        Value::Table(table) => raw_metatable(table),
        Value::UserData(_) => {
            // SAFETY: the closure owns nothing and leaves one value or none.
            let meta: mlua::Result<Option<Table>> = unsafe {
                lua.exec_raw(value, |state| {
                    if ffi::lua_getmetatable(state, 1) == 0 {
                        ffi::lua_pushnil(state);
                    }
                    ffi::lua_remove(state, 1);
                })
            };
            meta.ok().flatten()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_and_the_float_that_they_all_are_near_have_one_order() {
        let float = Value::Number(9_223_372_036_854_775_808.0);
        let integers = (0..100).map(|below| Value::Integer(i64::MAX - below));
        let keys: Vec<_> = integers.chain([float, Value::Number(0.5)]).collect();
        for first in &keys {
            for second in &keys {
                assert_eq!(compare(first, second), compare(second, first).reverse());
                for third in &keys {
                    let chain = [compare(first, second), compare(second, third)];
                    if chain.iter().all(|order| order.is_le()) {
                        assert_eq!(compare(first, third), chain[0].min(chain[1]));
                    }
                }
            }
        }
    }
}
