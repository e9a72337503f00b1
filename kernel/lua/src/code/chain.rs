use crate::syntax::{Token, TokenKind, tokens_with_comments};

/// What a chain of names begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Root<'a> {
    Name(&'a str),
    /// A string in quotes or brackets.
    String,
}

/// A name with what stands before it: `a.b:c`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chain<'a> {
    /// What `name` is looked up in; nothing if `name` stands alone.
    pub(super) base: Option<(Root<'a>, Vec<&'a str>)>,
    /// Whether a colon stands before the name.
    pub(super) is_method: bool,
    /// The name, or what there is of it yet.
    pub(super) name: &'a str,
    /// The byte that the name starts at.
    pub(super) start: usize,
}

/// The name that ends at `end`, which may be empty. Nothing where no name can stand: in a string,
/// a comment, a number, or behind something that only running the code could tell.
pub(super) fn chain_before(code: &str, end: usize) -> Option<Chain<'_>> {
    let tokens: Vec<_> = tokens_with_comments(&code[..end]).collect();
    let mut before = tokens.as_slice();
    let mut name = "";
    let mut start = end;
    if let Some((last, rest)) = tokens.split_last() {
        let touches = last.end() == end;
        match last.kind {
            TokenKind::Unfinished => return None,
            TokenKind::Comment if touches && !last.text.ends_with(']') => return None,
            TokenKind::Number if touches => return None,
            TokenKind::Name | TokenKind::Keyword if touches => {
                name = last.text;
                start = last.start;
                before = rest;
            }
            _ => {}
        }
    }
    let before: Vec<_> = before
        .iter()
        .copied()
        .filter(|token| token.kind != TokenKind::Comment)
        .collect();
    let Some((separator, rest)) = before.split_last() else {
        return Some(Chain {
            base: None,
            is_method: false,
            name,
            start,
        });
    };
    let is_method = separator.is(":");
    if !is_method && !separator.is(".") {
        return Some(Chain {
            base: None,
            is_method: false,
            name,
            start,
        });
    }
    Some(Chain {
        base: Some(base(rest)?),
        is_method,
        name,
        start,
    })
}

/// What the tokens end with, as far as it is names: `a.b` or a string.
fn base<'a>(tokens: &[Token<'a>]) -> Option<(Root<'a>, Vec<&'a str>)> {
    let mut fields = Vec::new();
    let mut rest = tokens;
    loop {
        let (last, before) = rest.split_last()?;
        match last.kind {
            TokenKind::String if fields.is_empty() => return Some((Root::String, fields)),
            TokenKind::Name => {
                let (separator, further) = match before.split_last() {
                    Some((separator, further)) if separator.is(".") => (true, further),
                    Some((separator, _)) if separator.is(":") => return None,
                    _ => (false, before),
                };
                if !separator {
                    fields.reverse();
                    return Some((Root::Name(last.text), fields));
                }
                fields.push(last.text);
                rest = further;
            }
            TokenKind::Symbol if last.text == ")" && fields.is_empty() => {
                // `("x")`
                let [.., open, string, _] = rest else {
                    return None;
                };
                let is_string = open.is("(") && string.kind == TokenKind::String;
                return is_string.then_some((Root::String, fields));
            }
            _ => return None,
        }
    }
}

/// The name at `cursor`; if there is none, the name of the function whose arguments it is in.
pub(super) fn chain_at(code: &str, cursor: usize) -> Option<Chain<'_>> {
    let bytes = code.as_bytes();
    let belongs = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let mut end = cursor;
    while bytes.get(end).is_some_and(belongs) {
        end += 1;
    }
    if end > 0
        && belongs(&bytes[end - 1])
        && let Some(chain) = chain_before(code, end)
        && !chain.name.is_empty()
        && !crate::syntax::is_keyword(chain.name)
    {
        return Some(chain);
    }
    let mut depth = 0;
    let tokens: Vec<_> = crate::syntax::tokens(&code[..cursor]).collect();
    for (index, token) in tokens.iter().enumerate().rev() {
        if token.is(")") || token.is("}") {
            depth += 1;
        } else if (token.is("(") || token.is("{")) && depth > 0 {
            depth -= 1;
        } else if token.is("(") {
            let function = tokens[..index].last()?;
            return chain_before(code, function.end()).filter(|chain| !chain.name.is_empty());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    type Base<'a> = Option<(Root<'a>, Vec<&'a str>)>;

    fn before(code: &str) -> Option<(Base<'_>, bool, &str)> {
        chain_before(code, code.len()).map(|chain| (chain.base, chain.is_method, chain.name))
    }

    #[test]
    fn chains_are_read_backwards() {
        assert_eq!(before("x = pri"), Some((None, false, "pri")));
        assert_eq!(before(""), Some((None, false, "")));
        assert_eq!(
            before("f(a.b .c:d"),
            Some((Some((Root::Name("a"), vec!["b", "c"])), true, "d"))
        );
        assert_eq!(
            before("('x'):r"),
            Some((Some((Root::String, vec![])), true, "r"))
        );
        assert_eq!(
            before("--[[ note ]]a."),
            Some((Some((Root::Name("a"), vec![])), false, ""))
        );
    }

    #[test]
    fn there_is_no_name_in_strings_comments_and_numbers() {
        for code in ["'abc", "-- abc", "12", "f().x", "[[ a", "t[1].a"] {
            assert_eq!(before(code), None, "{code}");
        }
    }

    #[test]
    fn the_function_is_found_from_within_its_arguments() {
        let name = |code: &'static str| chain_at(code, code.len()).map(|chain| chain.name);
        assert_eq!(name("string.rep('x', "), Some("rep"));
        assert_eq!(name("print(f(1), {2, "), Some("print"));
        assert_eq!(name("print(f(1), "), Some("print"));
        assert_eq!(
            chain_at("string.format('x')", 9).map(|chain| chain.name),
            Some("format")
        );
    }
}
