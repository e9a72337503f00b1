//! Expressions for what is shown.

use mlua::Value;

use crate::syntax::{TokenKind, tokens};
use crate::value::{is_plain_key, quoted};

/// Longer keys are in no expression, in bytes.
const LONGEST: usize = 1_000;

/// An expression for an element of what `path` is an expression for.
pub(super) fn element(path: Option<&str>, key: &Value) -> Option<String> {
    let path = path?;
    match key {
        Value::String(name) => match name.to_str() {
            Ok(name) if is_plain_key(&name) => Some(format!("{path}.{}", &*name)),
            _ => Some(format!("{path}[{}]", literal(key)?)),
        },
        key => Some(format!("{path}[{}]", literal(key)?)),
    }
}

/// A key as Lua reads it.
pub(super) fn literal(key: &Value) -> Option<String> {
    match key {
        Value::String(text) => {
            let bytes = text.as_bytes();
            (bytes.len() <= LONGEST).then(|| quoted(&bytes, LONGEST))
        }
        Value::Integer(i64::MIN) => Some("math.mininteger".to_owned()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Number(number) if *number == f64::INFINITY => Some("math.huge".to_owned()),
        Value::Number(number) if *number == f64::NEG_INFINITY => Some("-math.huge".to_owned()),
        // The shortest text that is read back as the same number, and as a float.
        Value::Number(number) => Some(format!("{number:?}")),
        Value::Boolean(truth) => Some(truth.to_string()),
        _ => None,
    }
}

/// Whether an expression is nothing but names and literal keys, so that to evaluate it once more
/// does nothing but read.
pub(super) fn is_path(expression: &str) -> bool {
    let tokens: Vec<_> = tokens(expression).collect();
    let Some((first, mut rest)) = tokens.split_first() else {
        return false;
    };
    if first.kind != TokenKind::Name {
        return false;
    }
    loop {
        rest = match rest {
            [] => return true,
            [dot, name, rest @ ..] if dot.is(".") && name.kind == TokenKind::Name => rest,
            [open, key, close, rest @ ..]
                if open.is("[")
                    && close.is("]")
                    && (matches!(key.kind, TokenKind::String | TokenKind::Number)
                        || key.is("true")
                        || key.is("false")) =>
            {
                rest
            }
            [open, minus, key, close, rest @ ..]
                if open.is("[")
                    && minus.is("-")
                    && key.kind == TokenKind::Number
                    && close.is("]") =>
            {
                rest
            }
            _ => return false,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_and_literal_keys_are_a_path() {
        for path in ["t", "t.a.b", "t[1]", "t['a b'].c", "t[-1]", "t[2.5][true]"] {
            assert!(is_path(path), "{path}");
        }
        for other in [
            "", "f()", "t[i]", "t.", "1", "t:m()", "t.a = 1", "-t", "t u",
        ] {
            assert!(!is_path(other), "{other}");
        }
    }

    #[test]
    fn keys_are_written_as_lua_reads_them() {
        assert_eq!(element(Some("t"), &Value::Integer(-1)).unwrap(), "t[-1]");
        assert_eq!(element(Some("t"), &Value::Number(2.5)).unwrap(), "t[2.5]");
        assert_eq!(
            element(Some("t"), &Value::Number(1e300)).unwrap(),
            "t[1e300]"
        );
        assert_eq!(element(None, &Value::Integer(1)), None);
    }
}
