use std::collections::BTreeMap;
use std::ops::ControlFlow;

use perilune_language::{Completion, Match};

use super::candidates::{Kind, describe, kind_of};
use super::names::Names;
use super::place::{Place, PlaceKind, is_name, place_at_end, read_until};
use super::resolver::{Candidate, Resolver, Thing};
use super::{byte_of, magics, position_of, strings};
use crate::syntax::{DeclarationId, Expression, KEYWORDS, Origin, tokens};

/// How many fields of one table are offered.
pub(super) const MOST: usize = 1_000;

/// What LuaCATS says behind an `@`.
const ANNOTATIONS: [&str; 14] = [
    "alias",
    "async",
    "cast",
    "class",
    "deprecated",
    "enum",
    "field",
    "generic",
    "nodiscard",
    "overload",
    "param",
    "return",
    "see",
    "type",
];

/// What could stand at `cursor`.
pub(super) fn complete<N: Names>(known: &N, code: &str, cursor: usize) -> Completion {
    let end = byte_of(code, cursor);
    let nothing = |at: usize| Completion {
        matches: Vec::new(),
        start: at,
        end: at,
    };
    let cursor = position_of(code, end);
    if let Some((matches, start)) = magics::complete(&code[..end]) {
        return Completion {
            matches,
            start: position_of(code, start),
            end: cursor,
        };
    }
    let source = read_until(code, end);
    let Some(place) = place_at_end(&source) else {
        return nothing(cursor);
    };
    let resolver = Resolver::new(known, source);
    let (matches, start) = match &place.kind {
        PlaceKind::Text(text) => match strings::complete(&resolver, text) {
            Some(found) => found,
            None => return nothing(cursor),
        },
        _ => {
            let word = &resolver.current.code[place.start..];
            let exact = by_prefix(&resolver, &place, &|name| name.starts_with(word));
            let found = if exact.is_empty() && !word.is_empty() {
                // Nobody minds the case who finds nothing by it.
                let word = word.to_lowercase();
                by_prefix(&resolver, &place, &|name| {
                    name.to_lowercase().starts_with(&word)
                })
            } else {
                exact
            };
            (found, place.start)
        }
    };
    Completion {
        matches,
        start: position_of(code, start),
        end: cursor,
    }
}

type Fits<'f> = &'f dyn Fn(&str) -> bool;

fn by_prefix<N: Names>(resolver: &Resolver<'_, N>, place: &Place, fits: Fits<'_>) -> Vec<Match> {
    match place.kind {
        PlaceKind::Member { of, is_method } => {
            let of = resolver.current(of);
            sorted(fields(resolver, &of, is_method, fits))
        }
        PlaceKind::Name => {
            let mut found = place
                .table
                .map_or_else(Vec::new, |table| options(resolver, table, fits));
            let options = found.len();
            for name in names(resolver, place, fits) {
                if !found[..options]
                    .iter()
                    .any(|option| option.text == name.text)
                {
                    found.push(name);
                }
            }
            found
        }
        PlaceKind::Label => plain(labels(&resolver.current.code), "label", fits),
        PlaceKind::Attribute => plain(["close", "const"], "keyword", fits),
        PlaceKind::Declaration => plain(["function"], "keyword", fits),
        PlaceKind::Annotation => plain(ANNOTATIONS, "keyword", fits),
        PlaceKind::Text(_) => Vec::new(),
    }
}

fn plain<'a>(
    names: impl IntoIterator<Item = &'a str>,
    kind: &'static str,
    fits: Fits<'_>,
) -> Vec<Match> {
    let names = names.into_iter().filter(|name| fits(name));
    names
        .map(|name| Match {
            text: name.to_owned(),
            kind,
            signature: None,
        })
        .collect()
}

/// What begins with an underscore is somebody's own business, unless it is asked for.
fn sorted(found: BTreeMap<String, Match>) -> Vec<Match> {
    let mut found: Vec<_> = found.into_values().collect();
    found.sort_by_key(|found| found.text.starts_with('_'));
    found
}

