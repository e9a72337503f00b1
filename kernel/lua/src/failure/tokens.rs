//! Where names, calls, lists and brackets begin and end in a row of tokens.

use crate::syntax::{Token, TokenKind};

/// Tokens in a row, by their first and last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) first: usize,
    pub(super) last: usize,
}

/// The code's tokens.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tokens<'t, 'a>(pub(super) &'t [Token<'a>]);

impl<'t, 'a> Tokens<'t, 'a> {
    pub(super) fn token(&self, index: usize) -> Option<&'t Token<'a>> {
        self.0.get(index)
    }

    pub(super) fn is(&self, index: usize, text: &str) -> bool {
        self.token(index).is_some_and(|token| token.is(text))
    }

    pub(super) fn is_name(&self, index: usize) -> bool {
        self.token(index)
            .is_some_and(|token| token.kind == TokenKind::Name)
    }

    /// The closest `text` before `from`, but in no brackets or blocks that end in between.
    pub(super) fn back_to(&self, text: &str, from: usize) -> Option<usize> {
        let mut depth = 0usize;
        for at in (0..=from).rev() {
            let token = self.token(at)?;
            if depth == 0 && token.is(text) {
                return Some(at);
            }
            if closes(token) {
                depth += 1;
            } else if opens(token) {
                depth = depth.checked_sub(1)?;
            }
        }
        None
    }

    pub(super) fn ends_operand(&self, index: usize) -> bool {
        self.token(index).is_some_and(|token| match token.kind {
            TokenKind::Name | TokenKind::Number | TokenKind::String => true,
            _ => [")", "]", "}", "end", "nil", "true", "false", "..."]
                .iter()
                .any(|end| token.is(end)),
        })
    }

    /// Expressions between commas from `first` on, and the last token of the last.
    pub(super) fn list(&self, first: usize) -> (Vec<Span>, usize) {
        let mut found = Vec::new();
        let mut depth = 0usize;
        let mut start = first;
        for at in first..self.0.len() {
            let token = &self.0[at];
            // The `do` of a loop, and not of a block inside of a function.
            let ends = depth == 0 && (closes(token) || token.is("do"));
            if depth == 0 && (ends || token.is(",")) {
                if at > start {
                    found.push(Span {
                        first: start,
                        last: at - 1,
                    });
                }
                start = at + 1;
            }
            if ends {
                break;
            }
            if opens(token) {
                depth += 1;
            } else if closes(token) {
                depth -= 1;
            }
        }
        let last = found.last().map_or(first, |span| span.last);
        (found, last)
    }

    pub(super) fn closing(&self, open: usize) -> Option<usize> {
        let mut depth = 0usize;
        for at in open..self.0.len() {
            let token = &self.0[at];
            if opens(token) {
                depth += 1;
            } else if closes(token) {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at);
                }
            }
        }
        None
    }

    pub(super) fn opening(&self, close: usize) -> Option<usize> {
        let mut depth = 0usize;
        for at in (0..=close).rev() {
            let token = self.token(at)?;
            if closes(token) {
                depth += 1;
            } else if opens(token) {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at);
                }
            }
        }
        None
    }

    /// The first token of the names, calls and indices, or the literal, that end at `last`.
    pub(super) fn expression_before(&self, last: usize) -> Option<usize> {
        let mut at = last;
        loop {
            let token = self.token(at)?;
            let continues = |before: usize| {
                before > 0 && {
                    let before = before - 1;
                    self.is_name(before) || self.is(before, ")") || self.is(before, "]")
                }
            };
            let first = match token.kind {
                TokenKind::Name => {
                    let is_field = at >= 2 && (self.is(at - 1, ".") || self.is(at - 1, ":"));
                    if is_field {
                        at -= 2;
                        continue;
                    }
                    return Some(at);
                }
                TokenKind::Number => return Some(at),
                TokenKind::String => at,
                _ if ["nil", "true", "false", "..."]
                    .iter()
                    .any(|word| token.is(word)) =>
                {
                    return Some(at);
                }
                _ if token.is("]") => {
                    at = self.opening(at)?.checked_sub(1)?;
                    continue;
                }
                _ if token.is(")") || token.is("}") => self.opening(at)?,
                _ => return None,
            };
            if !continues(first) {
                return Some(first);
            }
            at = first - 1;
        }
    }

    /// The last token of the names, calls and indices, or the literal, that begin at `first`.
    pub(super) fn expression_after(&self, first: usize) -> Option<usize> {
        let mut at = first;
        while ["-", "not", "#", "~"]
            .iter()
            .any(|unary| self.is(at, unary))
        {
            at += 1;
        }
        let token = self.token(at)?;
        match token.kind {
            TokenKind::Number | TokenKind::String => return Some(at),
            TokenKind::Name => {}
            _ if ["nil", "true", "false", "..."]
                .iter()
                .any(|word| token.is(word)) =>
            {
                return Some(at);
            }
            _ if token.is("{") || token.is("function") => return self.closing(at),
            _ if token.is("(") => at = self.closing(at)?,
            _ => return None,
        }
        loop {
            let next = at + 1;
            if (self.is(next, ".") || self.is(next, ":")) && self.is_name(next + 1) {
                at += 2;
            } else if self.is(next, "[") || self.is(next, "(") || self.is(next, "{") {
                at = self.closing(next)?;
            } else if self
                .token(next)
                .is_some_and(|token| token.kind == TokenKind::String)
            {
                at = next;
            } else {
                return Some(at);
            }
        }
    }
}

/// `while` and `for` have a `do`.
fn opens(token: &Token<'_>) -> bool {
    ["(", "[", "{", "function", "if", "do", "repeat"]
        .iter()
        .any(|text| token.is(text))
}

fn closes(token: &Token<'_>) -> bool {
    [")", "]", "}", "end", "until"]
        .iter()
        .any(|text| token.is(text))
}
