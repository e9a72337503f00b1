//! Evaluating code where other code has stopped.
//!
//! The user's code runs here, and may do whatever it does elsewhere: raise errors, which are told
//! in words; run for ever, which ends by an interrupt or after a while; call functions that change
//! what is looked at. It does not stop at breakpoints, and cannot yield.

mod chunk;
mod hover;
mod words;

use std::ffi::c_int;
use std::rc::Rc;
use std::time::Duration;

use mlua::{Function, MultiValue, Value, ffi};
use perilune_language::debug::{FrameId, Kind, LogPiece, Purpose, Refusal, Variable};

use self::chunk::{Chunk, Form, assignment, chunk};
use super::calls::Call;
use super::looks::{Held, Holder};
use super::paths::is_path;
use super::values::About;
use super::visible::{Place, Visible};
use super::{PausedCode, of_lua, refuse};
use crate::cell::{CallError, call_within, compile_text, push_closure, push_holder};
use crate::failure::{is_local_of, lines};
use crate::interrupt::{self, Ended};
use crate::value::Printer;

/// What the code is called in Lua's messages.
pub(super) const NAME: &str = "expression";
/// So long an expression may take that nobody waits for: a watch, a condition.
pub(super) const TIME: Duration = Duration::from_secs(2);
/// Lua allows fewer upvalues.
const MOST_UPVALUES: c_int = 255;
/// So many compiled expressions are kept.
const MOST_KEPT: usize = 200;

