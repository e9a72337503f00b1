use mlua::Lua;
use perilune_language::Completeness;

use crate::cell::{CallError, compile_cell, plain_code};
use crate::magic::{self, Continuation};
use crate::syntax::{TokenKind, tokens};

/// Whether code could be run, by the word of Lua's own compiler.
pub(crate) fn is_complete(lua: &Lua, code: &str) -> Completeness {
    let code = plain_code(code);
    let code = match magic::continues(&code) {
        Continuation::Done => return Completeness::Complete,
        Continuation::More => {
            return Completeness::Incomplete {
                indent: String::new(),
            };
        }
        Continuation::AsLua(lua) => lua,
    };
    match compile_cell(lua, "code", &code) {
        Ok(()) => Completeness::Complete,
        Err(CallError::Syntax(message)) if wants_more(&code, &message) => {
            Completeness::Incomplete {
                indent: indent(&code),
            }
        }
        Err(CallError::Syntax(_)) => Completeness::Invalid,
        Err(_) => Completeness::Unknown,
    }
}

/// Whether the compiler met the code's end where something had to follow.
fn wants_more(code: &str, message: &str) -> bool {
    if !message.ends_with("<eof>") {
        return false;
    }
    // A string in quotes ends with its line, if the newline is not escaped.
    !message.contains("unfinished string") || code.ends_with('\\') || code.ends_with("\\z")
}

/// The white space for the next line.
fn indent(code: &str) -> String {
    let mut depth = 0usize;
    for token in tokens(code) {
        if token.kind == TokenKind::Unfinished {
            return String::new();
        }
        if ["function", "do", "then", "repeat", "{", "("]
            .iter()
            .any(|open| token.is(open))
        {
            depth += 1;
        } else if ["end", "until", "}", ")", "elseif"]
            .iter()
            .any(|close| token.is(close))
        {
            depth = depth.saturating_sub(1);
        }
    }
    unit(code).repeat(depth)
}

/// What the code indents by: two spaces if it does not say otherwise.
fn unit(code: &str) -> &'static str {
    let first = code.lines().find_map(|line| {
        let text = line.trim_start();
        let space = &line[..line.len() - text.len()];
        (!text.is_empty() && !space.is_empty()).then_some(space)
    });
    match first {
        Some(space) if space.starts_with('\t') => "\t",
        Some(space) if space.len() % 4 == 0 => "    ",
        _ => "  ",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_indent_follows_the_open_blocks() {
        assert_eq!(indent("for i = 1, 2 do"), "  ");
        assert_eq!(indent("if a then\n    b()\nelseif c then"), "    ");
        assert_eq!(indent("local t = {\n\tf(function()"), "\t\t\t");
        assert_eq!(indent("x = [[\n"), "");
    }
}
