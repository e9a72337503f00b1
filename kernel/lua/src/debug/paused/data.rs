//! What a breakpoint on data would watch.

use std::ffi::c_int;
use std::rc::Rc;

use mlua::{Function, Table, Value, ffi};
use perilune_language::debug::{DataTarget, FrameId, HolderId, Refusal};

use super::super::{watch_field, watch_local, watch_upvalue};
use super::assign::Target;
use super::calls::Call;
use super::looks::Held;
use super::visible::Place;
use super::{PausedCode, of_lua, refuse};
use crate::cell::push_closure;
use crate::syntax::{TokenKind, tokens};

impl PausedCode<'_> {
    pub(super) fn data(
        &mut self,
        holder: Option<HolderId>,
        frame: Option<FrameId>,
        name: &str,
    ) -> Result<DataTarget, Refusal> {
        let data = match holder {
            Some(holder) => self.data_of_holder(holder, name)?,
            None => self.data_of_expression(frame, name.trim())?,
        };
        Ok(DataTarget {
            data,
            description: name.trim().to_owned(),
        })
    }

    fn data_of_holder(&mut self, holder: HolderId, name: &str) -> Result<String, Refusal> {
        let holder = self.holder(holder)?;
        match self.target(&holder, name)? {
            Target::Local(number) => match &holder.call {
                Some(call) => self.watched_local(call, number),
                None => refuse("its frame is gone"),
            },
            Target::Upvalue(function, number) => self.watched_upvalue(&function, number),
            Target::Kept(name) => self.watched_kept(&name),
            Target::Global(key) => self.watched_field(&self.lua.globals(), &key),
            Target::Key(key) => match &holder.what {
                Held::Value(Value::Table(table)) | Held::Rest(table, _) => {
                    self.watched_field(table, &key)
                }
                _ => refuse(format!("{name} cannot be watched")),
            },
        }
    }

    fn data_of_expression(
        &mut self,
        frame: Option<FrameId>,
        expression: &str,
    ) -> Result<String, Refusal> {
        let call = self.call_of(frame)?;
        let words: Vec<_> = tokens(expression).collect();
        match &*words {
            [name] if name.kind == TokenKind::Name => self.data_of_name(call.as_ref(), name.text),
            [.., dot, name] if dot.is(".") && name.kind == TokenKind::Name => {
                let key = self.lua.create_string(name.text);
                let key = Value::String(key.map_err(|error| of_lua(&error))?);
                self.data_of_field(call.as_ref(), &expression[..dot.start], &key)
            }
            [.., last] if last.is("]") => {
                let opening = words.iter().rev().scan(0, |depth, token| {
                    *depth += i32::from(token.is("]")) - i32::from(token.is("["));
                    Some((*depth, token.start))
                });
                let opening = opening
                    .clone()
                    .find_map(|(depth, start)| (depth == 0).then_some(start));
                let Some(opening) = opening else {
                    return refuse(format!("{expression} is no variable and no field"));
                };
                let inside = &expression[opening + 1..last.start];
                let key = self.hovered(call.as_ref(), inside)?;
                self.data_of_field(call.as_ref(), &expression[..opening], &key)
            }
            _ => refuse(format!("{expression} is no variable and no field")),
        }
    }

    fn data_of_name(&mut self, call: Option<&Rc<Call>>, name: &str) -> Result<String, Refusal> {
        let visible = self.visible(call).map_err(|error| of_lua(&error))?;
        let place = visible.find(name).map(|seen| seen.place.clone());
        match (place, call) {
            (Some(Place::Local(number, _)), Some(call)) => self.watched_local(call, number),
            (Some(Place::Upvalue(number)), Some(call)) => {
                self.watched_upvalue(&call.function, number)
            }
            (Some(Place::Kept(_)), _) => self.watched_kept(name),
            (Some(_), _) => refuse(format!("{name} cannot be watched")),
            (None, _) => {
                let key = self.lua.create_string(name);
                let key = Value::String(key.map_err(|error| of_lua(&error))?);
                self.watched_field(&self.lua.globals(), &key)
            }
        }
    }

    fn data_of_field(
        &mut self,
        call: Option<&Rc<Call>>,
        table: &str,
        key: &Value,
    ) -> Result<String, Refusal> {
        match self.hovered(call, table)? {
            Value::Table(table) => self.watched_field(&table, key),
            other => refuse(format!("{table} is no table but {}", other.type_name())),
        }
    }

    fn watched_field(&self, table: &Table, key: &Value) -> Result<String, Refusal> {
        if key.is_nil() || matches!(key, Value::Number(number) if number.is_nan()) {
            return refuse("a table has no such field");
        }
        // SAFETY: the stack holds these two, and nothing else is left on it.
        self.watched((table, key), |state| unsafe { watch_field(state, 1, 2) })
    }

    fn watched_upvalue(&self, function: &Function, number: c_int) -> Result<String, Refusal> {
        // SAFETY: as before.
        self.watched(function, |state| unsafe { watch_upvalue(state, 1, number) })
    }

    fn watched_kept(&self, name: &str) -> Result<String, Refusal> {
        let Some(local) = self.context.kept.borrow().get(name) else {
            return refuse(format!("there is no variable {name} here"));
        };
        // SAFETY: as before; a memory error ends in the protected call, where nothing is owned.
        self.watched((), |state| unsafe {
            push_closure(state, name);
            watch_upvalue(state, 1, local.upvalue)
        })
    }

    fn watched_local(&self, call: &Rc<Call>, number: c_int) -> Result<String, Refusal> {
        self.check(call)?;
        let (thread, place) = (call.thread, call.call);
        // SAFETY: as before; the call has not returned.
        self.watched((), |state| unsafe {
            watch_local(state, thread, place, number)
        })
    }

    fn watched(
        &self,
        values: impl mlua::IntoLuaMulti,
        watch: impl FnOnce(*mut ffi::lua_State) -> Option<String>,
    ) -> Result<String, Refusal> {
        let mut watched = None;
        // SAFETY: what is watched is named outside of the closure, which owns nothing, and the
        // stack is empty behind it.
        let done = unsafe {
            self.lua.exec_raw::<()>(values, |state| {
                watched = watch(state);
                ffi::lua_settop(state, 0);
            })
        };
        done.map_err(|error| of_lua(&error))?;
        watched.ok_or_else(|| Refusal("there is no memory left, or no such variable".to_owned()))
    }
}
