use std::sync::Arc;

use super::source::Source;
use crate::syntax::{
    Expression, ExpressionId, Item, Span, Token, TokenKind, is_keyword, tokens_with_comments,
};

/// What stands at a cursor that could be completed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) kind: PlaceKind,
    /// The byte that what is to be replaced starts at.
    pub(super) start: usize,
    /// The table constructor whose item it could be the name of.
    pub(super) table: Option<ExpressionId>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PlaceKind {
    /// A name of its own, or a keyword.
    Name,
    /// A field of something, or a method.
    Member { of: ExpressionId, is_method: bool },
    /// The name behind `goto`.
    Label,
    /// `<const>` or `<close>`.
    Attribute,
    /// Behind `local`, where a new name is made up, or `function` follows.
    Declaration,
    /// In a string.
    Text(Text),
    /// Behind an `@` in a comment with three dashes.
    Annotation,
}

/// A string that is being written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Text {
    /// The byte behind the quote or bracket.
    pub(super) start: usize,
    /// Whether a backslash escapes something.
    pub(super) is_quoted: bool,
    pub(super) used: Use,
}

/// What a string is written for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Use {
    /// The argument of that number, from 0, of a call.
    Argument(ExpressionId, usize),
    /// A key of something: `t["`.
    Key(ExpressionId),
    /// An item of a table constructor, of this name.
    Item(String),
    Other,
}

/// What stands at the end of some code; nothing where nothing can be completed.
pub(super) fn place_at_end(source: &Source) -> Option<Place> {
    let code = &*source.code;
    let end = code.len();
    let all: Vec<_> = tokens_with_comments(code).collect();
    if is_foreign_word(code, all.last()) {
        return None;
    }
    let (kind, start, before) = match all.split_last() {
        None => (PlaceKind::Name, end, 0),
        Some((last, rest)) => match last.kind {
            TokenKind::Unfinished if last.text.starts_with("--") => return None,
            TokenKind::Unfinished => return text(source, last, rest.last()),
            TokenKind::Comment if last.end() == end && !is_closed(last) => {
                return annotation(last);
            }
            TokenKind::Number if last.end() == end => return None,
            TokenKind::Name | TokenKind::Keyword if last.end() == end => {
                (PlaceKind::Name, last.start, rest.len())
            }
            _ => (PlaceKind::Name, end, all.len()),
        },
    };
    let before: Vec<_> = all[..before]
        .iter()
        .filter(|token| token.kind != TokenKind::Comment)
        .collect();
    let Some(previous) = before.last() else {
        return Some(Place {
            kind,
            start,
            table: None,
        });
    };
    let kind = if previous.is(".") || previous.is(":") {
        member(source, start)?
    } else if previous.is("goto") {
        PlaceKind::Label
    } else if previous.is("<") && attribute_follows(&before) {
        PlaceKind::Attribute
    } else if previous.is("local") {
        PlaceKind::Declaration
    } else if previous.is("for") || names_are_declared(&before) || previous.is("::") {
        return None;
    } else {
        kind
    };
    let table =
        if kind == PlaceKind::Name && (previous.is("{") || previous.is(",") || previous.is(";")) {
            open_table(source, &before)
        } else {
            None
        };
    Some(Place { kind, start, table })
}

/// Whether the code ends with a word that has letters which Lua takes for no name.
fn is_foreign_word(code: &str, last: Option<&Token<'_>>) -> bool {
    let word = match last {
        Some(last) if last.kind == TokenKind::Unknown => code,
        Some(last) if matches!(last.kind, TokenKind::Name | TokenKind::Keyword) => {
            &code[..last.start]
        }
        _ => return false,
    };
    word.chars()
        .next_back()
        .is_some_and(|letter| letter.is_alphanumeric() && !letter.is_ascii())
}

/// Whether a comment ends before the end of its line.
fn is_closed(comment: &Token<'_>) -> bool {
    let rest = comment.text.trim_start_matches('-');
    comment.text.starts_with("--[") && rest.starts_with('[') && comment.text.ends_with(']') && {
        let inner = rest[1..].trim_start_matches('=');
        inner.starts_with('[')
    }
}

fn annotation(comment: &Token<'_>) -> Option<Place> {
    let rest = comment.text.strip_prefix("---")?.trim_start();
    let name = rest.strip_prefix('@')?;
    name.bytes()
        .all(|byte| byte.is_ascii_alphanumeric())
        .then_some(Place {
            kind: PlaceKind::Annotation,
            start: comment.end() - name.len(),
            table: None,
        })
}

/// What the tree has read of `of.name` or `of:name` at the end.
fn member(source: &Source, start: usize) -> Option<PlaceKind> {
    let end = source.code.len();
    let at_end = |name: &Span| name.end == end && name.start == start;
    let found = source.tree.expressions.iter().rev();
    found
        .filter_map(|expression| match expression {
            Expression::Field { of, name } if at_end(name) => Some(PlaceKind::Member {
                of: *of,
                is_method: false,
            }),
            Expression::Call {
                function,
                method: Some(name),
                ..
            } if at_end(name) => Some(PlaceKind::Member {
                of: *function,
                is_method: true,
            }),
            _ => None,
        })
        .next()
}

