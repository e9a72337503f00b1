use std::collections::BTreeSet;
use std::ops::ControlFlow;

use perilune_language::Match;

use super::names::Names;
use super::place::{Text, Use};
use super::resolver::Resolver;
use super::types::Type;
use super::{complete::MOST, files};
use crate::syntax::Expression;

/// What could stand in a string, and the byte that it replaces from; nothing where a string is
/// just text.
pub(super) fn complete<N: Names>(
    resolver: &Resolver<'_, N>,
    text: &Text,
) -> Option<(Vec<Match>, usize)> {
    let source = &resolver.current;
    let written = &source.code[text.start..];
    let found = |names: BTreeSet<String>, kind| {
        let matches = names.into_iter().take(MOST).map(|name| Match {
            text: escaped(&name, text.is_quoted),
            kind,
            signature: None,
        });
        Some((matches.collect(), text.start))
    };
    let is_path = match &text.used {
        Use::Key(of) => {
            let mut keys = BTreeSet::new();
            resolver.each_field(&resolver.current(*of), &mut |name, _| {
                if name.starts_with(written) {
                    keys.insert(name.to_owned());
                }
                match keys.len() >= MOST {
                    true => ControlFlow::Break(()),
                    false => ControlFlow::Continue(()),
                }
            });
            return found(keys, "property");
        }
        Use::Argument(call, position) => {
            if resolver.is_require(*call) {
                return found(modules(resolver, written), "module");
            }
            let (name, kind) = resolver.parameter(*call, *position).unwrap_or_default();
            let literals = kind.map_or_else(BTreeSet::new, |kind| literals(&kind));
            if !literals.is_empty() {
                let fitting = literals
                    .into_iter()
                    .filter(|literal| literal.starts_with(written));
                return found(fitting.collect(), "value");
            }
            is_file_parameter(&name)
        }
        Use::Item(name) => is_file_parameter(name),
        Use::Other => false,
    };
    // Elsewhere a string is a path only if it says so.
    let says_so =
        written.starts_with(['/', '~']) || written.starts_with("./") || written.starts_with("../");
    if !(is_path || says_so) {
        return None;
    }
    let path = unescaped(written, text.is_quoted)?;
    let names = files::matching(&path);
    let start = source.code.len() - (written.len() - written.rfind('/').map_or(0, |at| at + 1));
    let matches = names.into_iter().take(MOST).map(|name| Match {
        text: escaped(&name, text.is_quoted),
        kind: "path",
        signature: None,
    });
    Some((matches.collect(), start))
}

/// Whether a parameter of this name is a file's name.
fn is_file_parameter(name: &str) -> bool {
    ["filename", "path", "file", "oldname", "newname", "libname"].contains(&name)
}

/// The modules whose names begin so: those that are loaded, and those on `package.path`.
fn modules<N: Names>(resolver: &Resolver<'_, N>, written: &str) -> BTreeSet<String> {
    let mut modules = files::modules(&resolver.names.module_paths(), written);
    let known = resolver.names.modules();
    modules.extend(
        known
            .into_iter()
            .filter(|name| name.starts_with(written) && name != "_G"),
    );
    modules
}

/// The strings that a type allows: `"r"|"w"`.
fn literals(kind: &Type) -> BTreeSet<String> {
    match kind {
        Type::Other(text) => {
            let inner = ['"', '\'']
                .into_iter()
                .find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote));
            inner.map(str::to_owned).into_iter().collect()
        }
        Type::Union(all) => all.iter().flat_map(literals).collect(),
        Type::Optional(of) => literals(of),
        _ => BTreeSet::new(),
    }
}

/// A text as a string in quotes writes it.
fn escaped(text: &str, is_quoted: bool) -> String {
    if !is_quoted {
        return text.to_owned();
    }
    let mut written = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\\' | '"' | '\'' => written.extend(['\\', letter]),
            '\n' => written.push_str("\\n"),
            '\r' => written.push_str("\\r"),
            letter if letter.is_ascii_control() => {
                written.push_str(&format!("\\{:03}", u32::from(letter)));
            }
            letter => written.push(letter),
        }
    }
    written
}

/// What a string in quotes says; nothing if it has escapes that no path needs.
fn unescaped(text: &str, is_quoted: bool) -> Option<String> {
    if !is_quoted {
        return Some(text.to_owned());
    }
    let mut said = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        said.push(match letter {
            '\\' => letters.next().filter(|next| "\\\"'".contains(*next))?,
            letter => letter,
        });
    }
    Some(said)
}

impl<N: Names> Resolver<'_, N> {
    fn is_require(&self, call: crate::syntax::ExpressionId) -> bool {
        let Expression::Call {
            function,
            method: None,
            ..
        } = self.current.tree.expression(call)
        else {
            return false;
        };
        matches!(
            self.current.tree.expression(*function),
            Expression::Name { name, declaration: None } if self.current.text(*name) == "require"
        )
    }
}
