use mlua::{Lua, Value};

use crate::cell::CallError;
use crate::value::{Printer, Unwound, metatable};

/// The name and the message of a raised value. Runs its `__tostring` metamethod.
pub(super) fn of_value(lua: &Lua, value: &Value) -> Result<(String, String), Unwound> {
    let own_name = metatable(lua, value)
        .and_then(|meta| meta.raw_get::<Value>("__name").ok())
        .and_then(|name| Some(name.as_string()?.to_string_lossy()))
        // Userdata always has one, which says nothing about the error.
        .filter(|_| matches!(value, Value::Table(_)));
    let message = match value {
        Value::String(text) => text.to_string_lossy(),
        Value::Nil => "nil (the error has no value)".to_owned(),
        Value::Error(error) => error_text(error),
        value => Printer::new(lua).print(value)?,
    };
    Ok((
        own_name.unwrap_or_else(|| "RuntimeError".to_owned()),
        message,
    ))
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
