use mlua::{Lua, Table, Value};

use super::locals::one_line;
use crate::cell::CallError;
use crate::value::{Printer, Unwound, metatable};

/// What a raised value says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    /// What the error is called.
    pub(super) name: String,
    pub(super) message: String,
    /// The value itself, where the message is only a part of it.
    pub(super) value: Option<String>,
}

/// Messages are shown up to here, in bytes.
const LONGEST: usize = 16 * 1024;
/// Names are, in characters.
const LONGEST_NAME: usize = 100;

/// The name and the message of a raised value. Runs its `__tostring` metamethod.
pub(super) fn of_value(lua: &Lua, value: &Value) -> Result<Said, Unwound> {
    let mut said = match value {
        Value::String(text) => plain("RuntimeError", text.to_string_lossy()),
        Value::Nil => plain("RuntimeError", "nil (the error has no value)".to_owned()),
        Value::Error(error) => plain("RuntimeError", error_text(error)),
        Value::Table(table) => of_table(lua, table)?,
        value => plain("RuntimeError", Printer::new(lua).print(value)?),
    };
    cut(&mut said.message);
    Ok(said)
}

fn plain(name: &str, message: String) -> Said {
    Said {
        name: name.to_owned(),
        message,
        value: None,
    }
}

/// A table is called what its metatable's `__name` says, or its own `code` if that is a word; it
/// says what its `__tostring` says, or its `message`, or all of it.
fn of_table(lua: &Lua, table: &Table) -> Result<Said, Unwound> {
    let value = Value::Table(table.clone());
    let meta = metatable(lua, &value);
    let own = |key: &str| {
        table
            .raw_get::<Value>(key)
            .ok()
            .and_then(|value| word(&value))
    };
    let name = meta
        .as_ref()
        .and_then(|meta| meta.raw_get::<Value>("__name").ok())
        .and_then(|name| word(&name))
        .or_else(|| own("code"))
        .unwrap_or_else(|| "RuntimeError".to_owned());
    let speaks = meta.is_some_and(|meta| {
        meta.raw_get::<Value>("__tostring")
            .is_ok_and(|speaks| !speaks.is_nil())
    });
    let message = table.raw_get::<Value>("message").ok();
    let message = message
        .as_ref()
        .and_then(Value::as_string)
        .filter(|text| !text.as_bytes().is_empty());
    Ok(match message {
        Some(message) if !speaks => Said {
            name,
            message: message.to_string_lossy(),
            value: Some(one_line(lua, &value)),
        },
        _ => {
            let text = Printer::new(lua).print(&value)?;
            // The printer tells the table's type, and so would we, again.
            let alone = text
                .strip_prefix(name.as_str())
                .and_then(|rest| rest.strip_prefix(' '));
            let message = alone
                .filter(|rest| rest.starts_with('{'))
                .unwrap_or(&text)
                .to_owned();
            Said {
                name,
                message,
                value: None,
            }
        }
    })
}

/// A string that can be the name of an error.
fn word(value: &Value) -> Option<String> {
    let text = value.as_string()?.to_string_lossy();
    let is_word = text.chars().next().is_some_and(char::is_alphabetic)
        && text.chars().count() <= LONGEST_NAME
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | ':'));
    is_word.then_some(text)
}

fn cut(message: &mut String) {
    if message.len() > LONGEST {
        let mut end = LONGEST;
        while !message.is_char_boundary(end) {
            end -= 1;
        }
        let length = message.len();
        message.truncate(end);
        message.push_str(&format!("… ({length} bytes)"));
    }
}

/// What the library says of its own error, without the tracebacks it adds.
pub(crate) fn error_text(error: &mlua::Error) -> String {
    match error {
        mlua::Error::CallbackError { cause, .. } => error_text(cause),
        mlua::Error::WithContext { context, cause } => format!("{context}: {}", error_text(cause)),
        mlua::Error::RuntimeError(message) => {
            let end = message.find("\nstack traceback:").unwrap_or(message.len());
            message[..end].to_owned()
        }
        error => error.to_string(),
    }
}

/// An error that is only mentioned. Runs no metamethods.
pub(crate) fn describe_error(error: &CallError) -> String {
    match error {
        CallError::Syntax(message) => message.clone(),
        CallError::Memory => "not enough memory".to_owned(),
        CallError::Raised(Value::String(text)) => text.to_string_lossy(),
        CallError::Raised(Value::Error(error)) => error_text(error),
        CallError::Raised(value) => format!("a {} was raised", value.type_name()),
    }
}
