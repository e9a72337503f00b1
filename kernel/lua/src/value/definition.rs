use std::ptr;

use mlua::{Function, Lua, Value};

use crate::context::Context;
use crate::failure::lines;
use crate::syntax::{Token, TokenKind, tokens};

/// What a Lua function is called where it is defined, if its source is at hand and says so.
pub(super) fn name_where_defined(lua: &Lua, function: &Function) -> Option<String> {
    let info = function.info();
    let source = info.source?;
    let chunk = source.strip_prefix(['=', '@'])?;
    let line = info.line_defined?.checked_sub(1)?;
    let mut context: *const Context = ptr::null();
    // SAFETY: every state here is given its context; the closure owns nothing.
    unsafe {
        lua.exec_raw::<Value>((), |state| context = Context::of_state(state))
            .ok()?;
    }
    // SAFETY: the context outlives the Lua state.
    let context = unsafe { context.as_ref() }?;
    name_at(context, chunk, source.starts_with('@'), line + 1)
}

/// What the one function is called that begins at this line, counted from 1.
pub(crate) fn name_at(
    context: &Context,
    chunk: &str,
    is_file: bool,
    line: usize,
) -> Option<String> {
    let sources = context.sources.try_borrow().ok()?;
    let code = sources.of_chunk(chunk, is_file)?;
    name_on(lines(&code).nth(line.checked_sub(1)?)?)
}

/// The name of the one function that begins on this line.
pub(crate) fn name_on(line: &str) -> Option<String> {
    let tokens: Vec<Token<'_>> = tokens(line).collect();
    let mut begins = tokens
        .iter()
        .enumerate()
        .filter(|(_, token)| token.is("function"));
    let (at, _) = begins.next()?;
    if begins.next().is_some() {
        return None;
    }
    let is_part =
        |token: &&Token<'_>| token.kind == TokenKind::Name || token.is(".") || token.is(":");
    let after: Vec<&str> = tokens[at + 1..]
        .iter()
        .take_while(is_part)
        .map(|token| token.text)
        .collect();
    if !after.is_empty() {
        return Some(after.concat());
    }
    let (assignment, before) = tokens[..at].split_last()?;
    if !assignment.is("=") {
        return None;
    }
    let mut names: Vec<&str> = before
        .iter()
        .rev()
        .scan(false, |was_name, token| {
            // Two names in a row are of two statements, and `local` is none.
            let is_name = token.kind == TokenKind::Name;
            let goes_on = is_part(&token) && !(is_name && *was_name);
            *was_name = is_name;
            goes_on.then_some(token.text)
        })
        .collect();
    names.reverse();
    // What is left of `t[1].name` is no name.
    let is_whole = names
        .first()
        .is_some_and(|first| *first != "." && *first != ":");
    is_whole.then(|| names.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_called_what_its_line_says() {
        let cases = [
            ("local function area(r)", Some("area")),
            ("function Shape.area(r) return r end", Some("Shape.area")),
            (
                "x = 1 function Shape:area() -- function",
                Some("Shape:area"),
            ),
            ("local area = function(r)", Some("area")),
            ("  area = function(r) return 'function' end,", Some("area")),
            ("Shape.area = function(r)", Some("Shape.area")),
            ("shapes[1].area = function(r)", None),
            ("map(list, function(r)", None),
            ("local a, b = function() end, function() end", None),
            ("end", None),
        ];
        for (line, name) in cases {
            assert_eq!(name_on(line).as_deref(), name, "{line}");
        }
    }
}
