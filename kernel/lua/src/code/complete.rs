use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use perilune_language::{Completion, Match};

use super::chain::{Chain, Root, chain_before};
use super::names::{Names, Shape, base_of};
use super::{byte_of, position_of};
use crate::syntax::{KEYWORDS, TokenKind, tokens};

/// How many fields of one table are offered.
pub(super) const MOST: usize = 1_000;

/// What could stand at `cursor`.
pub(super) fn complete<N: Names>(known: &N, code: &str, cursor: usize) -> Completion {
    let end = byte_of(code, cursor);
    let cursor = position_of(code, end);
    let Some(chain) = chain_before(code, end) else {
        return Completion {
            matches: Vec::new(),
            start: cursor,
            end: cursor,
        };
    };
    let mut matches = match &chain.base {
        Some(_) => fields(known, &chain, code),
        None => names(known, &chain, code),
    };
    // What begins with an underscore is somebody's own business, unless it is asked for.
    matches.sort_by_key(|found| found.text.starts_with('_'));
    Completion {
        matches,
        start: position_of(code, chain.start),
        end: cursor,
    }
}

pub(super) fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes
        .next()
        .is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !crate::syntax::is_keyword(text)
}

fn names<N: Names>(known: &N, chain: &Chain<'_>, code: &str) -> Vec<Match> {
    let mut found = entries(known, &known.globals(), chain);
    let mut add = |name: &str| {
        if name.starts_with(chain.name) {
            found.insert(
                name.to_owned(),
                Match {
                    text: name.to_owned(),
                    kind: "variable",
                    signature: None,
                },
            );
        }
    };
    known.each_kept(&mut add);
    declared(&code[..chain.start]).into_iter().for_each(add);
    for keyword in KEYWORDS {
        if keyword.starts_with(chain.name) {
            found.insert(
                keyword.to_owned(),
                Match {
                    text: keyword.to_owned(),
                    kind: "keyword",
                    signature: None,
                },
            );
        }
    }
    found.into_values().collect()
}

fn fields<N: Names>(known: &N, chain: &Chain<'_>, code: &str) -> Vec<Match> {
    if let Some((Root::Name(root), _)) = &chain.base
        && declared(&code[..chain.start]).contains(root)
        && !known.is_kept(root)
    {
        // A local of this code, whose value is not known before it runs.
        return Vec::new();
    }
    let Some(base) = base_of(known, chain) else {
        return Vec::new();
    };
    let found = entries(known, &base, chain).into_values();
    found
        .filter(|found| !chain.is_method || found.kind == "function")
        .collect()
}

/// The fields of a value whose names begin as the chain's name.
fn entries<N: Names>(known: &N, value: &N::Value, chain: &Chain<'_>) -> BTreeMap<String, Match> {
    let mut found = BTreeMap::new();
    known.each_field(value, &mut |name, value| {
        if !name.starts_with(chain.name) || !is_name(name) || found.contains_key(name) {
            return ControlFlow::Continue(());
        }
        let (kind, signature) = match known.shape(&value) {
            Shape::Function(signature) => ("function", Some(signature.text(chain.is_method))),
            Shape::Table if chain.base.is_none() => ("module", None),
            _ if chain.base.is_none() => ("variable", None),
            _ => ("field", None),
        };
        let text = name.to_owned();
        found.insert(
            text.clone(),
            Match {
                text,
                kind,
                signature,
            },
        );
        if found.len() >= MOST {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    found
}

/// The names that code declares, wherever: locals, parameters and loop variables.
fn declared(code: &str) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    let mut declaring = false;
    let mut parameters = false;
    for token in tokens(code) {
        match token.kind {
            TokenKind::Keyword => match token.text {
                "local" | "for" => declaring = true,
                "function" => {
                    parameters = true;
                    // The name of a local function is declared, any other is not.
                    continue;
                }
                _ => declaring = false,
            },
            TokenKind::Name if declaring => {
                names.insert(token.text);
            }
            TokenKind::Symbol if token.text == "(" && parameters => {
                declaring = true;
                parameters = false;
            }
            TokenKind::Symbol if matches!(token.text, "," | "<" | ">") => {}
            _ => declaring = false,
        }
    }
    names.remove("const");
    names.remove("close");
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declared_names_are_found_in_unfinished_code() {
        let code = "local a, b <const> = 1, c
            for i, v in pairs(t) do local function f(x, ...) g(y) ";
        let names: Vec<_> = declared(code).into_iter().collect();
        assert_eq!(names, ["a", "b", "f", "i", "v", "x"]);
    }
}
