//! The variables that code at some place sees.

use std::ffi::c_int;
use std::rc::Rc;

use mlua::Value;
use perilune_language::debug::Refusal;

use super::PausedCode;
use super::calls::Call;
use crate::cell::kept_value;

/// A variable that is no global.
pub(super) struct Seen {
    pub(super) name: String,
    pub(super) is_constant: bool,
    pub(super) place: Place,
}

/// Where it is.
#[derive(Debug, Clone)]
pub(super) enum Place {
    /// The local of that number, and what it is now.
    Local(c_int, Value),
    /// The upvalue of that number of the frame's function.
    Upvalue(c_int),
    /// A local of an earlier cell: the upvalue of that number of the closure that keeps it.
    Kept(c_int),
    /// Nowhere: it is only lent.
    Lent(Value),
}

/// What code sees from a frame, or from outside of all code.
pub(super) struct Visible {
    /// One of each name.
    seen: Vec<Seen>,
    pub(super) call: Option<Rc<Call>>,
    /// Whether there is `...`.
    pub(super) is_variadic: bool,
}

impl Visible {
    pub(super) fn find(&self, name: &str) -> Option<&Seen> {
        self.seen.iter().find(|seen| seen.name == name)
    }

    pub(super) fn all(&self) -> &[Seen] {
        &self.seen
    }

    /// An error in the words of who reads it: to them a local of the frame is a local.
    pub(super) fn with_names(&self, Refusal(mut why): Refusal) -> Refusal {
        for seen in &self.seen {
            if matches!(seen.place, Place::Local(..)) && why.contains("(upvalue '") {
                let name = &seen.name;
                why = why.replace(&format!("(upvalue '{name}')"), &format!("(local '{name}')"));
            }
        }
        Refusal(why)
    }

    /// Lends a value a name, before all others.
    pub(super) fn lend(&mut self, name: &str, value: Value) {
        self.seen.retain(|seen| seen.name != name);
        self.seen.push(Seen {
            name: name.to_owned(),
            is_constant: true,
            place: Place::Lent(value),
        });
    }
}

impl PausedCode<'_> {
    /// What code sees from a frame; nothing but the session if there is none.
    pub(super) fn visible(&self, call: Option<&Rc<Call>>) -> mlua::Result<Visible> {
        let mut seen: Vec<Seen> = Vec::new();
        let mut is_variadic = false;
        if let Some(call) = call {
            // The innermost of a name is the last.
            for local in self.locals_of(call)?.into_iter().rev() {
                if !seen.iter().any(|known| known.name == local.name) {
                    seen.push(Seen {
                        name: local.name,
                        is_constant: local.is_constant,
                        place: match local.index {
                            0 => Place::Lent(local.value),
                            index => Place::Local(index, local.value),
                        },
                    });
                }
            }
            for upvalue in call.upvalues(self.lua)? {
                let is_hidden = seen.iter().any(|known| known.name == upvalue.name);
                if !is_hidden && !self.is_plain_environment(&upvalue) {
                    seen.push(Seen {
                        is_constant: self.is_constant_upvalue(call, &upvalue),
                        name: upvalue.name,
                        place: Place::Upvalue(upvalue.index),
                    });
                }
            }
            for (name, value) in self.constants_around(call) {
                if !seen.iter().any(|known| known.name == name) {
                    seen.push(Seen {
                        name,
                        is_constant: true,
                        place: Place::Lent(value),
                    });
                }
            }
            is_variadic = call.function.info().is_vararg;
        }
        if call.is_none_or(|call| self.is_of_cell(call)) {
            let kept = self.context.kept.borrow();
            for (name, local) in kept.all() {
                if !seen.iter().any(|known| known.name == name) {
                    seen.push(Seen {
                        name: name.to_owned(),
                        is_constant: local.is_constant,
                        place: Place::Kept(local.upvalue),
                    });
                }
            }
        }
        Ok(Visible {
            seen,
            call: call.cloned(),
            is_variadic,
        })
    }

    /// Whether a call is of code in a cell, which sees the locals of earlier cells.
    pub(super) fn is_of_cell(&self, call: &Call) -> bool {
        let info = call.function.info();
        let source = info.source.unwrap_or_default();
        let sources = self.context.sources.borrow();
        source
            .strip_prefix('=')
            .is_some_and(|name| sources.of_cell(name).is_some())
    }

    /// What a variable is now.
    pub(super) fn value_of(&self, visible: &Visible, name: &str) -> Option<Value> {
        let seen = visible.find(name)?;
        match &seen.place {
            Place::Local(_, value) | Place::Lent(value) => Some(value.clone()),
            Place::Upvalue(index) => {
                let upvalues = visible.call.as_ref()?.upvalues(self.lua).ok()?;
                let found = upvalues.into_iter().find(|upvalue| upvalue.index == *index);
                found.map(|upvalue| upvalue.value)
            }
            Place::Kept(_) => kept_value(self.lua, self.context, name),
        }
    }

    /// What code takes for the globals.
    pub(super) fn environment(&self, visible: &Visible) -> Value {
        self.value_of(visible, "_ENV")
            .unwrap_or_else(|| Value::Table(self.lua.globals()))
    }
}
