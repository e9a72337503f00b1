//! The variables that evaluated code shares with the frame that it is seen from.

use std::ffi::c_int;

use mlua::{Function, Value, ffi};
use perilune_language::debug::Refusal;

use super::super::calls::{Call, all_upvalues};
use super::super::visible::{Place, Visible};
use super::super::{PausedCode, of_lua};
use super::NAME;
use super::chunk::Chunk;
use crate::cell::{CallError, call_within, compile_text, push_closure, push_holder};
use crate::failure::is_local_of;

/// Lua allows fewer upvalues.
const MOST_UPVALUES: c_int = 255;
/// So many compiled expressions are kept.
const MOST_KEPT: usize = 200;

impl PausedCode<'_> {
    /// The function of a chunk, over the variables that it shares.
    pub(super) fn function_of(
        &self,
        visible: &Visible,
        chunk: &Chunk,
    ) -> Result<Function, CallError> {
        let known = self.context.looks.borrow().compiled(&chunk.text);
        let function = match known {
            Some(function) => function,
            None => {
                compile_text(self.lua, NAME, &chunk.alone)?;
                let made = compile_text(self.lua, NAME, &chunk.text)?;
                let made = call_within(self.lua, &made, ())?;
                let Some(Value::Function(function)) = made.into_iter().next() else {
                    return Err(CallError::Memory);
                };
                // What is made of functions in it lives on, and must not share with the next time.
                if !chunk.alone.contains("function") && chunk.alone.len() < 1_000 {
                    let mut looks = self.context.looks.borrow_mut();
                    looks.remember_compiled(&chunk.text, &function, MOST_KEPT);
                }
                function
            }
        };
        for (index, name) in self.upvalue_names(&function) {
            let Some(seen) = visible.find(&name) else {
                continue;
            };
            let joined = match (&seen.place, &visible.call) {
                (Place::Local(local, _), Some(call))
                    if self.joins_local(visible, call, *local, &function, index) =>
                {
                    Ok(())
                }
                (Place::Local(_, value) | Place::Lent(value), _) => {
                    // SAFETY: the closure owns nothing; the function has this upvalue.
                    unsafe {
                        self.lua.exec_raw::<()>((&function, value), |state| {
                            ffi::lua_setupvalue(state, 1, index);
                            ffi::lua_settop(state, 0);
                        })
                    }
                }
                (Place::Upvalue(of), Some(call)) => {
                    let of = *of;
                    // SAFETY: the closure owns nothing; both functions have their upvalue.
                    unsafe {
                        let both = (&function, &call.function);
                        self.lua.exec_raw::<()>(both, |state| {
                            ffi::lua_upvaluejoin(state, 1, index, 2, of);
                            ffi::lua_settop(state, 0);
                        })
                    }
                }
                (Place::Kept(of), _) => {
                    let (of, name) = (*of, name.as_str());
                    // SAFETY: the closure owns nothing; the kept closure has its upvalue.
                    unsafe {
                        self.lua.exec_raw::<()>(&function, |state| {
                            push_closure(state, name);
                            ffi::lua_upvaluejoin(state, 1, index, 2, of);
                            ffi::lua_settop(state, 0);
                        })
                    }
                }
                (Place::Upvalue(_), None) => Ok(()),
            };
            joined.map_err(|_| CallError::Memory)?;
        }
        Ok(function)
    }

    /// Joins an upvalue with a local, where one of the frame's functions has the local as an upvalue
    /// of its own: then what that function does to it is seen at once.
    fn joins_local(
        &self,
        visible: &Visible,
        call: &Call,
        local: c_int,
        function: &Function,
        index: c_int,
    ) -> bool {
        let place = call.call;
        visible.all().iter().any(|seen| {
            let Place::Local(_, Value::Function(other)) = &seen.place else {
                return false;
            };
            let mut joined = false;
            // SAFETY: the closure owns nothing; the call has not ended. Functions of C, whose
            // upvalues are no variables, are left out.
            let done = unsafe {
                self.lua.exec_raw::<()>((function, other), |state| {
                    if ffi::lua_iscfunction(state, 2) == 0 {
                        for of in 1..=MOST_UPVALUES {
                            let upvalue = ffi::lua_upvalueid(state, 2, of);
                            if upvalue.is_null() {
                                break;
                            }
                            if is_local_of(upvalue, place, local) {
                                ffi::lua_upvaluejoin(state, 1, index, 2, of);
                                joined = true;
                                break;
                            }
                        }
                    }
                    ffi::lua_settop(state, 0);
                })
            };
            done.is_ok() && joined
        })
    }

    /// Lets go of the values that a function was given which is used again.
    pub(super) fn let_go(&self, visible: &Visible, function: &Function) {
        for (index, name) in self.upvalue_names(function) {
            let seen = visible.find(&name).map(|seen| &seen.place);
            if !matches!(seen, Some(Place::Local(..) | Place::Lent(_))) {
                continue;
            }
            // SAFETY: the closure owns nothing; the new upvalue is one of a function that was just
            // made, and takes the place of what may be the frame's own.
            let done = unsafe {
                self.lua.exec_raw::<()>(function, |state| {
                    push_holder(state);
                    ffi::lua_call(state, 0, 1);
                    ffi::lua_upvaluejoin(state, 1, index, 2, 1);
                    ffi::lua_settop(state, 0);
                })
            };
            if let Err(error) = done {
                tracing::debug!(%error, "an expression keeps what it was given");
            }
        }
    }

    fn upvalue_names(&self, function: &Function) -> Vec<(c_int, String)> {
        let upvalues = all_upvalues(self.lua, function).unwrap_or_default();
        let named = upvalues.into_iter();
        named.map(|upvalue| (upvalue.index, upvalue.name)).collect()
    }

    /// Gives the frame's locals what the function's have become.
    pub(super) fn give_back(&self, visible: &Visible, function: &Function) -> Result<(), Refusal> {
        let Some(call) = &visible.call else {
            return Ok(());
        };
        let upvalues = all_upvalues(self.lua, function);
        for upvalue in upvalues.map_err(|error| of_lua(&error))? {
            let seen = visible.find(&upvalue.name);
            if let Some(Place::Local(index, before)) = seen.map(|seen| &seen.place)
                && !is_same(before, &upvalue.value)
            {
                self.set_local(call, *index, &upvalue.value)?;
            }
        }
        Ok(())
    }
}

/// Whether two values cannot be told apart.
fn is_same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Integer(left), Value::Integer(right)) => left == right,
        (Value::Number(left), Value::Number(right)) => left.to_bits() == right.to_bits(),
        (Value::Integer(_), Value::Number(_)) | (Value::Number(_), Value::Integer(_)) => false,
        (left, right) => left == right,
    }
}
