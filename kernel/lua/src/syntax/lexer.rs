use super::KEYWORDS;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// A name of the user's.
    Name,
    /// A reserved word.
    Keyword,
    /// A numeral.
    Number,
    /// A string, in quotes or long brackets.
    String,
    /// An operator, a bracket, or what separates.
    Symbol,
    /// A comment.
    Comment,
    /// A string or comment that its text does not close.
    Unfinished,
    /// A byte that no token starts with.
    Unknown,
}

/// A piece of the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token<'a> {
    /// What it is.
    pub kind: TokenKind,
    /// How it is written.
    pub text: &'a str,
    /// The byte that the token starts at.
    pub start: usize,
}

impl Token<'_> {
    /// One past the token's last byte.
    pub fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// Whether it is this symbol or keyword.
    pub fn is(&self, text: &str) -> bool {
        matches!(self.kind, TokenKind::Symbol | TokenKind::Keyword) && self.text == text
    }
}

/// Whether `name` is reserved.
pub(crate) fn is_keyword(name: &str) -> bool {
    KEYWORDS.binary_search(&name).is_ok()
}

/// The tokens of `code`, without comments.
pub(crate) fn tokens(code: &str) -> impl Iterator<Item = Token<'_>> {
    tokens_with_comments(code).filter(|token| token.kind != TokenKind::Comment)
}

/// The tokens of `code`, finished or not.
pub fn tokens_with_comments(code: &str) -> impl Iterator<Item = Token<'_>> {
    Lexer { code, at: 0 }
}

struct Lexer<'a> {
    code: &'a str,
    at: usize,
}

/// Symbols of more than one byte, longest first.
const LONG_SYMBOLS: [&str; 10] = ["...", "..", "==", "~=", "<=", ">=", "//", "::", "<<", ">>"];

impl<'a> Iterator for Lexer<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let bytes = self.code.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            if matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c) {
                self.at += 1;
            } else {
                break;
            }
        }
        let start = self.at;
        let rest = &bytes[start..];
        let (kind, length) = match *rest.first()? {
            b'-' if rest.starts_with(b"--") => comment(rest),
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => {
                let length = count(rest, |byte| byte.is_ascii_alphanumeric() || byte == b'_');
                if is_keyword(&self.code[start..start + length]) {
                    (TokenKind::Keyword, length)
                } else {
                    (TokenKind::Name, length)
                }
            }
            b'0'..=b'9' => (TokenKind::Number, number(rest)),
            b'.' if rest.get(1).is_some_and(u8::is_ascii_digit) => {
                (TokenKind::Number, number(rest))
            }
            quote @ (b'"' | b'\'') => string(rest, quote),
            b'[' => match long_bracket(rest) {
                Some(Some(length)) => (TokenKind::String, length),
                Some(None) => (TokenKind::Unfinished, rest.len()),
                None => (TokenKind::Symbol, 1),
            },
            byte if byte.is_ascii_graphic() => {
                let symbol = LONG_SYMBOLS
                    .iter()
                    .find(|symbol| rest.starts_with(symbol.as_bytes()));
                (TokenKind::Symbol, symbol.map_or(1, |symbol| symbol.len()))
            }
            _ => {
                let length = self.code[start..].chars().next().map_or(1, char::len_utf8);
                (TokenKind::Unknown, length)
            }
        };
        self.at = start + length;
        Some(Token {
            kind,
            text: &self.code[start..self.at],
            start,
        })
    }
}

fn count(bytes: &[u8], belongs: impl Fn(u8) -> bool) -> usize {
    bytes
        .iter()
        .position(|byte| !belongs(*byte))
        .unwrap_or(bytes.len())
}

fn comment(rest: &[u8]) -> (TokenKind, usize) {
    match long_bracket(&rest[2..]) {
        Some(Some(length)) => (TokenKind::Comment, length + 2),
        Some(None) => (TokenKind::Unfinished, rest.len()),
        None => (
            TokenKind::Comment,
            count(rest, |byte| byte != b'\n' && byte != b'\r'),
        ),
    }
}

/// Lua reads a numeral greedily and judges it afterwards.
fn number(rest: &[u8]) -> usize {
    let exponent: &[u8] = if rest.starts_with(b"0x") || rest.starts_with(b"0X") {
        b"pP"
    } else {
        b"eE"
    };
    let mut length = 0;
    while let Some(byte) = rest.get(length) {
        if exponent.contains(byte) {
            length += 1;
            if matches!(rest.get(length), Some(b'+' | b'-')) {
                length += 1;
            }
        } else if byte.is_ascii_alphanumeric() || *byte == b'.' || *byte == b'_' {
            length += 1;
        } else {
            break;
        }
    }
    length
}

fn string(rest: &[u8], quote: u8) -> (TokenKind, usize) {
    let mut at = 1;
    while let Some(byte) = rest.get(at) {
        match *byte {
            b'\\' if rest[at + 1..].starts_with(b"z") => {
                at += 2;
                at += count(&rest[at..], |byte| {
                    byte.is_ascii_whitespace() || byte == 0x0b
                });
            }
            b'\\' if rest[at + 1..].starts_with(b"\r\n") => at += 3,
            b'\\' if at + 1 < rest.len() => at += 2,
            b'\n' | b'\r' => return (TokenKind::Unfinished, at),
            byte if byte == quote => return (TokenKind::String, at + 1),
            _ => at += 1,
        }
    }
    // An escape before a character of several bytes may have stopped inside of it.
    (TokenKind::Unfinished, rest.len())
}

/// The length of the long bracket that `rest` starts with; `Some(None)` if it is not closed.
fn long_bracket(rest: &[u8]) -> Option<Option<usize>> {
    if rest.first() != Some(&b'[') {
        return None;
    }
    let level = count(&rest[1..], |byte| byte == b'=');
    if rest.get(1 + level) != Some(&b'[') {
        return None;
    }
    let mut at = level + 2;
    while let Some(offset) = rest[at..].iter().position(|byte| *byte == b']') {
        at += offset + 1;
        let signs = count(&rest[at..], |byte| byte == b'=');
        if signs == level && rest.get(at + level) == Some(&b']') {
            return Some(Some(at + level + 1));
        }
        at += signs;
    }
    Some(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(code: &str) -> Vec<&str> {
        tokens(code).map(|token| token.text).collect()
    }

    #[test]
    fn symbols_names_and_numbers_are_told_apart() {
        assert_eq!(
            texts("a.b=0x1p-4..3//c"),
            ["a", ".", "b", "=", "0x1p-4..3", "//", "c"],
            "a numeral swallows dots, as Lua's own lexer does"
        );
        assert_eq!(texts("a<<b::c~=d"), ["a", "<<", "b", "::", "c", "~=", "d"]);
    }

    #[test]
    fn strings_and_comments_of_every_form_are_one_token() {
        assert_eq!(
            texts("f'a\\'b' --[==[ ]] ]==] [[x\n]] -- end\n\"\\z  \n  y\""),
            ["f", "'a\\'b'", "[[x\n]]", "\"\\z  \n  y\""]
        );
    }

    #[test]
    fn what_is_not_closed_is_unfinished() {
        for code in ["[[a", "--[[ a", "'a", "'a\\", "'\\é"] {
            let last = tokens(code).last().map(|token| token.kind);
            assert_eq!(last, Some(TokenKind::Unfinished), "{code}");
        }
    }
}
