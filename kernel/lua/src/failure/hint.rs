//! What may have been meant.

mod slip;

use std::collections::{HashMap, HashSet};

use mlua::{Lua, Table, Value};

use super::Sources;
use super::complaint::{Complaint, Operation, Variable};
use super::locals;
use crate::require;
use crate::syntax::{KEYWORDS, Outline, TokenKind, tokens};

/// Names that cells would have given a value to, had they not failed before.
#[derive(Debug, Default)]
pub(crate) struct Missed {
    names: HashMap<String, String>,
}

/// How many such names are remembered.
const MOST_MISSED: usize = 10_000;
/// How many hints one failure has at most.
const MOST_HINTS: usize = 2;
/// How many names are compared with one that is not there.
const MOST_NAMES: usize = 20_000;

impl Missed {
    /// Remembers the names that the failed `cell` should have given a value to.
    pub(crate) fn remember(&mut self, cell: &str, code: &str) {
        for name in set_at_top_level(code) {
            if self.names.len() < MOST_MISSED {
                self.names.insert(name.to_owned(), cell.to_owned());
            }
        }
    }
}

/// The locals and globals that code declares or assigns outside of any block.
fn set_at_top_level(code: &str) -> HashSet<&str> {
    let tokens: Vec<_> = tokens(code).collect();
    let mut found: HashSet<_> = Outline::of(code)
        .map(|outline| {
            let locals = outline.locals.iter();
            locals
                .flat_map(|local| local.names.iter().map(|local| local.name))
                .collect()
        })
        .unwrap_or_default();
    let mut depth = 0usize;
    for (index, token) in tokens.iter().enumerate() {
        let before = index.checked_sub(1).map(|before| &tokens[before]);
        let is_part = before.is_some_and(|before| before.is(".") || before.is(":"));
        let after = tokens.get(index + 1);
        if ["function", "if", "do", "repeat", "{", "("]
            .iter()
            .any(|open| token.is(open))
        {
            if token.is("function")
                && depth == 0
                && let Some(name) = after.filter(|after| after.kind == TokenKind::Name)
                && tokens.get(index + 2).is_some_and(|open| open.is("("))
            {
                found.insert(name.text);
            }
            depth += 1;
        } else if ["end", "until", "}", ")"]
            .iter()
            .any(|close| token.is(close))
        {
            depth = depth.saturating_sub(1);
        } else if depth == 0
            && token.kind == TokenKind::Name
            && !is_part
            && (after.is_some_and(|after| after.is("="))
                || before.is_some_and(|before| before.is("local")))
        {
            found.insert(token.text);
        }
    }
    found
}

/// What hints are made from.
pub(super) struct Scene<'a> {
    pub(super) lua: &'a Lua,
    pub(super) sources: &'a Sources,
    pub(super) missed: &'a Missed,
    /// The chunk that failed, and the line.
    pub(super) chunk: &'a str,
    pub(super) line: usize,
    /// The variables of the function that failed.
    pub(super) variables: &'a [locals::Variable],
}

