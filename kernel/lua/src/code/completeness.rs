use mlua::Lua;
use perilune_language::Completeness;

use super::help::help_request;
use crate::cell::{CallError, compile_cell, plain_code};
use crate::magic::{self, Continuation};
use crate::syntax::{TokenKind, tokens};

/// Whether code could be run, by the word of Lua's own compiler.
pub(crate) fn is_complete(lua: &Lua, code: &str) -> Completeness {
    if help_request(code).is_some() {
        return Completeness::Complete;
    }
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
        Err(CallError::Syntax(message)) => {
            let could_go_on = match missing_label(&message) {
                Some(label) => goes_on(lua, &format!("{code}\n::{label}::")),
                None => wants_more(lua, &format!("{code}\n")),
            };
            match could_go_on {
                true => Completeness::Incomplete {
                    indent: indent(&code),
                },
                false => Completeness::Invalid,
            }
        }
        Err(_) => Completeness::Unknown,
    }
}

/// Whether the compiler meets the code's end where something has to follow. The code ends with its
/// line, since what a person adds stands on the next one: a string in quotes ends there.
fn wants_more(lua: &Lua, code: &str) -> bool {
    match compile_cell(lua, "code", code) {
        Err(CallError::Syntax(message)) => message.ends_with("near <eof>"),
        _ => false,
    }
}

fn goes_on(lua: &Lua, code: &str) -> bool {
    compile_cell(lua, "code", code).is_ok() || wants_more(lua, code)
}

/// The label that a `goto` wants, which may yet come.
fn missing_label(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("no visible label '")?;
    Some(rest.split_once('\'')?.0)
}

