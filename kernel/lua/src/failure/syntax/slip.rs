//! What people write who come from other languages, and what is forgotten often.

use crate::failure::excerpt::line_starts;
use crate::syntax::{Token, TokenKind};

/// What may help with code that Lua refused at the token `at`, or at its end.
pub(super) fn hint(
    message: &str,
    code: &str,
    tokens: &[Token<'_>],
    at: Option<usize>,
) -> Option<String> {
    let scene = Scene {
        message,
        code,
        tokens,
    };
    let found = match at {
        Some(at) => scene.at_token(at).or_else(|| scene.of_line(at)),
        None => scene.at_end(),
    };
    found.map(str::to_owned).or_else(|| scene.of_blocks(at))
}

struct Scene<'t, 'a> {
    message: &'t str,
    code: &'a str,
    tokens: &'t [Token<'a>],
}

const NOT_EQUAL: &str = "Lua's 'not equal' is ~=";
const AND: &str = "Lua writes 'and', 'or' and 'not' for &&, || and !";
const COMMENT: &str = "a comment begins with --";
const COMPARE: &str = "= assigns; == compares";
const BLOCK: &str = "Lua's blocks have words, not braces: if x then ... end, while x do ... end";
const COMPOUND: &str = "Lua has no +=, -= and the like: x = x + 1";
const FIELD: &str = "in a table it is {name = value}, or {[\"any key\"] = value}";

impl<'a> Scene<'_, 'a> {
    fn is(&self, at: usize, text: &str) -> bool {
        self.tokens.get(at).is_some_and(|token| token.is(text))
    }

    fn is_before(&self, at: usize, text: &str) -> bool {
        at > 0 && self.is(at - 1, text)
    }

    /// Whether the token follows the one before it without a space.
    fn touches(&self, at: usize) -> bool {
        at > 0 && at < self.tokens.len() && self.tokens[at - 1].end() == self.tokens[at].start
    }

    fn is_first_on_line(&self, at: usize) -> bool {
        let start = self.tokens[at].start;
        at == 0 || self.code[self.tokens[at - 1].end()..start].contains(['\n', '\r'])
    }

    /// Whether the token's line asks for help as a cell does: `name?`, `?name`.
    fn is_question(&self, at: usize) -> bool {
        let start = self.tokens[at].start;
        let from = self.code[..start]
            .rfind(['\n', '\r'])
            .map_or(0, |end| end + 1);
        let line = self.code[from..].lines().next().unwrap_or_default().trim();
        let asked = line.trim_matches('?');
        let is_of_name = |letter: char| letter.is_alphanumeric() || "_.:".contains(letter);
        !asked.is_empty() && asked.chars().all(is_of_name)
    }

    /// Of the token that does not fit and its neighbours.
    fn at_token(&self, at: usize) -> Option<&'static str> {
        let token = self.tokens.get(at)?;
        let pair = |first: &str, second: &str| {
            (self.is(at, first) && self.is(at + 1, second) && self.touches(at + 1))
                || (self.is_before(at, first) && self.is(at, second) && self.touches(at))
        };
        if let Some(hint) = odd_character(token, self.message) {
            return Some(hint);
        }
        if pair("!", "=") || pair("<", ">") {
            return Some(NOT_EQUAL);
        }
        if self.is(at, "!") || pair("&", "&") || pair("|", "|") {
            return Some(AND);
        }
        if pair("==", "=") {
            return Some("Lua compares with ==");
        }
        if pair("=", ">") || pair("-", ">") {
            return Some("a function is written function(x) return x end");
        }
        if pair("+", "+") {
            return Some("Lua has no ++: x = x + 1");
        }
        if ["+", "-", "*", "/", "//", "%", "^", "..", "|", "&"]
            .iter()
            .any(|operator| pair(operator, "="))
        {
            return Some(COMPOUND);
        }
        if self.is(at, "?") && self.is_question(at) {
            return Some("a question such as x? or ?x stands alone in its cell");
        }
        if self.is(at, "?") {
            return Some("Lua's choice is an expression of words: condition and value or other");
        }
        if pair("/", "*") {
            return Some("a comment of several lines is --[[ ... ]]");
        }
        if (self.is(at, "//") || self.is(at, "#") || self.is(at, "/")) && self.is_first_on_line(at)
        {
            return Some(COMMENT);
        }
        if self.is(at, "{")
            && (self.message.contains("'then' expected") || self.message.contains("'do' expected"))
        {
            return Some(BLOCK);
        }
        if self.is(at, "=")
            && (self.message.contains("'then' expected")
                || self.message.contains("')' expected")
                || self.message.contains("'do' expected"))
        {
            return Some(COMPARE);
        }
        if self.message.contains("'then' expected") {
            return Some("'if' and 'elseif' need 'then' after their condition");
        }
        if self.message.contains("'do' expected") {
            return Some("'while' and 'for' need 'do' before their block");
        }
        if self.is(at, "[") && self.message.contains("unexpected symbol") {
            return Some("Lua's lists are in braces: {1, 2, 3}");
        }
        if self.is(at, ":") && self.message.contains("'}' expected") || self.is_field(at) {
            return Some(FIELD);
        }
        if self.message.contains("<eof> expected near 'end'") {
            return Some("there is one 'end' too many, or a block was closed too early");
        }
        if self.is(at, ")") && self.message.contains("unexpected symbol") && self.closes_nothing(at)
        {
            return Some("there is one ')' too many");
        }
        if self.is_before(at, ":") && self.message.contains("<name> expected") {
            return Some("a colon calls a method: object:name(...)");
        }
        None
    }

    fn closes_nothing(&self, at: usize) -> bool {
        let count = |text: &str| {
            self.tokens[..at]
                .iter()
                .filter(|token| token.is(text))
                .count()
        };
        count("(") <= count(")")
    }

    /// `{name: value}` reads like a call of a method.
    fn is_field(&self, at: usize) -> bool {
        let colon = if self.is_before(at, ":") {
            at - 1
        } else {
            return false;
        };
        colon >= 2
            && self.tokens[colon - 1].kind == TokenKind::Name
            && (self.is(colon - 2, "{") || self.is(colon - 2, ","))
    }

    /// Of words before the token that are not Lua's.
    fn of_line(&self, at: usize) -> Option<&'static str> {
        let comment = (0..at)
            .rev()
            .take_while(|before| !self.is_first_on_line(before + 1))
            .find(|before| self.is(*before, "//"));
        if comment.is_some() {
            return Some(COMMENT);
        }
        let else_if = self.message.contains("'end' expected")
            && self
                .tokens
                .windows(2)
                .any(|pair| pair[0].is("else") && pair[1].is("if"));
        if else_if {
            return Some("'elseif' is one word");
        }
        let before = self.tokens.get(at.checked_sub(1)?)?;
        of_word(before.text).or_else(|| of_word(self.tokens[at].text))
    }

    fn at_end(&self) -> Option<&'static str> {
        if self.message.contains("'end' expected")
            && self.tokens.windows(2).any(|pair| {
                pair[0].is("else")
                    && pair[1].is("if")
                    && self.code[pair[0].end()..pair[1].start]
                        .trim_matches(' ')
                        .is_empty()
            })
        {
            return Some(
                "'elseif' is one word; 'else if' begins another block, with an 'end' of its own",
            );
        }
        let last = self.tokens.last()?;
        of_word(last.text)
    }

    /// Where an `end` seems to be missing, by how the code is indented.
    fn of_blocks(&self, at: Option<usize>) -> Option<String> {
        let wants_end =
            self.message.contains("'end' expected") || self.message.contains("'until' expected");
        if !wants_end {
            return None;
        }
        let starts = line_starts(self.code);
        let line = |token: &Token<'_>| starts.partition_point(|start| *start <= token.start);
        let indent = |token: &Token<'_>| {
            let text = &self.code[starts[line(token) - 1]..];
            text.len() - text.trim_start_matches([' ', '\t']).len()
        };
        let mut open: Vec<&Token<'a>> = Vec::new();
        let mut loops = 0usize;
        for token in self.tokens.iter().take(at.unwrap_or(usize::MAX)) {
            if token.is("while") || token.is("for") {
                loops += 1;
                open.push(token);
            } else if token.is("do") && loops > 0 {
                loops -= 1;
            } else if ["function", "if", "do", "repeat"]
                .iter()
                .any(|word| token.is(word))
            {
                open.push(token);
            } else if token.is("end") || token.is("until") {
                let opener = open.pop()?;
                let on_lines_of_their_own = line(opener) != line(token);
                if on_lines_of_their_own && indent(token) < indent(opener) {
                    return Some(format!(
                        "the '{}' on line {} seems to have no '{}'",
                        opener.text,
                        line(opener),
                        if opener.is("repeat") { "until" } else { "end" },
                    ));
                }
            }
        }
        let opener = open.last()?;
        let end = if opener.is("repeat") { "until" } else { "end" };
        Some(format!(
            "the '{}' on line {} has no '{end}'",
            opener.text,
            line(opener)
        ))
    }
}

