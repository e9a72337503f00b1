use std::collections::{BTreeMap, BTreeSet};

use mlua::{Function, Lua, Value};
use perilune_language::{Completion, Match};

use super::builtins;
use super::chain::{Chain, Root, chain_before};
use super::resolve::{base_of, parameters, tables};
use super::{byte_of, position_of};
use crate::context::Context;
use crate::failure::library_names;
use crate::syntax::{KEYWORDS, TokenKind, tokens};

/// How many fields of one table are offered.
const MOST: usize = 1_000;

/// What could stand at `cursor`.
pub(crate) fn complete(lua: &Lua, context: &Context, code: &str, cursor: usize) -> Completion {
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
        Some(_) => fields(lua, context, &chain, code),
        None => names(lua, context, &chain, code),
    };
    // What begins with an underscore is somebody's own business, unless it is asked for.
    matches.sort_by_key(|found| found.text.starts_with('_'));
    Completion {
        matches,
        start: position_of(code, chain.start),
        end: cursor,
    }
}

fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes
        .next()
        .is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !crate::syntax::is_keyword(text)
}

fn names(lua: &Lua, context: &Context, chain: &Chain<'_>, code: &str) -> Vec<Match> {
    let mut found = entries(lua, &Value::Table(lua.globals()), chain);
    let kept = context.kept.borrow();
    let locals = declared(&code[..chain.start]);
    for name in kept.names().chain(locals.iter().copied()) {
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
    }
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

fn fields(lua: &Lua, context: &Context, chain: &Chain<'_>, code: &str) -> Vec<Match> {
    if let Some((Root::Name(root), _)) = &chain.base
        && declared(&code[..chain.start]).contains(root)
        && context.kept.borrow().get(root).is_none()
    {
        // A local of this code, whose value is not known before it runs.
        return Vec::new();
    }
    let Some(base) = base_of(lua, context, chain) else {
        return Vec::new();
    };
    let found = entries(lua, &base, chain).into_values();
    found
        .filter(|found| !chain.is_method || found.kind == "function")
        .collect()
}

/// The fields of a value whose names begin as the chain's name.
fn entries(lua: &Lua, value: &Value, chain: &Chain<'_>) -> BTreeMap<String, Match> {
    let mut found = BTreeMap::new();
    let mut names = None;
    for table in tables(lua, value) {
        for (key, value) in table.pairs::<Value, Value>().flatten() {
            let Value::String(key) = &key else {
                continue;
            };
            let key = key.to_string_lossy();
            if !key.starts_with(chain.name) || !is_name(&key) || found.contains_key(&key) {
                continue;
            }
            let (kind, signature) = match &value {
                Value::Function(function) => {
                    let names = names.get_or_insert_with(|| library_names(lua));
                    let known = names.get(&function.to_pointer()).map(String::as_str);
                    (
                        "function",
                        Some(signature(lua, function, known, chain.is_method)),
                    )
                }
                Value::Table(_) if chain.base.is_none() => ("module", None),
                _ if chain.base.is_none() => ("variable", None),
                _ => ("field", None),
            };
            found.insert(
                key.clone(),
                Match {
                    text: key,
                    kind,
                    signature,
                },
            );
            if found.len() >= MOST {
                return found;
            }
        }
    }
    found
}

/// How a function is called.
fn signature(lua: &Lua, function: &Function, known: Option<&str>, is_method: bool) -> String {
    match known.and_then(builtins::find) {
        Some(builtin) => builtin.signature.to_owned(),
        None => parameters(lua, function, is_method),
    }
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
