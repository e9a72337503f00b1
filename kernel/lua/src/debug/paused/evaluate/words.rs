//! What is said of code that could not be evaluated.

use mlua::Value;
use perilune_language::debug::Refusal;

use super::super::PausedCode;
use super::NAME;
use crate::cell::CallError;
use crate::failure::error_text;

impl PausedCode<'_> {
    /// Why code did not run to its end, in words without a traceback. Runs no metamethods.
    pub(super) fn words(&self, error: &CallError) -> Refusal {
        Refusal(match error {
            CallError::Syntax(message) => without_place(message),
            CallError::Memory => "not enough memory".to_owned(),
            CallError::Raised(Value::String(text)) => {
                let text = text.to_string_lossy();
                let end = text.find("\nstack traceback:").unwrap_or(text.len());
                without_place(&text[..end])
            }
            CallError::Raised(Value::Error(error)) => {
                let text = error_text(error);
                // The library may have added a traceback of its own.
                without_place(text.lines().next().unwrap_or_default())
            }
            CallError::Raised(Value::Nil) => "an error without a value".to_owned(),
            CallError::Raised(value) => {
                let message = match value {
                    Value::Table(table) => table.raw_get::<Value>("message").ok(),
                    _ => None,
                };
                match message {
                    Some(Value::String(message)) => message.to_string_lossy(),
                    _ => self.preview().of(value),
                }
            }
        })
    }
}

/// A message without the place in the code that was evaluated, if that is a single line: whoever
/// reads it sees that line.
fn without_place(message: &str) -> String {
    let first = format!("{NAME}:");
    let rest = message.strip_prefix(&first).and_then(|rest| {
        let (line, rest) = rest.split_once(": ")?;
        line.bytes()
            .all(|byte| byte.is_ascii_digit())
            .then_some(rest)
    });
    rest.unwrap_or(message).to_owned()
}
