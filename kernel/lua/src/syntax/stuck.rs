use super::parser::Parser;
use super::{Token, TokenKind, tokens};

/// Where code ceases to be Lua.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stuck {
    /// The first byte of the innermost statement that was begun last.
    pub(crate) statement: usize,
    /// The first byte of the token that Lua has no place for; the code's length where its end
    /// comes too early.
    pub(crate) token: usize,
    /// The first byte of the outermost statement that was begun last.
    pub(crate) outermost: usize,
    /// How many tokens follow that token.
    pub(crate) tokens_behind: usize,
}

impl Stuck {
    /// Where `code` ceases to be a chunk; nothing if it is one.
    pub(crate) fn of(code: &str) -> Option<Self> {
        let tokens: Vec<_> = tokens(code).map(refuse_malformed).collect();
        let start = |at: usize| tokens.get(at).map_or(code.len(), |token| token.start);
        let mut parser = Parser::new(&tokens);
        while parser.peek().is_some() {
            let outermost = parser.at();
            let goes_on = if parser.peek().is_some_and(|token| token.is("return")) {
                // It ends its block.
                parser.block() && parser.peek().is_none()
            } else {
                parser.statement().is_some()
            };
            if !goes_on {
                return Some(Self {
                    statement: start(parser.latest_statement()),
                    token: start(parser.at()),
                    outermost: start(outermost),
                    tokens_behind: tokens.len().saturating_sub(parser.at() + 1),
                });
            }
        }
        None
    }
}

/// The lexer takes for a numeral whatever begins like one, as Lua's own does, which then looks.
fn refuse_malformed(token: Token<'_>) -> Token<'_> {
    match token.kind {
        TokenKind::Number if !is_numeral(token.text) => Token {
            kind: TokenKind::Unknown,
            ..token
        },
        _ => token,
    }
}

/// Whether a text is a numeral (section 3.1 of the manual).
fn is_numeral(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let (text, mark, digit): (&str, _, fn(&u8) -> bool) = match text.strip_prefix("0x") {
        Some(text) => (text, 'p', u8::is_ascii_hexdigit),
        None => (&text, 'e', u8::is_ascii_digit),
    };
    let (mantissa, exponent) = match text.split_once(mark) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent_fits = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    });
    !(whole.is_empty() && fraction.is_empty())
        && whole
            .bytes()
            .chain(fraction.bytes())
            .all(|byte| digit(&byte))
        && exponent_fits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statement_and_the_token_that_do_not_fit_are_told() {
        for (code, statement, token) in [
            ("x = 1\n!ls", "!", "!"),
            ("print(1)\n%who", "print", "%"),
            ("for i = 1, 2 do\n  !ls\nend", "!", "!"),
            ("x = = 1", "x", "= 1"),
            ("x = !ls", "x", "!"),
            ("f() end", "end", "end"),
            ("return 1 2", "return", "2"),
        ] {
            let stuck = Stuck::of(code).unwrap();
            assert!(
                code[stuck.statement..].starts_with(statement),
                "{code} {stuck:?}"
            );
            assert!(code[stuck.token..].starts_with(token), "{code} {stuck:?}");
        }
    }

    #[test]
    fn a_numeral_is_what_lua_says() {
        for text in [
            "3",
            "3.0",
            "3.",
            ".5",
            "3e10",
            "314.16e-2",
            "0xff",
            "0x.1p4",
            "0xA.8P-1",
        ] {
            assert!(is_numeral(text), "{text}");
        }
        for text in [
            "3a", "1..2", "0x", "1e", "1e+", "0xg", ".", "1.2.3", "0x1p", "80a5",
        ] {
            assert!(!is_numeral(text), "{text}");
        }
    }

    #[test]
    fn a_chunk_is_never_stuck() {
        for code in [
            "",
            "x = 10\n% 3",
            "return",
            "return 1, 2;",
            "do return end f()",
            "::a:: goto a",
        ] {
            assert_eq!(Stuck::of(code), None, "{code}");
        }
    }
}