impl Scene<'_> {
    /// What may help with a complaint; `path` is what is marked as its reason.
    pub(super) fn hints(
        &self,
        complaint: &Complaint<'_>,
        path: &[String],
        message: &str,
    ) -> Vec<String> {
        let mut hints = Vec::new();
        if complaint.operation == Operation::Arithmetic
            && let Some(code) = self.sources.of_cell(self.chunk)
            && let Some(hint) = crate::magic::hint(&code, self.line)
        {
            return vec![hint];
        }
        match (complaint.variable, path) {
            (
                Some(Variable {
                    kind: "global",
                    name,
                }),
                _,
            ) if complaint.is_nil => {
                self.of_name(name, &mut hints);
            }
            (_, [name]) if complaint.is_nil && !self.is_variable(name) => {
                self.of_name(name, &mut hints);
            }
            (_, [.., last]) if path.len() > 1 && complaint.is_nil => {
                self.of_field(&path[..path.len() - 1], last, &mut hints);
            }
            _ => {}
        }
        if hints.is_empty() {
            hints.extend(of_operation(complaint, path, message));
        }
        hints.truncate(MOST_HINTS);
        hints
    }

    fn is_variable(&self, name: &str) -> bool {
        self.variables.iter().any(|variable| variable.name == name)
    }

    /// Of a global that is nil.
    fn of_name(&self, name: &str, hints: &mut Vec<String>) {
        if let Some(hint) = slip::of_global(name) {
            hints.push(hint.to_owned());
            return;
        }
        if let Some(cell) = self.missed.names.get(name) {
            hints.push(format!(
                "'{name}' would have been set by {cell}, but that failed first; run it again"
            ));
            return;
        }
        if let Some(hint) = self.declared_elsewhere(name) {
            hints.push(hint);
            return;
        }
        let variables = self.variables.iter().map(|variable| variable.name.clone());
        let globals = keys(&self.lua.globals());
        let words = KEYWORDS.iter().map(|word| (*word).to_owned());
        let near = nearest(name, variables.chain(globals).chain(words));
        if require::is_module(self.lua, name) {
            hints.push(format!(
                "'{name}' is a module: local {name} = require \"{name}\""
            ));
        } else if near.is_none()
            && let Some(how) = require::how_to_install(name)
        {
            hints.push(format!(
                "'{name}' is a module that is not installed here: {how}"
            ));
        }
        if let Some(near) = near {
            hints.push(format!("did you mean '{near}'?"));
        }
    }

    /// Of a field that is nil, in what `base` names.
    fn of_field(&self, base: &[String], name: &str, hints: &mut Vec<String>) {
        if let Some(hint) = slip::of_field(base, name) {
            hints.push(hint.to_owned());
            return;
        }
        let Some(fields) = self.value(base).and_then(|value| self.fields(&value)) else {
            return;
        };
        if let Some(near) = nearest(name, fields.into_iter()) {
            hints.push(format!("did you mean '{near}'?"));
        }
    }

    /// The value of names in a row, where it can be told without running code.
    pub(super) fn value(&self, path: &[String]) -> Option<Value> {
        let (first, rest) = path.split_first()?;
        let mut value = match self
            .variables
            .iter()
            .rev()
            .find(|known| known.name == *first)
        {
            Some(variable) => variable.value.clone(),
            None => self.lua.globals().raw_get(first.as_str()).ok()?,
        };
        for name in rest {
            value = self
                .tables(&value)
                .iter()
                .find_map(|table| {
                    table
                        .raw_get::<Value>(name.as_str())
                        .ok()
                        .filter(|found| !found.is_nil())
                })
                .unwrap_or(Value::Nil);
        }
        Some(value)
    }

    /// The table that a value's fields are in, and those behind it.
    fn tables(&self, value: &Value) -> Vec<Table> {
        let mut found = Vec::new();
        let mut next = match value {
            Value::Table(table) => Some(table.clone()),
            Value::String(_) => self.lua.globals().raw_get("string").ok(),
            value => behind(crate::value::metatable(self.lua, value)),
        };
        while let Some(table) = next {
            next = behind(table.metatable());
            found.push(table);
            if found.len() > 10 {
                break;
            }
        }
        found
    }

    fn fields(&self, value: &Value) -> Option<Vec<String>> {
        let tables = self.tables(value);
        (!tables.is_empty()).then(|| tables.iter().flat_map(keys).take(MOST_NAMES).collect())
    }

    /// Of a name that is a local where it cannot be seen from here.
    fn declared_elsewhere(&self, name: &str) -> Option<String> {
        for (cell, code) in self.sources.cells().take(50) {
            let tokens: Vec<_> = tokens(code).collect();
            let mut is_local = false;
            for (index, token) in tokens.iter().enumerate() {
                if token.is("local") || token.is("for") {
                    is_local = true;
                } else if is_local && token.kind == TokenKind::Name && token.text == name {
                    let line = super::lines(&code[..token.start]).count();
                    if cell == self.chunk && line > self.line {
                        return Some(format!(
                            "'{name}' is declared below, on line {line}; a local is known from its \
                             declaration on"
                        ));
                    }
                    return Some(format!(
                        "'{name}' is local to a block or function, {cell}:{line}, and not known \
                         outside of it"
                    ));
                } else if !(token.kind == TokenKind::Name
                    || token.is(",")
                    || token.is("<")
                    || token.is(">"))
                    && !(token.is("function") && index > 0 && tokens[index - 1].is("local"))
                {
                    is_local = false;
                }
            }
        }
        None
    }
}