/// Whether it is the `<` of `local x <`, and not a comparison.
fn attribute_follows(before: &[&Token<'_>]) -> bool {
    let [.., introduction, name, _] = before else {
        return false;
    };
    name.kind == TokenKind::Name
        && (introduction.is("local") || introduction.is(","))
        && before
            .iter()
            .rev()
            .skip(1)
            .find(|token| token.kind == TokenKind::Keyword)
            .is_some_and(|keyword| keyword.is("local"))
}

/// Whether what follows is a further name behind `local` or `for`, or a parameter.
fn names_are_declared(before: &[&Token<'_>]) -> bool {
    let mut rest = before;
    let Some((last, _)) = rest.split_last() else {
        return false;
    };
    if !(last.is(",") || last.is("(")) {
        return false;
    }
    while let Some((token, further)) = rest.split_last() {
        let goes_on =
            token.kind == TokenKind::Name || [",", "<", ">"].iter().any(|symbol| token.is(symbol));
        if token.is("local") || token.is("for") {
            return true;
        }
        if token.is("(") {
            let name = further
                .iter()
                .rev()
                .find(|token| !(token.kind == TokenKind::Name || token.is(".") || token.is(":")));
            return name.is_some_and(|token| token.is("function"));
        }
        if !goes_on {
            return false;
        }
        rest = further;
    }
    false
}

/// The table constructor that the end is directly within.
fn open_table(source: &Source, before: &[&Token<'_>]) -> Option<ExpressionId> {
    let open = innermost_open(before.iter().copied())?;
    if !open.is("{") {
        return None;
    }
    let found = source.tree.expressions.iter().position(
        |expression| matches!(expression, Expression::Table { span, .. } if span.start == open.start),
    );
    found.map(ExpressionId)
}

/// The last bracket that is not closed, as long as no block has begun since.
pub(super) fn innermost_open<'t, 'a>(
    before: impl DoubleEndedIterator<Item = &'t Token<'a>>,
) -> Option<&'t Token<'a>>
where
    'a: 't,
{
    let mut depth = 0usize;
    let mut blocks = 0usize;
    for token in before.rev() {
        if token.is("end") {
            blocks += 1;
        } else if ["function", "do", "then"].iter().any(|open| token.is(open)) {
            if blocks == 0 {
                return None;
            }
            // Of `if`, only `then` counts, and of loops only `do`.
            blocks -= 1;
        } else if blocks > 0 {
            continue;
        } else if [")", "}", "]"].iter().any(|close| token.is(close)) {
            depth += 1;
        } else if ["(", "{", "["].iter().any(|open| token.is(open)) {
            if depth == 0 {
                return Some(token);
            }
            depth -= 1;
        }
    }
    None
}

fn text(source: &Source, token: &Token<'_>, previous: Option<&Token<'_>>) -> Option<Place> {
    let code = &*source.code;
    if token.end() != code.len() {
        // A quote that its line does not close, on an earlier line.
        return None;
    }
    let quote = match token.text.strip_prefix('[') {
        Some(rest) => 2 + rest.find('[')?,
        None => 1,
    };
    let start = token.start + quote;
    let expressions = &source.tree.expressions;
    let id = expressions.iter().rposition(
        |expression| matches!(expression, Expression::String(span) if span.start == token.start),
    );
    let used = id.map_or(Use::Other, |id| {
        let id = ExpressionId(id);
        let as_argument = expressions
            .iter()
            .enumerate()
            .find_map(|(call, expression)| {
                let Expression::Call { arguments, .. } = expression else {
                    return None;
                };
                let position = arguments.iter().position(|argument| *argument == id)?;
                Some(Use::Argument(ExpressionId(call), position))
            });
        let as_key = || match expressions.get(id.0 + 1) {
            Some(Expression::Element { of }) if previous.is_some_and(|token| token.is("[")) => {
                Some(Use::Key(*of))
            }
            _ => None,
        };
        let as_item = || {
            let mut items = expressions.iter().flat_map(|expression| match expression {
                Expression::Table { items, .. } => items.as_slice(),
                _ => &[],
            });
            let item: &Item = items.find(|item| item.value == id)?;
            Some(Use::Item(source.text(item.name?).to_owned()))
        };
        as_argument
            .or_else(as_key)
            .or_else(as_item)
            .unwrap_or(Use::Other)
    });
    Some(Place {
        kind: PlaceKind::Text(Text {
            start,
            is_quoted: quote == 1,
            used,
        }),
        start,
        table: None,
    })
}

/// The current code up to a byte, read.
pub(super) fn read_until(code: &str, end: usize) -> Arc<Source> {
    Arc::new(Source::read("", Arc::from(&code[..end])))
}

pub(super) fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes
        .next()
        .is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !is_keyword(text)
}
