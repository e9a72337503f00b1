use super::documentation::Documentation;
use super::source::Source;
use super::types::{Type, parameter_list};
use crate::syntax::FunctionId;

/// A parameter as a signature shows it: its name, whether it can be left out, its type.
pub(super) type Parameters = Vec<(String, bool, Option<Type>)>;

/// The parameters of a function of some code, with what its comment says of them.
pub(super) fn parameters(
    source: &Source,
    function: FunctionId,
    documentation: &Documentation,
    with_types: bool,
) -> Parameters {
    let function = source.tree.function(function);
    let names = function
        .parameters
        .iter()
        .map(|id| source.tree.declaration(*id).name(&source.code));
    names
        .chain(function.is_variadic.then_some("..."))
        .map(|name| {
            let documented = documentation.parameter(name);
            let kind = documented
                .filter(|_| with_types)
                .and_then(|p| p.kind.clone());
            (
                name.to_owned(),
                documented.is_some_and(|parameter| parameter.is_optional),
                kind,
            )
        })
        .collect()
}

/// `(a: number, b?: string): number`
pub(super) fn with_types(parameters: &Parameters, documentation: &Documentation) -> String {
    let returns: Vec<_> = documentation
        .returns
        .iter()
        .filter_map(|returned| returned.kind.as_ref().map(ToString::to_string))
        .collect();
    let list = parameter_list(parameters);
    match returns.is_empty() {
        true => format!("({list})"),
        false => format!("({list}): {}", returns.join(", ")),
    }
}
