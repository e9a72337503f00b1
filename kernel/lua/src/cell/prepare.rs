use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::Write;

use super::kept::{CONSTANT_MARK, Kept};
use crate::failure::{Compiled, Piece};
use crate::magic::Reading;
use crate::syntax::{Attribute, Outline, TailKind};

/// Code that can be compiled to share locals with earlier cells.
///
/// For `local a <const> = x; f(a)` with an `x` from an earlier cell it is, on one line:
///
/// ```lua
/// local KEEP,x=...;return function(...)
/// local a <const> = x;KEEP('a!',function()return a end);; return KEEP, f(a)
/// end
/// ```
///
/// That the user's part is a chunk of its own, and cannot break out of the function, has to be
/// checked first: that is what [`Prepared::alone`] is for.
#[derive(Debug)]
pub(super) struct Prepared {
    /// The user's code as plain Lua.
    pub(super) alone: String,
    /// A chunk that makes the cell's function; the chunk's argument is what `KEEP` becomes.
    pub(super) chunk: Compiled,
    /// Whether a semicolon hides the value.
    pub(super) is_silenced: bool,
    /// Whether the last statement is a call.
    pub(super) is_call: bool,
}

/// What the function that keeps locals is called in a cell's code, at least.
pub(crate) const KEEP: &str = "perilune_keep";

/// How many locals one function is given to declare; Lua's limit is 200.
const LOCALS_PER_FUNCTION: usize = 190;

/// The code as Lua's compiler should see it: positions stay as they are.
pub(crate) fn plain_code(code: &str) -> Cow<'_, str> {
    const MARK: &str = "\u{feff}";
    let rest = code.trim_start_matches(MARK);
    let marks = " ".repeat(code.len() - rest.len());
    // `#` alone could be the length operator; `#!` is never Lua.
    match rest.strip_prefix("#!") {
        Some(rest) => Cow::Owned(format!("{marks}--{rest}")),
        None if marks.is_empty() => Cow::Borrowed(code),
        None => Cow::Owned(marks + rest),
    }
}

/// A cell that stands for itself, as it is compiled where nothing was before it.
pub(crate) struct CellChunk {
    /// The user's code as plain Lua, which has to compile by itself first.
    pub(crate) alone: String,
    /// What becomes the cell's function.
    pub(crate) text: String,
}

/// What a cell is compiled as; nothing if its structure is not Lua's.
pub(crate) fn cell_chunk(reading: &Reading<'_>) -> Option<CellChunk> {
    let prepared = prepare(&reading.lua, reading.function.as_deref(), &Kept::default())?;
    Some(CellChunk {
        alone: prepared.alone,
        text: prepared.chunk.text,
    })
}

/// Prepares a cell; nothing if its structure is not Lua's. The chunk's second argument is what
/// `magic` names.
pub(super) fn prepare(code: &str, magic: Option<&str>, kept: &Kept) -> Option<Prepared> {
    let outline = Outline::of(code)?;
    let keep = unused_name(&outline.names);
    let mut body = String::with_capacity(code.len() + 128);
    let mut alone = code.to_owned();
    let mut pieces = Vec::new();
    let mut piece = |body: &str, code: usize, end: usize| {
        pieces.push(Piece {
            compiled: body.len(),
            code,
            length: end - code,
        });
    };
    let mut done = 0;
    for local in &outline.locals {
        let names: Vec<_> = local
            .names
            .iter()
            // The environment ends with its cell, or no later cell could reach the globals.
            .filter(|local| local.attribute != Attribute::Close && local.name != "_ENV")
            .collect();
        if names.is_empty() {
            continue;
        }
        let list: Vec<_> = names.iter().map(|local| local.name).collect();
        let marked: Vec<_> = names
            .iter()
            .map(|local| match local.attribute {
                Attribute::Constant => format!("{}{CONSTANT_MARK}", local.name),
                _ => local.name.to_owned(),
            })
            .collect();
        piece(&body, done, local.end);
        body.push_str(&code[done..local.end]);
        let (marked, list) = (marked.join(" "), list.join(","));
        // By this the debugger knows that the line is none where a statement begins.
        let is_split = code[local.start..local.end].contains(['\n', '\r']);
        let mark = if is_split { ",nil" } else { "" };
        let _ = write!(
            body,
            ";{keep}('{marked}',function()return {list} end{mark});"
        );
        done = local.end;
    }
    let mut is_silenced = false;
    if let Some(tail) = &outline.tail {
        is_silenced = tail.silenced;
        piece(&body, done, tail.start);
        body.push_str(&code[done..tail.start]);
        // With a value before it, a call is no tail call, and its caller stays on the stack.
        let _ = match tail.kind {
            TailKind::Expression | TailKind::Call => write!(body, "return {keep},"),
            TailKind::Return => write!(body, " {keep},"),
            TailKind::EmptyReturn => write!(body, " {keep}"),
        };
        piece(&body, tail.start, code.len());
        body.push_str(&code[tail.start..tail.end]);
        // Lua allows one semicolon behind `return`, but any number behind a call.
        body.push_str(&code[tail.end..].replacen(';', " ", semicolons(&code[tail.end..])));
        done = code.len();
        if tail.kind == TailKind::Expression {
            alone.truncate(tail.start);
            alone.push_str("return ");
            alone.push_str(&code[tail.start..tail.end]);
        }
    }
    piece(&body, done, code.len());
    body.push_str(&code[done..]);
    Some(Prepared {
        alone,
        chunk: wrap(&body, pieces, &keep, magic, &outline.names, kept),
        is_silenced,
        is_call: outline.tail.is_some_and(|tail| tail.kind == TailKind::Call),
    })
}