fn behind(metatable: Option<Table>) -> Option<Table> {
    metatable?
        .raw_get::<Option<Table>>("__index")
        .ok()
        .flatten()
}

fn keys(table: &Table) -> Vec<String> {
    let keys = table.pairs::<Value, Value>().flatten().take(MOST_NAMES);
    keys.filter_map(|(key, _)| Some(key.as_string()?.to_str().ok()?.to_owned()))
        .collect()
}

/// Of an operation that its operands do not have.
fn of_operation(complaint: &Complaint<'_>, path: &[String], message: &str) -> Option<String> {
    let name = path.join(".");
    match complaint.operation {
        Operation::Arithmetic
            if message.contains("a string value") || message.contains(" a 'string' with ") =>
        {
            Some("strings are joined with '..'; tonumber(s) makes a number of one".to_owned())
        }
        Operation::Concatenation
            if ["a table value", "a boolean value", "a function value"]
                .iter()
                .any(|kind| message.contains(kind)) =>
        {
            Some(
                "only strings and numbers are joined; tostring(v) makes a string of anything"
                    .to_owned(),
            )
        }
        Operation::Comparison if message.ends_with(" nil") || message.contains("compare nil") => {
            (!name.is_empty()).then(|| format!("'{name}' is nil"))
        }
        Operation::Comparison
            if message.contains("number with string") || message.contains("string with number") =>
        {
            Some(
                "a number and a string have no order; tonumber(s) makes a number of one".to_owned(),
            )
        }
        Operation::Argument(1) if message.contains("FILE* expected, got no value") => {
            Some("methods are called with a colon: file:read()".to_owned())
        }
        _ => None,
    }
}

/// The candidate that `name` is most likely a slip of.
pub(crate) fn nearest(name: &str, candidates: impl Iterator<Item = String>) -> Option<String> {
    let allowed = match name.chars().count() {
        0..=2 => 0,
        3..=6 => 1,
        _ => 2,
    };
    let folded = fold(name);
    candidates
        .take(MOST_NAMES)
        .filter(|candidate| candidate != name && candidate.len() < 200)
        .filter_map(|candidate| {
            let distance = if fold(&candidate) == folded {
                0
            } else {
                strsim::osa_distance(name, &candidate)
            };
            (distance <= allowed && (distance == 0 || candidate.chars().count() > 2))
                .then_some((distance, candidate))
        })
        .min()
        .map(|(_, candidate)| candidate)
}

/// A name without what is easily confused: case and underscores.
fn fold(name: &str) -> String {
    name.replace('_', "").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_slips_and_others_are_not() {
        let near = |name: &str| {
            let all = [
                "print", "pairs", "ipairs", "string", "toString", "do_it", "x",
            ];
            nearest(name, all.iter().map(|name| (*name).to_owned()))
        };
        for (name, meant) in [
            ("Print", "print"),
            ("prnit", "print"),
            ("tostring", "toString"),
            ("doIt", "do_it"),
            ("strng", "string"),
        ] {
            assert_eq!(near(name).as_deref(), Some(meant), "{name}");
        }
        for name in ["y", "xx", "points", "foo"] {
            assert_eq!(near(name), None, "{name}");
        }
    }

    #[test]
    fn what_a_cell_sets_is_found_also_in_code_that_does_not_compile() {
        let names = set_at_top_level(
            "local a, b = 1\nc = 2\nfunction f() d = 1 end\nt.e = {g = 1}\nlocal h = = 3",
        );
        let mut names: Vec<_> = names.into_iter().collect();
        names.sort_unstable();
        assert_eq!(names, ["a", "b", "c", "f", "h"]);
    }
}
