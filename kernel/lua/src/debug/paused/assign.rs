//! Setting what is shown.

use std::ffi::c_int;
use std::rc::Rc;

use mlua::{Function, Value, ffi};
use perilune_language::debug::{FrameId, HolderId, Refusal, Variable};

use super::calls::{Call, upvalues};
use super::looks::{Held, Holder};
use super::paths::element;
use super::values::About;
use super::variables::shown_names;
use super::{PausedCode, of_lua, refuse};
use crate::cell::push_closure;
use crate::failure::record_of;
use crate::syntax::{TokenKind, tokens};

impl PausedCode<'_> {
    pub(super) fn variable_set(
        &mut self,
        holder: HolderId,
        name: &str,
        expression: &str,
    ) -> Result<Variable, Refusal> {
        let holder = self.holder(holder)?;
        if expression.trim().is_empty() {
            return refuse(format!(
                "there is no value to set {name} to; write nil for none"
            ));
        }
        // Whether it can be set is told before anything is run for it.
        let target = self.look(|paused| paused.target(&holder, name))?;
        let value = self.value(holder.call.as_ref(), expression)?;
        self.look(|paused| {
            paused.set(&holder, &target, &value)?;
            let about = About {
                name: name.to_owned(),
                path: match &target {
                    Target::Key(key) => element(holder.path.as_deref(), key),
                    _ => None,
                },
                call: holder.call.as_ref(),
                ..About::default()
            };
            Ok(paused.variable(&mut paused.preview(), &value, about))
        })
    }

    pub(super) fn expression_set(
        &mut self,
        frame: Option<FrameId>,
        target: &str,
        expression: &str,
    ) -> Result<Variable, Refusal> {
        let call = self.call_of(frame)?;
        let value = self.assigned(call.as_ref(), target, expression)?;
        let path = super::paths::is_path(target).then(|| target.trim().to_owned());
        self.look(|paused| {
            let about = About {
                path,
                call: call.as_ref(),
                ..About::default()
            };
            Ok(paused.variable(&mut paused.preview(), &value, about))
        })
    }

    /// What a holder's variable of that name is.
    pub(super) fn target(&mut self, holder: &Holder, name: &str) -> Result<Target, Refusal> {
        let unknown = || Refusal(format!("there is no variable {name} here"));
        let constant = || Refusal(format!("{name} is constant"));
        let lua = self.lua;
        match (&holder.what, &holder.call) {
            (Held::Locals, Some(call)) => {
                let locals = self.locals_of(call).map_err(|error| of_lua(&error))?;
                let names = shown_names(&locals);
                let mut found = locals.iter().zip(names);
                let (local, _) = found.find(|(_, shown)| shown == name).ok_or_else(unknown)?;
                match local.is_constant {
                    true => Err(constant()),
                    false => Ok(Target::Local(local.index)),
                }
            }
            (Held::Varargs, Some(_)) => {
                let number = name
                    .strip_prefix('[')
                    .and_then(|name| name.strip_suffix(']'));
                let number: Option<c_int> = number.and_then(|number| number.parse().ok());
                let number = number.filter(|number| *number > 0).ok_or_else(unknown)?;
                Ok(Target::Local(-number))
            }
            (Held::Upvalues, Some(call)) => {
                let all = call.upvalues(lua).map_err(|error| of_lua(&error))?;
                let found = all.iter().find(|upvalue| upvalue.name == name);
                let found = found.ok_or_else(unknown)?;
                match self.is_constant_upvalue(call, found) {
                    true => Err(constant()),
                    false => Ok(Target::Upvalue(call.function.clone(), found.index)),
                }
            }
            (Held::Session | Held::Library, _) => {
                let kept = self.context.kept.borrow().get(name);
                match kept.filter(|_| matches!(holder.what, Held::Session)) {
                    Some(local) if local.is_constant => Err(constant()),
                    Some(_) => Ok(Target::Kept(name.to_owned())),
                    None => Ok(Target::Global(self.key(name)?.ok_or_else(unknown)?)),
                }
            }
            (Held::Value(Value::Table(table)) | Held::Rest(table, _), _) => {
                if name == "[metatable]" || name == "…" {
                    return refuse(format!("{name} is no field of the table"));
                }
                if let Some(key) = self.key(name)? {
                    return Ok(Target::Key(key));
                }
                let layout = self.layout();
                let keys = layout.names(lua, table, None, 0, MOST_KEYS);
                let keys = keys.map_err(|error| of_lua(&error))?;
                let mut preview = self.preview();
                let key = keys.into_iter().find(|key| preview.name(key) == name);
                key.map(Target::Key).ok_or_else(unknown)
            }
            (Held::Value(Value::Function(function)), _) => {
                let all = upvalues(lua, function).map_err(|error| of_lua(&error))?;
                let found = all.iter().find(|upvalue| upvalue.name == name);
                let found = found.ok_or_else(unknown)?;
                Ok(Target::Upvalue(function.clone(), found.index))
            }
            _ => refuse(format!("{name} cannot be set")),
        }
    }

    /// The key that a name stands for: `name`, `[1]`, `["a b"]`.
    fn key(&self, name: &str) -> Result<Option<Value>, Refusal> {
        let inside = name
            .strip_prefix('[')
            .and_then(|name| name.strip_suffix(']'));
        let Some(inside) = inside else {
            let key = self.lua.create_string(name);
            return Ok(Some(Value::String(key.map_err(|error| of_lua(&error))?)));
        };
        let words: Vec<_> = tokens(inside).collect();
        let is_literal = match &*words {
            [token] => {
                matches!(token.kind, TokenKind::Number | TokenKind::String)
                    || token.is("true")
                    || token.is("false")
            }
            [minus, token] => minus.is("-") && token.kind == TokenKind::Number,
            _ => false,
        };
        match inside {
            "math.huge" => Ok(Some(Value::Number(f64::INFINITY))),
            "-math.huge" => Ok(Some(Value::Number(f64::NEG_INFINITY))),
            "math.mininteger" => Ok(Some(Value::Integer(i64::MIN))),
            _ if is_literal => self.literal(inside).map(Some),
            _ => Ok(None),
        }
    }

    fn set(&self, holder: &Holder, target: &Target, value: &Value) -> Result<(), Refusal> {
        let lua = self.lua;
        let done = match target {
            Target::Local(index) => {
                let Some(call) = &holder.call else {
                    return refuse("its frame is gone");
                };
                return self.set_local(call, *index, value);
            }
            Target::Upvalue(function, index) => {
                let index = *index;
                // SAFETY: the closure owns nothing; the function has this upvalue.
                unsafe {
                    lua.exec_raw::<()>((function, value), |state| {
                        ffi::lua_setupvalue(state, 1, index);
                        ffi::lua_settop(state, 0);
                    })
                }
            }
            Target::Kept(name) => self.set_kept(name, value),
            Target::Global(key) => lua.globals().raw_set(key, value),
            Target::Key(key) => match &holder.what {
                Held::Value(Value::Table(table)) | Held::Rest(table, _) => {
                    table.raw_set(key, value)
                }
                _ => Ok(()),
            },
        };
        done.map_err(|error| of_lua(&error))
    }

    /// Sets a local of an earlier cell.
    pub(super) fn set_kept(&self, name: &str, value: &Value) -> mlua::Result<()> {
        let Some(local) = self.context.kept.borrow().get(name) else {
            return Ok(());
        };
        // SAFETY: the closure owns nothing; the kept closure has its upvalue.
        unsafe {
            self.lua.exec_raw::<()>(value, |state| {
                push_closure(state, name);
                ffi::lua_insert(state, 1);
                ffi::lua_setupvalue(state, 1, local.upvalue);
                ffi::lua_settop(state, 0);
            })
        }
    }

    /// Sets a local of a call.
    pub(super) fn set_local(
        &self,
        call: &Rc<Call>,
        index: c_int,
        value: &Value,
    ) -> Result<(), Refusal> {
        self.check(call)?;
        let (thread, place) = (call.thread, call.call);
        let mut is_there = false;
        // SAFETY: the call has not ended; nothing here raises an error, and the value is moved to
        // the call's own thread, where `lua_setlocal` takes it off.
        let done = unsafe {
            self.lua.exec_raw::<()>(value, |state| {
                let record = record_of(place);
                if ffi::lua_checkstack(thread, 1) == 0 {
                    ffi::lua_settop(state, 0);
                    return;
                }
                if thread != state {
                    ffi::lua_xmove(state, thread, 1);
                }
                is_there = !ffi::lua_setlocal(thread, &record, index).is_null();
            })
        };
        match (done, is_there) {
            (Err(error), _) => Err(of_lua(&error)),
            (Ok(()), false) => refuse("there is no such variable any more"),
            (Ok(()), true) => Ok(()),
        }
    }
}

/// What is set.
pub(super) enum Target {
    Local(c_int),
    Upvalue(Function, c_int),
    Kept(String),
    Global(Value),
    Key(Value),
}

/// So many keys are searched for one that is known by its place alone.
const MOST_KEYS: usize = 20_000;
