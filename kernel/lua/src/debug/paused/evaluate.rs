//! Evaluating code where other code has stopped.
//!
//! The user's code runs here, and may do whatever it does elsewhere: raise errors, which are told
//! in words; run for ever, which ends by an interrupt or after a while; call functions that change
//! what is looked at. It does not stop at breakpoints, and cannot yield.

mod chunk;
mod hover;
mod sharing;
mod words;

use std::rc::Rc;
use std::time::Duration;

use mlua::{MultiValue, Value};
use perilune_language::debug::{FrameId, Kind, LogPiece, Purpose, Refusal, Variable};

use self::chunk::{Chunk, Form, assignment, chunk};
use super::calls::Call;
use super::looks::{Held, Holder};
use super::paths::is_path;
use super::values::About;
use super::visible::Visible;
use super::{PausedCode, of_lua, refuse};
use crate::cell::{call_within, compile_text};
use crate::failure::lines;
use crate::interrupt::{self, Ended, Limit, Unwinding};
use crate::value::Printer;

/// What the code is called in Lua's messages.
pub(super) const NAME: &str = "expression";
/// So long an expression may take that nobody waits for: a watch, a condition.
pub(super) const TIME: Duration = Duration::from_secs(2);
/// Why there is no value of what was interrupted.
pub(super) const INTERRUPTED: &str = "it was interrupted";

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
        let limit = match purpose {
            Purpose::Console => Limit::Interrupt,
            _ => Limit::Time(TIME),
        };
        let values = self.values(call.as_ref(), expression, form, limit)?;
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
        let values = self.values(call, expression, Form::Expression, Limit::Time(TIME))?;
        Ok(values.into_iter().next().unwrap_or(Value::Nil))
    }

    /// The values of code, as it is seen from a frame if there is one.
    fn values(
        &mut self,
        call: Option<&Rc<Call>>,
        code: &str,
        form: Form,
        limit: Limit,
    ) -> Result<Vec<Value>, Refusal> {
        let visible = self.look(|paused| paused.visible(call));
        let visible = visible.map_err(|error| of_lua(&error))?;
        self.run(&visible, &chunk(code, form, &visible), limit)
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
        for (part, alone, what) in [
            (code, format!("return({code}\n)"), "evaluated"),
            (target, format!("{target}\n=nil"), "assigned to"),
        ] {
            if part.trim().is_empty() {
                return refuse(format!("there is nothing that could be {what}"));
            }
            if compile_text(self.lua, NAME, &alone).is_err() {
                return refuse(format!("{part} cannot be {what}"));
            }
        }
        let values = self.run(
            &visible,
            &assignment(target, code, &visible),
            Limit::Time(TIME),
        )?;
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
        let values = self.run(&visible, &chunk, Limit::Time(TIME))?;
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
                    match self.values(
                        call.as_ref(),
                        expression,
                        Form::Expression,
                        Limit::Time(TIME),
                    ) {
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
        limit: Limit,
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
        let (ran, ended) = interrupt::limited(self.context, limit, || {
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
            (_, Ended::Unwinding) => refuse(match interrupt::unwinding() {
                Some(Unwinding::Exit(_)) => "it has asked the process to exit",
                _ => INTERRUPTED,
            }),
            (_, Ended::Interrupted) => refuse(INTERRUPTED),
            (Ok(values), Ended::Itself) => Ok(values),
            (Err(error), Ended::Itself) => Err(visible.with_names(self.words(&error))),
        }
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