/// The white space for the next line.
fn indent(code: &str) -> String {
    let mut depth = 0usize;
    for token in tokens(code) {
        if token.kind == TokenKind::Unfinished {
            return String::new();
        }
        if ["function", "do", "then", "repeat", "{", "(", "["]
            .iter()
            .any(|open| token.is(open))
        {
            depth += 1;
        } else if ["end", "until", "}", ")", "]", "elseif"]
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
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_indent_follows_the_open_blocks() {
        assert_eq!(indent("for i = 1, 2 do"), "  ");
        assert_eq!(indent("if a then\n    b()\nelseif c then"), "    ");
        assert_eq!(indent("local t = {\n\tf(function()"), "\t\t\t");
        assert_eq!(indent("x = [[\n"), "");
    }

    /// A program made by choices, token by token.
    struct Program<'c> {
        choices: std::slice::Iter<'c, u8>,
        tokens: Vec<&'static str>,
        /// How many blocks and brackets are open behind each token.
        depths: Vec<usize>,
        depth: usize,
        nested: usize,
    }

    impl<'c> Program<'c> {
        fn of(choices: &'c [u8]) -> Self {
            let mut program = Self {
                choices: choices.iter(),
                tokens: Vec::new(),
                depths: Vec::new(),
                depth: 0,
                nested: 0,
            };
            while !program.choices.as_slice().is_empty() {
                program.statement();
            }
            program
        }

        fn choose(&mut self, among: u8) -> u8 {
            let most = if self.nested > 12 { 2 } else { among };
            self.choices.next().copied().unwrap_or(0) % most
        }

        fn put(&mut self, tokens: &[&'static str]) {
            for token in tokens {
                match *token {
                    "function" | "do" | "then" | "repeat" | "{" | "(" | "[" => self.depth += 1,
                    "end" | "until" | "}" | ")" | "]" | "elseif" => self.depth -= 1,
                    _ => {}
                }
                self.tokens.push(token);
                self.depths.push(self.depth);
            }
        }

        fn block(&mut self) {
            self.nested += 1;
            for _ in 0..self.choose(3) {
                self.statement();
            }
            self.nested -= 1;
        }

        fn statement(&mut self) {
            self.nested += 1;
            match self.choose(12) {
                0 => {
                    self.put(&["local", "a", "="]);
                    self.expression();
                }
                1 => self.put(&["f", "(", ")"]),
                2 => {
                    self.put(&["if"]);
                    self.expression();
                    self.put(&["then"]);
                    self.block();
                    self.put(&["elseif"]);
                    self.expression();
                    self.put(&["then"]);
                    self.block();
                    self.put(&["else"]);
                    self.block();
                    self.put(&["end"]);
                }
                3 => {
                    self.put(&["while"]);
                    self.expression();
                    self.put(&["do"]);
                    self.block();
                    self.put(&["break", ";", "end"]);
                }
                4 => {
                    self.put(&["for", "k", ",", "v", "in"]);
                    self.expression();
                    self.put(&["do"]);
                    self.block();
                    self.put(&["end"]);
                }
                5 => {
                    self.put(&["repeat"]);
                    self.block();
                    self.put(&["until"]);
                    self.expression();
                }
                6 => {
                    self.put(&["local", "function", "g", "(", "x", ",", "...", ")"]);
                    self.block();
                    self.put(&["return"]);
                    self.expression();
                    self.put(&["end"]);
                }
                7 => {
                    self.put(&["t", "[", "1", "]", ".", "n", "="]);
                    self.expression();
                }
                8 => {
                    self.put(&["do"]);
                    self.block();
                    self.put(&["end"]);
                }
                9 => self.put(&["local", "c", "<", "const", ">", "=", "1"]),
                10 => {
                    self.put(&["for", "i", "=", "1", ",", "2", "do"]);
                    self.block();
                    self.put(&["end"]);
                }
                _ => {
                    self.put(&["o", ":", "m", "("]);
                    self.expression();
                    self.put(&[")"]);
                }
            }
            self.nested -= 1;
        }

        fn expression(&mut self) {
            self.nested += 1;
            match self.choose(13) {
                0 => self.put(&["1"]),
                1 => self.put(&["x"]),
                2 => self.put(&["'s'"]),
                3 => self.put(&["[[\nlong]]"]),
                4 => {
                    self.put(&["-"]);
                    self.expression();
                }
                5 => {
                    self.expression();
                    self.put(&[".."]);
                    self.expression();
                }
                6 => {
                    self.put(&["{"]);
                    self.expression();
                    self.put(&[",", "n", "="]);
                    self.expression();
                    self.put(&[",", "["]);
                    self.expression();
                    self.put(&["]", "=", "1", "}"]);
                }
                7 => {
                    self.put(&["function", "(", "y", ")"]);
                    self.block();
                    self.put(&["end"]);
                }
                8 => {
                    self.put(&["("]);
                    self.expression();
                    self.put(&[")"]);
                }
                9 => {
                    self.put(&["f", "("]);
                    self.expression();
                    self.put(&[",", "2", ")"]);
                }
                10 => self.put(&["\"é\\z\n  😀\""]),
                11 => {
                    self.expression();
                    self.put(&["and"]);
                    self.expression();
                }
                _ => self.put(&["nil"]),
            }
            self.nested -= 1;
        }
    }

    fn compiles(lua: &Lua, code: &str) -> bool {
        lua.load(code).into_function().is_ok()
    }

    /// Whether it is a cell: a chunk, or one whose last statement is expressions.
    fn is_cell(lua: &Lua, tokens: &[&str]) -> bool {
        let ends_with_expressions = |at: usize| {
            let statements = tokens[..at].join(" ");
            let expressions = tokens[at..].join(" ");
            compiles(lua, &format!("return {expressions}"))
                && compiles(lua, &statements)
                && compiles(lua, &format!("{statements} return {expressions}"))
        };
        compiles(lua, &tokens.join(" ")) || (0..tokens.len()).rev().any(ends_with_expressions)
    }

    /// What could end all that can be open.
    const CONTINUATIONS: [&str; 12] = [
        "x", "= 1", "1", ")", "}", "]", "end", "then end", "do end", "until x", "x end", "]]",
    ];

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

        #[test]
        fn a_program_is_complete_and_its_beginnings_can_go_on(
            choices in prop::collection::vec(any::<u8>(), 1..25)
        ) {
            let lua = Lua::new();
            let program = Program::of(&choices);
            let whole = program.tokens.join(" ");
            prop_assert!(compiles(&lua, &whole), "{whole}");
            prop_assert_eq!(is_complete(&lua, &whole), Completeness::Complete, "{}", whole);
            for end in 1..program.tokens.len() {
                let beginning = program.tokens[..end].join(" ");
                let answer = is_complete(&lua, &beginning);
                let expected = if is_cell(&lua, &program.tokens[..end]) {
                    Completeness::Complete
                } else {
                    let unit = if beginning.contains('\n') { unit(&beginning) } else { "  " };
                    Completeness::Incomplete { indent: unit.repeat(program.depths[end - 1]) }
                };
                prop_assert_eq!(answer, expected, "{}", beginning);
            }
        }

        #[test]
        fn what_is_invalid_stays_so_whatever_follows(
            choices in prop::collection::vec(any::<u8>(), 1..25),
            at in any::<prop::sample::Index>(),
            with in any::<prop::sample::Index>(),
        ) {
            let lua = Lua::new();
            let program = Program::of(&choices);
            let mut tokens = program.tokens.clone();
            let stray = ["end", ")", "=", "then", "in", "local", "'", "1", "{", "return", "goto l", ","];
            tokens.insert(at.index(tokens.len() + 1), stray[with.index(stray.len())]);
            let code = tokens.join(" ");
            let answer = is_complete(&lua, &code);
            prop_assert_eq!(answer == Completeness::Complete, is_cell(&lua, &tokens), "{}", code);
            if answer == Completeness::Invalid {
                for one in CONTINUATIONS {
                    for other in CONTINUATIONS {
                        let longer = format!("{code}\n{one} {other}");
                        prop_assert!(!compiles(&lua, &longer), "{}", longer);
                    }
                }
            }
        }
    }
}