/// The fields of a value that fit.
fn fields<N: Names>(
    resolver: &Resolver<'_, N>,
    of: &[Thing<N::Value>],
    is_method: bool,
    fits: Fits<'_>,
) -> BTreeMap<String, Match> {
    let mut found = BTreeMap::new();
    resolver.each_field(of, &mut |name, candidate| {
        if !is_name(name) || !fits(name) || found.contains_key(name) {
            return ControlFlow::Continue(());
        }
        let described = describe(resolver, &candidate, is_method);
        if is_method && described.kind != Kind::Function {
            return ControlFlow::Continue(());
        }
        let kind = match described.kind {
            Kind::Function if is_method => "method",
            Kind::Function => "function",
            Kind::Module => "module",
            Kind::Class => "class",
            Kind::Value => "field",
        };
        found.insert(
            name.to_owned(),
            Match {
                text: name.to_owned(),
                kind,
                signature: described.signature,
            },
        );
        match found.len() >= MOST {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    });
    found
}

/// The locals of the code, then the globals, the locals of earlier cells and the keywords.
fn names<N: Names>(resolver: &Resolver<'_, N>, place: &Place, fits: Fits<'_>) -> Vec<Match> {
    let source = &resolver.current;
    let visible = source.tree.visible_at(&source.code, place.start);
    let mut locals: Vec<_> = visible
        .into_iter()
        .filter(|(name, _)| is_name(name) && fits(name))
        .map(|(name, id)| local(resolver, name, id))
        .collect();
    // The nearest first.
    locals.reverse();

    let globals = [Thing::Live(resolver.names.globals())];
    let mut found = fields(resolver, &globals, false, fits);
    for known in found.values_mut().filter(|known| known.kind == "field") {
        known.kind = "variable";
    }
    resolver.names.each_kept(&mut |name| {
        if fits(name) {
            found.insert(name.to_owned(), variable(resolver, name));
        }
    });
    // What the code itself is about to make global.
    for (name, assignment) in source.globals() {
        if fits(name) && is_name(name) && !found.contains_key(name) {
            let candidate = Candidate::Assigned(
                source.clone(),
                assignment.value,
                assignment.position,
                assignment.comment,
            );
            let described = describe(resolver, &candidate, false);
            let known = match_of(name, described.kind, described.signature);
            found.insert(name.to_owned(), known);
        }
    }
    for keyword in KEYWORDS {
        if fits(keyword) {
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
    found.retain(|name, _| !locals.iter().any(|local| local.text == *name));
    locals.extend(sorted(found));
    locals
}

fn match_of(name: &str, kind: Kind, signature: Option<String>) -> Match {
    Match {
        text: name.to_owned(),
        kind: match kind {
            Kind::Function => "function",
            Kind::Module => "module",
            Kind::Class => "class",
            Kind::Value => "variable",
        },
        signature,
    }
}

/// A local of an earlier cell.
fn variable<N: Names>(resolver: &Resolver<'_, N>, name: &str) -> Match {
    match resolver.names.variable(name) {
        Some(value) => {
            let described = describe(resolver, &Candidate::Live(value), false);
            match_of(name, described.kind, described.signature)
        }
        None => match_of(name, Kind::Value, None),
    }
}

fn local<N: Names>(resolver: &Resolver<'_, N>, name: &str, id: DeclarationId) -> Match {
    let source = &resolver.current;
    let declaration = source.tree.declaration(id);
    let described = match declaration.origin {
        Origin::Value(value, position) => {
            let candidate =
                Candidate::Assigned(source.clone(), value, position, declaration.comment);
            describe(resolver, &candidate, false)
        }
        _ => kind_of(resolver, &[], false),
    };
    match_of(name, described.kind, described.signature)
}

/// The options that a function takes in a table, as the names of the table's items.
fn options<N: Names>(
    resolver: &Resolver<'_, N>,
    table: crate::syntax::ExpressionId,
    fits: Fits<'_>,
) -> Vec<Match> {
    let source = &resolver.current;
    let expected = resolver.expected(table);
    let Expression::Table { items, .. } = source.tree.expression(table) else {
        return Vec::new();
    };
    let mut found = fields(resolver, &expected, false, fits);
    found.retain(|name, _| {
        let is_given = |item: &crate::syntax::Item| {
            item.name
                .is_some_and(|given| source.text(given) == name.as_str())
        };
        !items.iter().any(is_given)
    });
    let mut found = sorted(found);
    for option in &mut found {
        option.kind = "property";
    }
    found
}

fn labels(code: &str) -> Vec<&str> {
    let all: Vec<_> = tokens(code).collect();
    let labels = all
        .windows(3)
        .filter(|tokens| tokens[0].is("::") && tokens[2].is("::"));
    labels.map(|tokens| tokens[1].text).collect()
}