/// How many semicolons stand before a comment; nothing else follows a tail.
fn semicolons(rest: &str) -> usize {
    crate::syntax::tokens(rest)
        .filter(|token| token.is(";"))
        .count()
}

fn wrap(
    body: &str,
    mut pieces: Vec<Piece>,
    keep: &str,
    magic: Option<&str>,
    names: &HashSet<&str>,
    kept: &Kept,
) -> Compiled {
    let mut shared: Vec<_> = names
        .iter()
        .filter_map(|name| kept.get(name).map(|local| (*name, local.is_constant)))
        .collect();
    shared.sort_unstable();
    let mut declared = vec![keep.to_owned()];
    declared.extend(magic.map(str::to_owned));
    declared.extend(
        shared
            .into_iter()
            .map(|(name, is_constant)| match is_constant {
                true => format!("{name}<const> "),
                false => name.to_owned(),
            }),
    );
    let groups: Vec<_> = declared.chunks(LOCALS_PER_FUNCTION).collect();
    let mut chunk = String::with_capacity(body.len() + 256);
    for (depth, group) in groups.iter().enumerate() {
        if depth > 0 {
            chunk.push_str("return(function(...)");
        }
        let _ = write!(chunk, "local {}=...;", group.join(","));
    }
    chunk.push_str("return function(...)");
    for piece in &mut pieces {
        piece.compiled += chunk.len();
    }
    chunk.push_str(body);
    chunk.push_str("\nend");
    chunk.push_str(&" end)()".repeat(groups.len() - 1));
    Compiled {
        text: chunk,
        pieces,
    }
}

/// A name for the kernel's function that the code does not use.
fn unused_name(names: &HashSet<&str>) -> String {
    let mut name = KEEP.to_owned();
    while names.contains(name.as_str()) {
        name.push('_');
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_additions_stay_on_the_users_lines() {
        let code = "local a <const> = 1\nlocal c <close> = nil\nf(a);; -- x; y";
        let prepared = prepare(code, None, &Kept::default()).unwrap();
        assert_eq!(
            prepared.chunk.text,
            "local perilune_keep=...;return function(...)\
             local a <const> = 1;perilune_keep('a!',function()return a end);\n\
             local c <close> = nil\n\
             return perilune_keep,f(a)   -- x; y\nend"
        );
        assert_eq!(prepared.alone, code);
        assert!(prepared.is_silenced);
    }

    #[test]
    fn a_statement_of_several_lines_is_known_by_its_mark() {
        let prepared = prepare("local a = f(\n1\n)", None, &Kept::default()).unwrap();
        assert_eq!(
            prepared.chunk.text,
            "local perilune_keep=...;return function(...)\
             local a = f(\n1\n);perilune_keep('a',function()return a end,nil);\nend"
        );
    }

    #[test]
    fn a_shebang_and_a_byte_order_mark_become_blank() {
        assert_eq!(plain_code("#!/usr/bin/lua\n1"), "--/usr/bin/lua\n1");
        assert_eq!(plain_code("\u{feff}x"), "   x");
        assert_eq!(plain_code("\u{feff}#!x"), "   --x");
        assert_eq!(plain_code(&"\u{feff}".repeat(300_000)).trim(), "");
        assert_eq!(plain_code("#t"), "#t");
    }

    #[test]
    fn the_kernels_name_gives_way() {
        let prepared = prepare("local perilune_keep = 1", None, &Kept::default()).unwrap();
        assert!(prepared.chunk.text.starts_with("local perilune_keep_=..."));
    }
}
