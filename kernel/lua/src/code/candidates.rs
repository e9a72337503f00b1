use super::names::{Names, Shape};
use super::resolver::{Candidate, Resolver, Thing};
use super::signature::{Parameters, parameters};
use super::types::{Type, parameter_list};

/// What a value is, as far as a front end shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Function,
    Module,
    Class,
    Value,
}

/// A value as a list of completions shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Described {
    pub(super) kind: Kind,
    /// `(a, b?)`, of a function.
    pub(super) signature: Option<String>,
}

/// Tells what a field is. Behind a colon a function's first parameter is not shown.
pub(super) fn describe<N: Names>(
    resolver: &Resolver<'_, N>,
    candidate: &Candidate<N::Value>,
    is_method: bool,
) -> Described {
    kind_of(resolver, &resolver.candidate(candidate), is_method)
}

/// Tells what a value is, by all that is known of it.
pub(super) fn kind_of<N: Names>(
    resolver: &Resolver<'_, N>,
    things: &[Thing<N::Value>],
    is_method: bool,
) -> Described {
    let mut kind = Kind::Value;
    for thing in things {
        if let Some(signature) = signature(resolver, thing, is_method) {
            return Described {
                kind: Kind::Function,
                signature: Some(signature),
            };
        }
        match thing {
            Thing::Live(value) => match resolver.names.shape(value) {
                Shape::Module => kind = Kind::Module,
                Shape::Class => kind = Kind::Class,
                _ => {}
            },
            Thing::Path(source, path) if source.class_of(path).is_some() => kind = Kind::Class,
            Thing::Path(source, path) => {
                let mut index = path.clone();
                index.names.push("__index".to_owned());
                if source.assigned_to(&index).next().is_some() {
                    kind = Kind::Class;
                }
            }
            _ => {}
        }
    }
    Described {
        kind,
        signature: None,
    }
}

fn signature<N: Names>(
    resolver: &Resolver<'_, N>,
    thing: &Thing<N::Value>,
    is_method: bool,
) -> Option<String> {
    match thing {
        Thing::Live(value) => match resolver.names.shape(value) {
            Shape::Function(function) => Some(function.signature(is_method)),
            _ => None,
        },
        Thing::Function(source, function) => {
            let documentation = source.documentation(source.tree.function(*function).comment);
            let mut parameters = parameters(source, *function, &documentation, false);
            if is_method {
                drop_self(&mut parameters);
            } else if source.tree.function(*function).is_method {
                parameters.insert(0, ("self".to_owned(), false, None));
            }
            Some(format!("({})", parameter_list(&parameters)))
        }
        Thing::Typed(kind) => signature_of_type(kind, is_method),
        Thing::Path(..) | Thing::Table(..) => None,
    }
}

/// Takes away the parameter that stands before the colon.
fn drop_self(parameters: &mut Parameters) {
    if parameters.first().is_some_and(|(name, ..)| name == "self") {
        parameters.remove(0);
    }
}

fn signature_of_type(kind: &Type, is_method: bool) -> Option<String> {
    match kind {
        Type::Function { parameters, .. } => {
            let mut names: Vec<_> = parameters
                .iter()
                .map(|(name, is_optional, _)| (name.clone(), *is_optional, None))
                .collect();
            if is_method {
                drop_self(&mut names);
            }
            Some(format!("({})", parameter_list(&names)))
        }
        Type::Named(name) if name == "function" => Some("(...)".to_owned()),
        Type::Optional(of) => signature_of_type(of, is_method),
        _ => None,
    }
}
