//! Code that is evaluated, as a chunk that shares the variables it mentions.
//!
//! As with a cell, what it shares are upvalues: the chunk declares locals of those names and
//! returns a function over them, whose upvalues are then replaced by those of the frame's function,
//! or given the values of the frame's locals.

use std::collections::HashSet;
use std::fmt::Write;

use super::super::visible::Visible;
use crate::syntax::{Outline, TailKind, TokenKind, tokens};

/// What of it is a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Form {
    /// It is an expression.
    Expression,
    /// It is statements, the last of which may be an expression.
    Statements,
}

/// Code to be compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Chunk {
    /// The code as plain Lua, which has to compile by itself first: so it cannot break out.
    pub(in super::super) alone: String,
    /// What makes its function.
    pub(in super::super) text: String,
}

/// How many locals one function is given to declare; Lua's limit is 200.
const LOCALS_PER_FUNCTION: usize = 190;

/// Makes a chunk of code.
pub(in super::super) fn chunk(code: &str, form: Form, visible: &Visible) -> Chunk {
    let body = match form {
        Form::Expression => format!("return {code}\n"),
        Form::Statements => with_value(code),
    };
    around(&body, visible)
}

/// Makes a chunk that assigns to an expression, and returns what it has assigned.
pub(in super::super) fn assignment(target: &str, code: &str, visible: &Visible) -> Chunk {
    let mut name = "value".to_owned();
    while tokens(target)
        .chain(tokens(code))
        .any(|token| token.text == name)
    {
        name.push('_');
    }
    around(
        &format!("local {name}=(\n{code}\n)\n{target}\n={name} return {name}\n"),
        visible,
    )
}

/// Puts `return` before a last expression.
fn with_value(code: &str) -> String {
    let tail = Outline::of(code).and_then(|outline| outline.tail);
    match tail {
        Some(tail) if matches!(tail.kind, TailKind::Expression | TailKind::Call) => {
            let (before, value) = (&code[..tail.start], &code[tail.start..tail.end]);
            format!("{before}return {value}\n")
        }
        _ => format!("{code}\n"),
    }
}

fn around(body: &str, visible: &Visible) -> Chunk {
    let names: HashSet<_> = tokens(body)
        .filter(|token| token.kind == TokenKind::Name)
        .map(|token| token.text)
        .collect();
    let declared: Vec<_> = visible
        .all()
        .iter()
        // The environment is used by whatever names a global.
        .filter(|seen| names.contains(seen.name.as_str()) || seen.name == "_ENV")
        .map(|seen| match seen.is_constant {
            true => format!("{}<const> ", seen.name),
            false => seen.name.clone(),
        })
        .collect();
    let mut text = String::with_capacity(body.len() + 128);
    let groups: Vec<_> = declared.chunks(LOCALS_PER_FUNCTION).collect();
    for group in &groups {
        let _ = write!(text, "return(function(...)local {}=...;", group.join(","));
    }
    let parameters = if visible.is_variadic { "..." } else { "" };
    let _ = write!(text, "return function({parameters}){body}end");
    text.push_str(&" end)()".repeat(groups.len()));
    Chunk {
        alone: body.to_owned(),
        text,
    }
}
