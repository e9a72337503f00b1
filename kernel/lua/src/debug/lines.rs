//! Which lines code can stop at.

use std::collections::BTreeSet;

use mlua::chunk::ChunkMode;
use mlua::{Function, Lua, LuaOptions, StdLib};
use perilune_language::debug::SourceReader;

use crate::cell::{cell_chunk, plain_code};
use crate::failure::{compiled_lines, error_text};
use crate::magic;

/// Compiles code in a Lua of its own, which runs nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct LuaLines;

/// What chunks are called here, as Lua's messages begin with it.
const NAME: &str = "line";

impl SourceReader for LuaLines {
    /// The lines that have instructions, in any function of the code. Of a cell, with its magics
    /// and its last expression, as of a file: what compiles as it stands is taken as it stands.
    fn lines(&self, code: &str) -> Result<BTreeSet<u32>, String> {
        let lua = Lua::new_with(StdLib::NONE, LuaOptions::new())
            .map_err(|error| format!("Lua could not be started: {error}"))?;
        let last = u32::try_from(crate::failure::lines(code).count()).unwrap_or(u32::MAX);
        let plain = without_mark(code);
        let alone = compile(&lua, &plain);
        let function = match alone {
            Ok(function) => function,
            Err(message) => {
                let reading = magic::read(&plain);
                let chunk = cell_chunk(&reading).ok_or_else(|| message.clone())?;
                // Who typed a cell without magics is told of what they typed.
                let as_cell = compile(&lua, &chunk.text).and_then(|_| compile(&lua, &chunk.alone));
                as_cell.map_err(|_| message)?
            }
        };
        let functions = compiled_lines(&function.dump(false))
            .ok_or_else(|| "what Lua made of the code cannot be read".to_owned())?;
        Ok(functions
            .into_iter()
            .flatten()
            .filter_map(|line| u32::try_from(line).ok())
            .filter(|line| (1..=last).contains(line))
            .collect())
    }

    fn expression(&self, code: &str) -> Result<(), String> {
        let lua = Lua::new_with(StdLib::NONE, LuaOptions::new())
            .map_err(|error| format!("Lua could not be started: {error}"))?;
        let message = |message: String| match message.split_once(": ") {
            Some((line, why)) if line.starts_with(NAME) => why.to_owned(),
            _ => message,
        };
        compile(&lua, &format!("return {code}\n"))
            .map(drop)
            .map_err(message)
    }
}

/// A file's first line may begin with `#`, and any code with a byte order mark.
fn without_mark(code: &str) -> String {
    let plain = plain_code(code).into_owned();
    let start = plain.len() - plain.trim_start_matches(' ').len();
    let begins_with_mark = plain[start..].starts_with('#') && !plain[start..].starts_with("#!");
    match begins_with_mark {
        // In a file Lua skips it; in a cell `#` alone could be the length operator.
        true if compiles_without_first_line(&plain) => {
            let end = plain.find(['\n', '\r']).unwrap_or(plain.len());
            format!("{}{}", " ".repeat(end), &plain[end..])
        }
        _ => plain,
    }
}

fn compiles_without_first_line(code: &str) -> bool {
    let Ok(lua) = Lua::new_with(StdLib::NONE, LuaOptions::new()) else {
        return false;
    };
    let end = code.find(['\n', '\r']).unwrap_or(code.len());
    compile(&lua, code).is_err() && compile(&lua, &code[end..]).is_ok()
}

fn compile(lua: &Lua, code: &str) -> Result<Function, String> {
    lua.load(code)
        .set_name(format!("={NAME}"))
        .set_mode(ChunkMode::Text)
        .into_function()
        .map_err(|error| {
            let message = error_text(&error);
            let message = message.strip_prefix("syntax error: ").unwrap_or(&message);
            message.replacen(&format!("{NAME}:"), &format!("{NAME} "), 1)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(code: &str) -> Vec<u32> {
        LuaLines.lines(code).unwrap().into_iter().collect()
    }

    #[test]
    fn lines_with_instructions_are_told_and_blank_ones_are_not() {
        let code = "-- a comment\nlocal x = 1\n\nlocal function f(a)\n  -- nothing\n  return a + x\nend\n\nprint(f(2))\n";
        assert_eq!(lines(code), [2, 6, 7, 9]);
    }

    #[test]
    fn where_variable_arguments_are_counted_is_no_place_to_stop_at() {
        let code = "local function f(...)\n\n  return ...\nend";
        assert_eq!(lines(code), [3, 4]);
    }

    #[test]
    fn a_cell_may_end_with_an_expression() {
        assert_eq!(lines("local x = 1\n\nx +\n  1"), [1, 3, 4]);
        assert_eq!(lines("x"), [1]);
        // No more code is told of than without it: what keeps a local is none of the user's.
        assert_eq!(lines("local a = f(\n  g()\n)\na"), [1, 2, 4]);
    }

    #[test]
    fn magics_stand_on_their_lines() {
        assert_eq!(lines("%cd /\n\n!ls\nx"), [1, 3, 4]);
        assert_eq!(lines("%%time\n\nx = 1"), [3]);
    }

    #[test]
    fn the_first_line_of_a_program_may_be_a_comment_for_the_shell() {
        assert_eq!(lines("#!/usr/bin/lua\nx = 1"), [2]);
        assert_eq!(lines("# a comment\nx = 1"), [2]);
        assert_eq!(lines("#t"), [1]);
    }

    #[test]
    fn code_that_does_not_compile_says_why() {
        let error = LuaLines.lines("x = 1\ny = = 2").unwrap_err();
        assert_eq!(error, "line 2: unexpected symbol near '='");
    }

    #[test]
    fn a_condition_is_an_expression() {
        assert_eq!(LuaLines.expression("x > 1 -- so"), Ok(()));
        for (code, why) in [
            ("x >", "unexpected symbol near <eof>"),
            ("x = 1", "<eof> expected near '='"),
        ] {
            assert_eq!(LuaLines.expression(code), Err(why.to_owned()));
        }
    }

    #[test]
    fn compiled_code_is_refused() {
        assert!(LuaLines.lines("\u{1b}Lua").is_err());
    }
}