fn odd_character(token: &Token<'_>, message: &str) -> Option<&'static str> {
    let first = token.text.chars().next()?;
    match token.kind {
        TokenKind::Unfinished if message.contains("unfinished string") => Some(
            "a string ends on its line, with the quote it began with; [[ ... ]] may have many lines",
        ),
        TokenKind::Unfinished if message.contains("unfinished long") => {
            Some("what begins with [[ ends with ]], and [==[ with ]==]")
        }
        TokenKind::Unknown => Some(match first {
            '“' | '”' | '„' | '‘' | '’' | '«' | '»' => {
                "these are typographic quotes; Lua's are \" and '"
            }
            '\u{a0}' | '\u{2009}' | '\u{202f}' | '\u{200b}' | '\u{feff}' => {
                "here is an invisible character that is no plain space; delete it and type a space"
            }
            '–' | '—' | '−' => "this is a dash; Lua's minus is -",
            '×' | '÷' => "Lua multiplies with * and divides with /",
            '≠' | '≤' | '≥' => "Lua writes ~=, <= and >=",
            first if first.is_alphabetic() => "names have the letters a to z, digits and _",
            _ => return None,
        }),
        _ => None,
    }
}

fn of_word(word: &str) -> Option<&'static str> {
    Some(match word {
        "continue" => "Lua has no continue: goto continue, with ::continue:: before the loop's end",
        "let" | "var" | "const" | "auto" | "int" | "float" | "double" | "my" => {
            "a variable is declared with local: local x = 1"
        }
        "def" | "func" | "fn" | "fun" | "void" => {
            "a function is written function name(a, b) ... end"
        }
        "import" | "from" | "include" | "using" => {
            "a module is loaded with local m = require \"m\""
        }
        "elif" | "elsif" | "elseif" => "Lua's word is elseif, and it needs then",
        "class" | "struct" => {
            "Lua's objects are tables with a metatable; there is no class statement"
        }
        "switch" | "case" | "match" => {
            "Lua chooses with if ... elseif ... end, or looks up in a table"
        }
        "try" | "except" | "catch" => "pcall(f) calls f and catches its error",
        "lambda" => "a function is written function(x) return x end",
        "async" | "await" => "Lua's are coroutines: coroutine.wrap(f), coroutine.yield()",
        "new" => "an object is made by a call, as in Thing.new()",
        _ => return None,
    })
}
