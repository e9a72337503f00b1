pub(super) mod units;

use perilune_language::debug::{Kind, Variable};

use super::super::Session;
use crate::body::{self, PresentationHint, Shape};
use crate::clients::{Settings, Types};

/// JavaScript's numbers are exact up to here.
const MOST_EXACT: u64 = 1 << 53;

/// A variable as a client is told.
pub(super) fn variable(session: &Session, settings: &Settings, value: Variable) -> body::Variable {
    body::Variable {
        shape: shape(session, settings, &value),
        name: value.name,
        value: value.value,
        evaluate_name: value.evaluate_name,
    }
}

/// What is told of a value wherever it is told.
pub(super) fn shape(session: &Session, settings: &Settings, value: &Variable) -> Shape {
    let place = value.defined_at.as_ref();
    Shape {
        type_name: type_name(settings.types, value),
        presentation_hint: presentation_hint(value),
        variables_reference: value.holder.map_or(0, |holder| holder.0),
        named_variables: value.named,
        indexed_variables: value.indexed,
        value_location_reference: place.map(|place| session.locations().number(place)),
    }
}

fn type_name(types: Types, value: &Variable) -> Option<String> {
    match types {
        Types::Own => Some(value.type_name.clone()),
        Types::Unsaid => None,
        Types::Jupyter => match value.kind {
            Kind::Boolean => Some("bool"),
            // It reads the value as a number of JavaScript's.
            Kind::Integer => { value.value.parse::<i64>().ok() }
                .filter(|number| number.unsigned_abs() <= MOST_EXACT)
                .map(|_| "int"),
            Kind::Float => Some("float"),
            Kind::Text => Some("str"),
            // It would show the type in place of the value.
            Kind::Function | Kind::Compound | Kind::Other => None,
        }
        .map(str::to_owned),
    }
}

fn presentation_hint(value: &Variable) -> Option<PresentationHint> {
    let kind = match value.kind {
        _ if value.is_virtual => Some("virtual"),
        Kind::Function => Some("method"),
        _ => None,
    };
    let attributes = if value.is_constant {
        vec!["readOnly"]
    } else {
        Vec::new()
    };
    (kind.is_some() || value.is_constant).then_some(PresentationHint { kind, attributes })
}

/// A completion's kind as one of those that the protocol knows.
pub(super) fn completion_kind(kind: &str) -> &'static str {
    const KNOWN: [&str; 18] = [
        "method",
        "function",
        "constructor",
        "field",
        "variable",
        "class",
        "interface",
        "module",
        "property",
        "unit",
        "value",
        "enum",
        "keyword",
        "snippet",
        "text",
        "color",
        "file",
        "reference",
    ];
    match kind {
        "statement" => "keyword",
        "instance" | "local" | "global" | "param" | "upvalue" => "variable",
        "path" => "file",
        "magic" => "function",
        kind => { KNOWN.into_iter() }
            .find(|known| *known == kind)
            .unwrap_or("text"),
    }
}
