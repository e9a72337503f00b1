//! `{expression}` and `$name` in what a magic is told.

use super::super::super::syntax::{Outline, Stuck, TokenKind, is_keyword, tokens};

/// A text with Lua's values in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template<'a>(pub(crate) Vec<Part<'a>>);

/// A part of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part<'a> {
    /// What stands there.
    Text(&'a str),
    /// The value of an expression.
    Value {
        /// What is to be evaluated.
        expression: &'a str,
        /// How it is written, braces or dollar included.
        source: &'a str,
    },
}

impl<'a> Template<'a> {
    /// Reads a text.
    ///
    /// Braces that hold no Lua expression are just braces, and so are `{}`, `{5}`, `{1..9}` and
    /// `{a..z}`, which mean something to a shell or in a pattern. `{{x}}` is `{x}`, and `$$x` is
    /// `$x`.
    pub(crate) fn of(text: &'a str) -> Self {
        let mut parts = Vec::new();
        let mut done = 0;
        let mut at = 0;
        while let Some(offset) = text[at..].find(['{', '$']) {
            at += offset;
            let rest = &text[at..];
            let (part, length) = if rest.starts_with('{') {
                braces(rest)
            } else {
                dollar(rest)
            };
            if let Some(part) = part {
                push_text(&mut parts, &text[done..at]);
                match part {
                    Part::Text(text) => push_text(&mut parts, text),
                    value => parts.push(value),
                }
                done = at + length;
            }
            at += length;
        }
        push_text(&mut parts, &text[done..]);
        Self(parts)
    }

    /// What has to be evaluated, in order: each expression, and how it is written.
    pub(crate) fn expressions(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0.iter().filter_map(|part| match part {
            Part::Value { expression, source } => Some((*expression, *source)),
            Part::Text(_) => None,
        })
    }
}

fn push_text<'a>(parts: &mut Vec<Part<'a>>, text: &'a str) {
    if !text.is_empty() {
        parts.push(Part::Text(text));
    }
}

/// What an opening brace begins, and how long that is.
fn braces(rest: &str) -> (Option<Part<'_>>, usize) {
    if rest.starts_with("{{") {
        return match rest.find("}}") {
            // Without the outer braces.
            Some(end) => (Some(Part::Text(&rest[1..=end])), end + 2),
            None => (None, 2),
        };
    }
    let Some(end) = closing(rest) else {
        return (None, 1);
    };
    let expression = &rest[1..end];
    if !is_expression(expression) {
        return (None, 1);
    }
    let source = &rest[..=end];
    (Some(Part::Value { expression, source }), source.len())
}

/// Where the brace that `rest` starts with is closed.
fn closing(rest: &str) -> Option<usize> {
    let mut depth = 0usize;
    for token in tokens(rest) {
        match token.kind {
            TokenKind::Unfinished => return None,
            TokenKind::Symbol if token.text == "{" => depth += 1,
            TokenKind::Symbol if token.text == "}" => {
                depth -= 1;
                if depth == 0 {
                    return Some(token.start);
                }
            }
            _ => {}
        }
    }
    None
}

fn is_expression(text: &str) -> bool {
    let kinds: Vec<_> = tokens(text).map(|token| token.kind).collect();
    let is_range = text.split_once("..").is_some_and(|(from, to)| {
        [from, to]
            .iter()
            .all(|end| !end.is_empty() && end.bytes().all(|byte| byte.is_ascii_alphanumeric()))
    });
    // A list of expressions that could stand in parentheses is one expression.
    (kinds.len() > 1 || kinds.contains(&TokenKind::Name))
        && !text.contains(['\n', '\r'])
        && !is_range
        && Outline::of(text).is_some_and(|outline| {
            let tail = outline.tail;
            tail.is_some_and(|tail| {
                text[..tail.start].trim().is_empty() && text[tail.end..].trim().is_empty()
            })
        })
        && Stuck::of(&format!("_=({text})")).is_none()
}

/// What a dollar begins, and how long that is.
fn dollar(rest: &str) -> (Option<Part<'_>>, usize) {
    if let Some(after) = rest.strip_prefix("$$") {
        return match name_length(after) {
            0 => (None, 2),
            length => (Some(Part::Text(&rest[1..2 + length])), 2 + length),
        };
    }
    if rest.starts_with("${") {
        return (None, 2);
    }
    let length = name_length(&rest[1..]);
    let expression = &rest[1..=length];
    if length == 0 || is_keyword(expression) {
        return (None, 1);
    }
    let source = &rest[..=length];
    (Some(Part::Value { expression, source }), source.len())
}

fn name_length(text: &str) -> usize {
    if text.starts_with(|first: char| first.is_ascii_digit()) {
        return 0;
    }
    text.bytes()
        .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text with what is evaluated in angle brackets.
    fn read(text: &str) -> String {
        let parts = Template::of(text).0;
        let texts = parts.into_iter().map(|part| match part {
            Part::Text(text) => text.to_owned(),
            Part::Value { expression, .. } => format!("<{expression}>"),
        });
        texts.collect()
    }

    #[test]
    fn expressions_and_names_are_evaluated() {
        for (text, expected) in [
            ("echo {x} {t.a[1]}", "echo <x> <t.a[1]>"),
            ("{f(x, '}')}{ {x} }", "<f(x, '}')>< {x} >"),
            ("cat $file.txt '$a'", "cat <file>.txt '<a>'"),
            ("{a .. b}", "<a .. b>"),
        ] {
            assert_eq!(read(text), expected);
        }
    }

    #[test]
    fn what_means_something_else_stays() {
        for text in [
            "awk '{print $1}'",
            "find . -exec rm {} +",
            "grep -E 'a{5} b{1,2}'",
            "touch {a,b} {1..9} {a..z}",
            "echo $1 $? $(pwd) ${HOME} $$ $end",
            "echo { x",
            "{'a'}",
            "{a b}",
            "{x = 1}",
            "{a) (b}",
            "{x --}",
            "{...}",
        ] {
            assert_eq!(read(text), text);
        }
    }

    #[test]
    fn doubled_signs_stand_for_themselves() {
        assert_eq!(read("{{x}} $$HOME"), "{x} $HOME");
        assert_eq!(read("awk '{{print}}'"), "awk '{print}'");
    }
}
