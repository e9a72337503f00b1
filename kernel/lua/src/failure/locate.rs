//! Where in the code an instruction comes from.
//!
//! Lua remembers a line for each instruction, and nothing finer. So the code is compiled once
//! more with each token on a line of its own: that makes the very same instructions, and their
//! lines are now tokens.

use std::collections::HashMap;

use mlua::Lua;
use mlua::chunk::ChunkMode;

use super::bytecode::{Function, functions};
use super::complaint::Complaint;
use super::excerpt::{Mark, line_starts, lines};
use super::part::{Failing, is_call};
use super::sources::Source;
use super::stack::Frame;
use super::tokens::{Span, Tokens};
use crate::syntax::{Token, TokenKind, tokens};

/// The part of the code that a frame was at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Located {
    pub(super) mark: Mark,
    /// The names of what is marked, if it is `a`, `a.b` or `a:b`.
    pub(super) path: Vec<String>,
}

/// What is known of a frame's part of the code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Location {
    Found(Located),
    /// The code is no longer what runs.
    Changed,
    Unknown,
}

/// Code of this size is not compiled again, in bytes; of a file no more is read.
const MOST_CODE: usize = 1 << 20;

/// Code that was compiled with each token on a line of its own.
struct Spread {
    functions: Vec<Function>,
    /// The token of each line.
    tokens: Vec<usize>,
}

/// Looks up instructions, and compiles each chunk once.
pub(super) struct Locator<'a> {
    lua: &'a Lua,
    chunks: HashMap<String, Result<Spread, Location>>,
}

impl<'a> Locator<'a> {
    pub(super) fn new(lua: &'a Lua) -> Self {
        Self {
            lua,
            chunks: HashMap::new(),
        }
    }

    /// The part of `source` that `frame` was at, or that `complaint` is of.
    pub(super) fn locate(
        &mut self,
        source: &Source,
        frame: &Frame,
        complaint: Option<&Complaint<'_>>,
        is_nil: &dyn Fn(&[String]) -> bool,
    ) -> Location {
        if source.code.len() >= MOST_CODE || frame.instruction.is_none() {
            return Location::Unknown;
        }
        let plain = without_first_line_mark(&source.code);
        let text = source
            .compiled
            .as_ref()
            .map_or(plain.as_str(), |compiled| &compiled.text);
        let tokens: Vec<_> = tokens(text).collect();
        let lua = self.lua;
        let chunk = self
            .chunks
            .entry(frame.chunk.clone())
            .or_insert_with(|| compile(lua, &tokens));
        let spread = match chunk {
            Ok(spread) => spread,
            Err(location) => return location.clone(),
        };
        let found = spread.instruction(text, &tokens, frame);
        let Some((at, instruction)) = found else {
            return Location::Changed;
        };
        let failing = Failing {
            tokens: Tokens(&tokens),
            at,
            instruction,
            is_nil,
        };
        let located = failing.part(complaint).and_then(|part| {
            let line = frame.line?;
            Some(Located {
                mark: mark(source, &tokens, line, part.whole, part.point)?,
                path: names(&tokens, part.whole),
            })
        });
        located.map_or(Location::Unknown, Location::Found)
    }
}

impl Locator<'_> {
    /// The calls on the line that `frame` is at, from the instruction that it is at, by their
    /// instructions.
    pub(super) fn calls(&self, source: &Source, frame: &Frame) -> Vec<(usize, Mark)> {
        if source.code.len() >= MOST_CODE {
            return Vec::new();
        }
        let plain = without_first_line_mark(&source.code);
        let text = source
            .compiled
            .as_ref()
            .map_or(plain.as_str(), |compiled| &compiled.text);
        let tokens: Vec<_> = tokens(text).collect();
        let (Ok(spread), Some(running), Some(line)) =
            (compile(self.lua, &tokens), frame.instruction, frame.line)
        else {
            return Vec::new();
        };
        let starts = line_starts(text);
        let line_of = |function: &Function, index: usize| {
            let at = *spread.tokens.get(*function.lines.get(index)?)?;
            // The compiler sees a token's last line.
            let end = tokens.get(at)?.end();
            Some((at, starts.partition_point(|start| *start < end)))
        };
        let mut candidates = spread.functions.iter();
        let Some(function) = candidates.find(|function| {
            function.identity == running.code
                && line_of(function, running.index).is_some_and(|(_, found)| found == line)
        }) else {
            return Vec::new();
        };
        let ahead = function.code.iter().enumerate().skip(running.index);
        ahead
            .filter(|(_, instruction)| is_call(**instruction))
            .filter_map(|(index, instruction)| {
                let (at, found) = line_of(function, index)?;
                let failing = Failing {
                    tokens: Tokens(&tokens),
                    at,
                    instruction: *instruction,
                    is_nil: &|_| false,
                };
                let part = failing.part(None).filter(|_| found == line)?;
                Some((index, mark(source, &tokens, line, part.whole, part.point)?))
            })
            .collect()
    }
}

