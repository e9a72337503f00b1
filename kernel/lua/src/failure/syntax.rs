//! Code that does not compile.

mod slip;

use mlua::Lua;
use mlua::chunk::ChunkMode;
use perilune_language::{Failure, FailureKind};

use super::excerpt::{Mark, excerpt, line_starts, lines};
use super::report::{AROUND, header, hint_line};
use crate::syntax::{Outline, Token, TokenKind, tokens};

/// The failure of code that does not compile. It reads in `shown`, position by position, as
/// whoever wrote it knows it.
pub(crate) fn of_syntax(
    lua: &Lua,
    message: String,
    cell: &str,
    code: &str,
    shown: &str,
) -> Failure {
    let mut traceback = vec![header("SyntaxError", &message)];
    traceback.extend(place_of(lua, &message, cell, code, shown));
    Failure {
        kind: FailureKind::Syntax,
        name: "SyntaxError".to_owned(),
        message,
        traceback,
    }
}

/// A hint, and the place in the code that `message` is about.
pub(super) fn place_of(
    lua: &Lua,
    message: &str,
    chunk: &str,
    code: &str,
    shown: &str,
) -> Vec<String> {
    let Some(line) = line_of(message, chunk) else {
        return Vec::new();
    };
    let mut text = Vec::new();
    let tokens: Vec<_> = tokens(code).collect();
    let place = place(lua, message, code, &tokens);
    let hint = slip::hint(message, code, &tokens, place.at);
    text.extend(hint.map(|hint| hint_line(&hint)));
    // An end that is missing is missed behind the last line.
    let last = lines(code.trim_end()).count();
    let line = line.min(last.max(1));
    let mark = place.at.and_then(|at| mark(code, tokens.get(at)?));
    let lines_around = excerpt(shown, line, AROUND, mark.as_ref());
    let is_far = |opened: &usize| opened + AROUND < line;
    text.extend(lines_around.into_iter().map(|line| format!("  {line}")));
    let opened = place.opened.and_then(|at| mark_line(code, tokens.get(at)?));
    if let Some(opened) = opened.filter(is_far) {
        text.push("  opened here".to_owned());
        let shown = excerpt(shown, opened, 0, None);
        text.extend(shown.into_iter().map(|line| format!("  {line}")));
    }
    text
}

/// The line in `cell[1]:7: unexpected symbol`.
fn line_of(message: &str, cell: &str) -> Option<usize> {
    let rest = message.strip_prefix(cell)?.strip_prefix(':')?;
    rest.split(':').next()?.parse().ok()
}

/// Which tokens an error is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Place {
    /// The one that does not fit; nothing if it is the code's end.
    at: Option<usize>,
    /// The one that begins what is not closed.
    opened: Option<usize>,
}

/// Compiles the code again with each token on a line of its own, so that the error's line is the
/// token.
fn place(lua: &Lua, message: &str, code: &str, tokens: &[Token<'_>]) -> Place {
    let odd = tokens
        .iter()
        .position(|token| matches!(token.kind, TokenKind::Unknown | TokenKind::Unfinished));
    if let Some(odd) = odd {
        let is_it = message.contains("unfinished") || message.contains("near '<\\");
        return Place {
            at: is_it.then_some(odd),
            opened: None,
        };
    }
    // An expression alone is compiled as what a `return` returns.
    let stuck = Outline::stuck_at(code);
    [None, stuck]
        .into_iter()
        .find_map(|returned| placed(lua, message, tokens, returned))
        .unwrap_or_default()
}

fn placed(
    lua: &Lua,
    message: &str,
    tokens: &[Token<'_>],
    returned: Option<usize>,
) -> Option<Place> {
    let mut text = String::new();
    let mut tokens_of_lines = vec![None];
    for (index, token) in tokens.iter().enumerate() {
        if returned == Some(token.start) {
            text.push_str("return ");
        }
        text.push_str(token.text);
        text.push('\n');
        tokens_of_lines.extend(lines(token.text).map(|_| Some(index)));
    }
    let compiled = lua
        .load(text.as_str())
        .set_name("=x")
        .set_mode(ChunkMode::Text)
        .into_function();
    let Err(mlua::Error::SyntaxError { message: found, .. }) = compiled else {
        return None;
    };
    // What stands behind the places has to be the same.
    let (line, found_text) = found.strip_prefix("x:")?.split_once(": ")?;
    let (_, text) = message.split_once(": ")?;
    if without_numbers(found_text) != without_numbers(text) {
        return None;
    }
    let opened = found_text
        .split_once(" at line ")
        .and_then(|(_, rest)| rest.split(')').next()?.parse::<usize>().ok())
        .and_then(|line| tokens_of_lines.get(line).copied().flatten());
    let at = if found_text.ends_with("<eof>") {
        None
    } else {
        tokens_of_lines
            .get(line.parse::<usize>().ok()?)
            .copied()
            .flatten()
    };
    Some(Place { at, opened })
}

fn without_numbers(text: &str) -> String {
    // On one line Lua leaves out what is to be closed.
    let (before, after) = text.split_once(" (to close ").unwrap_or((text, ""));
    let near = after.split_once(')').map_or("", |(_, near)| near);
    format!("{before}{near}").replace(|c: char| c.is_ascii_digit(), "")
}

fn mark_line(code: &str, token: &Token<'_>) -> Option<usize> {
    let starts = line_starts(code);
    starts
        .partition_point(|start| *start <= token.start)
        .checked_sub(1)
        .map(|line| line + 1)
}

/// The token as far as it is on its first line.
fn mark(code: &str, token: &Token<'_>) -> Option<Mark> {
    let line = mark_line(code, token)?;
    let start = token.start - line_starts(code)[line - 1];
    let length = lines(token.text).next()?.len();
    let whole = start..start + length;
    Some(Mark {
        line,
        point: whole.clone(),
        whole,
    })
}
