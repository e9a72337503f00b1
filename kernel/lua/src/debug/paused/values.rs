use std::rc::Rc;

use mlua::{Function, Value, ffi};
use perilune_language::debug::{Kind, SourceKey, Variable};

use super::PausedCode;
use super::calls::{Call, upvalues};
use super::looks::{Held, Holder};
use super::preview::Preview;
use super::tables::Layout;
use crate::value::metatable;

/// What is known of a variable beside its value.
#[derive(Default)]
pub(super) struct About<'c> {
    pub(super) name: String,
    /// An expression for it.
    pub(super) path: Option<String>,
    /// The frame that it is seen from.
    pub(super) call: Option<&'c Rc<Call>>,
    pub(super) is_constant: bool,
    pub(super) is_virtual: bool,
}

impl PausedCode<'_> {
    /// How tables are made.
    pub(super) fn layout(&self) -> Layout {
        self.context.looks.borrow_mut().layout(self.lua)
    }

    /// Values on one line.
    pub(super) fn preview(&self) -> Preview<'_> {
        Preview::new(self)
    }

    /// A value as a variable.
    pub(super) fn variable(
        &self,
        preview: &mut Preview<'_>,
        value: &Value,
        about: About<'_>,
    ) -> Variable {
        let (type_name, kind) = type_of(value);
        let (named, indexed) = self.parts(value);
        let holder = (named + indexed > 0).then(|| {
            self.hold(Holder {
                what: Held::Value(value.clone()),
                path: about.path.clone(),
                call: about.call.cloned(),
            })
        });
        Variable {
            name: about.name,
            value: preview.of(value),
            type_name: type_name.to_owned(),
            kind,
            evaluate_name: about.path,
            holder,
            named,
            indexed,
            is_constant: about.is_constant,
            is_virtual: about.is_virtual,
            defined_at: match value {
                Value::Function(function) => self.defined_at(function),
                _ => None,
            },
        }
    }

    /// A variable that the debugger has made up.
    pub(super) fn made_up(&self, name: &str, text: String) -> Variable {
        Variable {
            name: name.to_owned(),
            value: text,
            type_name: String::new(),
            kind: Kind::Other,
            evaluate_name: None,
            holder: None,
            named: 0,
            indexed: 0,
            is_constant: true,
            is_virtual: true,
            defined_at: None,
        }
    }

    /// How many parts a value has with a name, and with a number.
    fn parts(&self, value: &Value) -> (usize, usize) {
        let has_metatable = usize::from(metatable(self.lua, value).is_some());
        match value {
            Value::Table(table) => {
                let size = self.layout().size(self.lua, table);
                (size.named + has_metatable, size.indexed)
            }
            Value::Function(function) => {
                let upvalues = self.shown_upvalues(function);
                (upvalues, 0)
            }
            Value::UserData(_) => (has_metatable + self.user_values(value).len(), 0),
            Value::Thread(_) => (1, 0),
            _ => (0, 0),
        }
    }

    fn shown_upvalues(&self, function: &Function) -> usize {
        let upvalues = upvalues(self.lua, function).unwrap_or_default();
        let shown = upvalues
            .iter()
            .filter(|upvalue| !self.is_plain_environment(upvalue));
        shown.count()
    }

    /// Whether an upvalue is the environment, and that is nothing but the globals.
    pub(super) fn is_plain_environment(&self, upvalue: &super::calls::Upvalue) -> bool {
        upvalue.name == "_ENV" && upvalue.value.to_pointer() == self.lua.globals().to_pointer()
    }

    /// What a foreign object holds beside its own memory.
    pub(super) fn user_values(&self, value: &Value) -> Vec<Value> {
        let mut found = Vec::new();
        for number in 1..=MOST_USER_VALUES {
            let mut is_there = false;
            // SAFETY: the closure owns nothing, and leaves one value; the value is a userdata.
            let read = unsafe {
                self.lua.exec_raw::<Value>(value, |state| {
                    if ffi::lua_type(state, 1) == ffi::LUA_TUSERDATA {
                        is_there = ffi::lua_getiuservalue(state, 1, number) != ffi::LUA_TNONE;
                    }
                    ffi::lua_remove(state, 1);
                })
            };
            match read {
                Ok(read) if is_there => found.push(read),
                _ => break,
            }
        }
        found
    }

    /// Where a Lua function is defined.
    fn defined_at(&self, function: &Function) -> Option<(SourceKey, u32)> {
        let info = function.info();
        let line = u32::try_from(info.line_defined?).ok()?;
        let key = self.context.keys.borrow_mut().of(info.source?.as_bytes());
        (info.what != "C").then_some((key, line))
    }
}

/// So many values of a foreign object are shown.
const MOST_USER_VALUES: i32 = 20;

/// Lua's word for a value's type, and what sort of value it is.
pub(super) fn type_of(value: &Value) -> (&'static str, Kind) {
    match value {
        Value::Nil => ("nil", Kind::Other),
        Value::Boolean(_) => ("boolean", Kind::Boolean),
        Value::Integer(_) => ("integer", Kind::Integer),
        Value::Number(_) => ("float", Kind::Float),
        Value::String(_) => ("string", Kind::Text),
        Value::Function(_) => ("function", Kind::Function),
        Value::Table(_) => ("table", Kind::Compound),
        Value::Thread(_) => ("thread", Kind::Compound),
        _ => ("userdata", Kind::Other),
    }
}
