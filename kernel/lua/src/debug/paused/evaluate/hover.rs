//! What a pointer rests on: names, fields and literals, read without running anything.

use std::rc::Rc;

use mlua::{Table, Value};
use perilune_language::debug::Refusal;

use super::super::calls::Call;
use super::super::visible::Visible;
use super::super::{PausedCode, of_lua, refuse};
use crate::cell::{call_within, compile_text};
use crate::syntax::{Token, TokenKind, tokens};
use crate::value::metatable;

/// How far a chain of `__index` tables is followed.
const INHERITANCE: usize = 16;
/// How deep brackets may be in each other.
const DEPTH: usize = 20;

impl PausedCode<'_> {
    /// The value of names, fields and literals.
    pub(in super::super) fn hovered(
        &self,
        call: Option<&Rc<Call>>,
        expression: &str,
    ) -> Result<Value, Refusal> {
        let visible = self.visible(call).map_err(|error| of_lua(&error))?;
        let tokens: Vec<_> = tokens(expression).collect();
        let mut reading = Reading {
            paused: self,
            visible: &visible,
            rest: &tokens,
        };
        match reading.value(0)? {
            Some(value) if reading.rest.is_empty() => Ok(value),
            _ => refuse(
                "under the pointer only variables and their fields are looked up; the console \
                 evaluates everything",
            ),
        }
    }

    /// A field by raw access, also of the tables that a table inherits from.
    pub(in super::super) fn field(&self, of: &Value, key: &Value) -> Value {
        let mut next = Some(of.clone());
        for _ in 0..INHERITANCE {
            let Some(value) = next.take() else { break };
            let own = match &value {
                Value::Table(table) => table.raw_get(key).unwrap_or(Value::Nil),
                _ => Value::Nil,
            };
            if !own.is_nil() {
                return own;
            }
            next = match &value {
                Value::String(_) => self.lua.globals().raw_get::<Table>("string").ok(),
                value => metatable(self.lua, value)
                    .and_then(|meta| meta.raw_get::<Value>("__index").ok())
                    .and_then(|index| index.as_table().cloned()),
            }
            .map(Value::Table);
        }
        Value::Nil
    }
}

struct Reading<'a> {
    paused: &'a PausedCode<'a>,
    visible: &'a Visible,
    rest: &'a [Token<'a>],
}

impl Reading<'_> {
    fn take(&mut self) -> Option<Token<'_>> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn accept(&mut self, text: &str) -> bool {
        let is_next = self.rest.first().is_some_and(|token| token.is(text));
        if is_next {
            self.take();
        }
        is_next
    }

    /// A literal, or a name with fields; nothing if it is anything else.
    fn value(&mut self, depth: usize) -> Result<Option<Value>, Refusal> {
        if depth > DEPTH {
            return Ok(None);
        }
        let paused = self.paused;
        let Some(token) = self.take() else {
            return Ok(None);
        };
        let mut value = match token.kind {
            TokenKind::Name => {
                let name = token.text.to_owned();
                self.variable(&name)?
            }
            TokenKind::String | TokenKind::Number => paused.literal(token.text)?,
            _ if token.is("nil") || token.is("true") || token.is("false") => {
                paused.literal(token.text)?
            }
            _ if token.is("-")
                && self
                    .rest
                    .first()
                    .is_some_and(|next| next.kind == TokenKind::Number) =>
            {
                let number = self.take().map(|token| token.text.to_owned());
                paused.literal(&format!("-{}", number.unwrap_or_default()))?
            }
            _ => return Ok(None),
        };
        loop {
            let key = if self.accept(".") || self.accept(":") {
                let Some(name) = self.take().filter(|token| token.kind == TokenKind::Name) else {
                    return Ok(None);
                };
                let name = paused.lua.create_string(name.text);
                Value::String(name.map_err(|error| of_lua(&error))?)
            } else if self.accept("[") {
                let Some(key) = self.value(depth + 1)? else {
                    return Ok(None);
                };
                if !self.accept("]") {
                    return Ok(None);
                }
                key
            } else {
                return Ok(Some(value));
            };
            value = paused.field(&value, &key);
        }
    }

    fn variable(&self, name: &str) -> Result<Value, Refusal> {
        if let Some(value) = self.paused.value_of(self.visible, name) {
            return Ok(value);
        }
        let environment = self.paused.environment(self.visible);
        let key = self.paused.lua.create_string(name);
        let key = Value::String(key.map_err(|error| of_lua(&error))?);
        match self.paused.field(&environment, &key) {
            Value::Nil => refuse(format!("there is no variable {name} here")),
            value => Ok(value),
        }
    }
}

impl PausedCode<'_> {
    /// The value of a literal, as Lua reads it.
    pub(in super::super) fn literal(&self, text: &str) -> Result<Value, Refusal> {
        let function = compile_text(self.lua, super::NAME, &format!("return {text}"));
        let values = function.and_then(|function| call_within(self.lua, &function, ()));
        let values = values.map_err(|error| self.words(&error))?;
        Ok(values.into_iter().next().unwrap_or(Value::Nil))
    }
}