/// A file's first line may begin with `#`, and the file with a byte order mark.
fn without_first_line_mark(code: &str) -> String {
    let mut text = code.to_owned();
    if text.starts_with('\u{feff}') {
        text.replace_range(..3, "   ");
    }
    if text.trim_start_matches(' ').starts_with('#') {
        let end = lines(&text).next().map_or(0, str::len);
        text.replace_range(..end, &" ".repeat(end));
    }
    text
}

fn compile(lua: &Lua, tokens: &[Token<'_>]) -> Result<Spread, Location> {
    let mut text = String::new();
    // Lines are counted from 1.
    let mut tokens_of_lines = vec![0];
    for (index, token) in tokens.iter().enumerate() {
        if matches!(token.kind, TokenKind::Unfinished | TokenKind::Unknown) {
            return Err(Location::Changed);
        }
        text.push_str(token.text);
        text.push('\n');
        tokens_of_lines.extend(lines(token.text).map(|_| index));
    }
    let chunk = lua
        .load(text.as_str())
        .set_mode(ChunkMode::Text)
        .into_function()
        .map_err(|error| match error {
            mlua::Error::SyntaxError { .. } => Location::Changed,
            _ => Location::Unknown,
        })?;
    Ok(Spread {
        functions: functions(&chunk.dump(false)).ok_or(Location::Unknown)?,
        tokens: tokens_of_lines,
    })
}

impl Spread {
    /// The token that the frame was at, and its instruction.
    fn instruction(&self, text: &str, tokens: &[Token<'_>], frame: &Frame) -> Option<(usize, u32)> {
        let running = frame.instruction?;
        let starts = line_starts(text);
        let candidates = self.functions.iter();
        candidates
            .filter(|function| function.identity == running.code)
            .find_map(|function| {
                let line = *function.lines.get(running.index)?;
                let at = *self.tokens.get(line)?;
                // The compiler sees a token's last line.
                let end = tokens.get(at)?.end();
                let line = starts.partition_point(|start| *start < end);
                let code = *function.code.get(running.index)?;
                (Some(line) == frame.line).then_some((at, code))
            })
    }
}

/// The part on its line of the user's code.
fn mark(
    source: &Source,
    tokens: &[Token<'_>],
    line: usize,
    whole: Span,
    point: Span,
) -> Option<Mark> {
    let starts = line_starts(&source.code);
    let start = *starts.get(line - 1)?;
    let text = lines(&source.code).nth(line - 1)?;
    let origin = |byte: usize| match &source.compiled {
        Some(compiled) => compiled.origin(byte),
        None => Some(byte),
    };
    let on_line = |span: Span| {
        let mut range: Option<std::ops::Range<usize>> = None;
        for token in &tokens[span.first..=span.last] {
            let Some(at) = origin(token.start).and_then(|at| at.checked_sub(start)) else {
                continue;
            };
            // The user's code may have been changed before it came here.
            if text.get(at..at + token.text.len()) == Some(token.text) {
                let end = at + token.text.len();
                range = Some(range.map_or(at..end, |range| range.start..end));
            }
        }
        range
    };
    let whole = on_line(whole)?;
    let point = on_line(point).unwrap_or_else(|| whole.clone());
    Some(Mark { line, whole, point })
}

/// The names of `a`, `a.b` or `a:b`; none if it is anything else.
pub(super) fn names(tokens: &[Token<'_>], span: Span) -> Vec<String> {
    let part = &tokens[span.first..=span.last];
    let is_path = part.iter().enumerate().all(|(index, token)| {
        if index % 2 == 0 {
            token.kind == TokenKind::Name
        } else {
            token.is(".") || token.is(":")
        }
    });
    if !is_path {
        return Vec::new();
    }
    let names = part.iter().filter(|token| token.kind == TokenKind::Name);
    names.map(|token| token.text.to_owned()).collect()
}