impl PausedCode<'_> {
    /// The frame's call, where there is a frame.
    pub(super) fn call_of(&self, frame: Option<FrameId>) -> Result<Option<Rc<Call>>, Refusal> {
        frame.map(|frame| self.call(frame)).transpose()
    }

    pub(super) fn evaluated(
        &mut self,
        frame: Option<FrameId>,
        expression: &str,
        purpose: Purpose,
    ) -> Result<Variable, Refusal> {
        let call = self.call_of(frame)?;
        let path = is_path(expression).then(|| expression.trim().to_owned());
        if purpose == Purpose::Hover {
            let value = self.look(|paused| paused.hovered(call.as_ref(), expression))?;
            return Ok(self.look(|paused| paused.shown(call.as_ref(), &[value], path)));
        }
        let form = match purpose {
            Purpose::Console => Form::Statements,
            _ => Form::Expression,
        };
        let time = (purpose != Purpose::Console).then_some(TIME);
        let values = self.values(call.as_ref(), expression, form, time)?;
        self.look(|paused| {
            let mut shown = paused.shown(call.as_ref(), &values, path);
            if purpose == Purpose::Clipboard {
                shown.value = paused.whole(&values);
            }
            Ok(shown)
        })
    }

    /// Values as one variable.
    fn shown(&self, call: Option<&Rc<Call>>, values: &[Value], path: Option<String>) -> Variable {
        let mut preview = self.preview();
        if let [value] = values {
            let about = About {
                path,
                call,
                ..About::default()
            };
            return self.variable(&mut preview, value, about);
        }
        let texts: Vec<_> = values.iter().map(|value| preview.of(value)).collect();
        let holder = (!values.is_empty()).then(|| {
            self.hold(Holder {
                what: Held::Values(values.to_vec()),
                path: None,
                call: call.cloned(),
            })
        });
        Variable {
            name: String::new(),
            value: texts.join(", "),
            type_name: String::new(),
            kind: Kind::Other,
            evaluate_name: None,
            holder,
            named: 0,
            indexed: values.len(),
            is_constant: true,
            is_virtual: false,
            defined_at: None,
        }
    }

    /// Values as text, as far as there is room for it. Runs no metamethods.
    fn whole(&self, values: &[Value]) -> String {
        let texts: Vec<_> = values
            .iter()
            .map(|value| Printer::raw(self.lua).print(value).unwrap_or_default())
            .collect();
        texts.join(", ")
    }

    /// The value of an expression; the first if it has several.
    pub(super) fn value(
        &mut self,
        call: Option<&Rc<Call>>,
        expression: &str,
    ) -> Result<Value, Refusal> {
        let values = self.values(call, expression, Form::Expression, Some(TIME))?;
        Ok(values.into_iter().next().unwrap_or(Value::Nil))
    }

    /// The values of code, as it is seen from a frame if there is one.
    fn values(
        &mut self,
        call: Option<&Rc<Call>>,
        code: &str,
        form: Form,
        time: Option<Duration>,
    ) -> Result<Vec<Value>, Refusal> {
        let visible = self.look(|paused| paused.visible(call));
        let visible = visible.map_err(|error| of_lua(&error))?;
        self.run(&visible, &chunk(code, form, &visible), time)
    }

    /// Assigns to an expression, and gives what was assigned.
    pub(super) fn assigned(
        &mut self,
        call: Option<&Rc<Call>>,
        target: &str,
        code: &str,
    ) -> Result<Value, Refusal> {
        let visible = self.look(|paused| paused.visible(call));
        let visible = visible.map_err(|error| of_lua(&error))?;
        // Each part has to be what it is taken for.
        for (part, alone) in [
            (code, format!("return({code}\n)")),
            (target, format!("{target}\n=nil")),
        ] {
            if part.trim().is_empty() || compile_text(self.lua, NAME, &alone).is_err() {
                let what = if part == code {
                    "evaluated"
                } else {
                    "assigned to"
                };
                return refuse(format!("{part} cannot be {what}"));
            }
        }
        let values = self.run(&visible, &assignment(target, code, &visible), Some(TIME))?;
        Ok(values.into_iter().next().unwrap_or(Value::Nil))
    }

    /// Whether a condition holds.
    fn holds(&mut self, condition: &str, error: Option<Value>) -> Result<bool, Refusal> {
        let call = self.innermost_call()?;
        let visible = self.look(|paused| paused.visible(call.as_ref()));
        let mut visible = visible.map_err(|error| of_lua(&error))?;
        if let Some(error) = error {
            visible.lend("err", error);
        }
        let chunk = chunk(condition, Form::Expression, &visible);
        let values = self.run(&visible, &chunk, Some(TIME))?;
        Ok(!matches!(
            values.first(),
            None | Some(Value::Nil | Value::Boolean(false))
        ))
    }

    /// A logpoint's message.
    fn message(&mut self, pieces: &[LogPiece]) -> Result<String, Refusal> {
        let call = self.innermost_call()?;
        let mut text = String::new();
        for piece in pieces {
            match piece {
                LogPiece::Text(piece) => text.push_str(piece),
                LogPiece::Expression(expression) => {
                    match self.values(call.as_ref(), expression, Form::Expression, Some(TIME)) {
                        Ok(values) => text.push_str(&self.look(|paused| paused.said(&values))),
                        Err(Refusal(why)) => text.push_str(&format!("<error: {why}>")),
                    }
                }
            }
        }
        Ok(text)
    }

    /// Values as a person says them: strings without quotes.
    fn said(&self, values: &[Value]) -> String {
        let mut preview = self.preview();
        let texts: Vec<_> = values
            .iter()
            .map(|value| match value {
                Value::String(text) => text.to_string_lossy(),
                value => preview.of(value),
            })
            .collect();
        match texts.is_empty() {
            true => "nil".to_owned(),
            false => texts.join(", "),
        }
    }

    /// Runs a chunk, and lets the frame's locals have what it has made of them.
    fn run(
        &mut self,
        visible: &Visible,
        chunk: &Chunk,
        time: Option<Duration>,
    ) -> Result<Vec<Value>, Refusal> {
        let function = self.look(|paused| paused.function_of(visible, chunk));
        let function = function.map_err(|error| self.words(&error))?;
        let arguments = match &visible.call {
            Some(call) if visible.is_variadic && chunk.alone.contains("...") => {
                let arguments = self.look(|paused| call.arguments(paused.lua));
                MultiValue::from_vec(arguments.map_err(|error| of_lua(&error))?)
            }
            _ => MultiValue::new(),
        };
        let lua = self.lua;
        let (ran, ended) = interrupt::limited(self.context, time, || {
            let tracer = &self.context.tracer;
            tracer.quietly(|| call_within(lua, &function, arguments))
        });
        self.context.streams.flush();
        self.context.looks.borrow_mut().forget_stacks();
        self.look(|paused| {
            let given = paused.give_back(visible, &function);
            // A function that the code has made may share its variables with it, and lives on.
            if paused
                .context
                .looks
                .borrow()
                .compiled(&chunk.text)
                .is_some()
            {
                paused.let_go(visible, &function);
            }
            given
        })?;
        match (ran, ended) {
            (_, Ended::TooLong) => refuse(format!(
                "it took longer than {} seconds, and was ended",
                TIME.as_secs()
            )),
            (_, Ended::Unwinding) => refuse("it was interrupted"),
            (Ok(values), Ended::Itself) => Ok(values),
            (Err(error), Ended::Itself) => Err(visible.with_names(self.words(&error))),
        }
    }

    /// The function of a chunk, over the variables that it shares.
    fn function_of(&self, visible: &Visible, chunk: &Chunk) -> Result<Function, CallError> {
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
    fn let_go(&self, visible: &Visible, function: &Function) {
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
        let upvalues = super::calls::all_upvalues(self.lua, function).unwrap_or_default();
        let named = upvalues.into_iter();
        named.map(|upvalue| (upvalue.index, upvalue.name)).collect()
    }

    /// Gives the frame's locals what the function's have become.
    fn give_back(&self, visible: &Visible, function: &Function) -> Result<(), Refusal> {
        let Some(call) = &visible.call else {
            return Ok(());
        };
        let upvalues = super::calls::all_upvalues(self.lua, function);
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

/// Whether a condition holds where code has stopped. `err` is the error, if there is one.
///
/// # Errors
///
/// Why it could not be evaluated, in words.
pub(super) fn condition(
    paused: &mut PausedCode<'_>,
    condition: &str,
    error: Option<Value>,
) -> Result<bool, String> {
    paused
        .holds(condition, error)
        .map_err(|Refusal(why)| first_line(&why))
}

/// A logpoint's message.
pub(super) fn interpolate(paused: &mut PausedCode<'_>, pieces: &[LogPiece]) -> String {
    paused
        .message(pieces)
        .unwrap_or_else(|Refusal(why)| format!("<error: {why}>"))
}

fn first_line(text: &str) -> String {
    lines(text).next().unwrap_or_default().to_owned()
}
