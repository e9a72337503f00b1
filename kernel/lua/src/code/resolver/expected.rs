use std::sync::Arc;

use super::super::documentation::Documentation;
use super::super::manual::manual;
use super::super::names::{Names, Shape, Shaped};
use super::super::source::Source;
use super::super::types::Type;
use super::{Resolver, Thing};
use crate::syntax::{Expression, ExpressionId, FunctionId, Origin};

impl<N: Names> Resolver<'_, N> {
    /// What a table constructor of the current code is expected to be: by the function it is given
    /// to, the table it is an item of, or the variable it is assigned to.
    pub(in super::super) fn expected(&self, table: ExpressionId) -> Vec<Thing<N::Value>> {
        self.deeper(|| {
            let tree = &self.current.tree;
            for (index, expression) in tree.expressions.iter().enumerate() {
                match expression {
                    Expression::Call { arguments, .. } => {
                        if let Some(position) = arguments.iter().position(|given| *given == table) {
                            let parameter = self.parameter(ExpressionId(index), position);
                            let kind = parameter.and_then(|(_, kind)| kind);
                            return kind.map(Thing::Typed).into_iter().collect();
                        }
                    }
                    Expression::Table { items, .. } => {
                        if let Some(item) = items.iter().find(|item| item.value == table) {
                            let of = self.expected(ExpressionId(index));
                            let of = of.iter();
                            return match item.name {
                                Some(name) => {
                                    let name = self.current.text(name);
                                    of.flat_map(|of| self.field(of, name)).collect()
                                }
                                None => of.flat_map(|of| self.element(of)).collect(),
                            };
                        }
                    }
                    _ => {}
                }
            }
            let declared = tree
                .declarations
                .iter()
                .find(|declaration| declaration.origin == Origin::Value(table, 0))
                .and_then(|declaration| declaration.comment);
            let assigned = tree
                .assignments
                .iter()
                .find(|assignment| assignment.value == table)
                .and_then(|assignment| assignment.comment);
            let documentation = self.current.documentation(declared.or(assigned));
            documentation.typed.map(Thing::Typed).into_iter().collect()
        })
    }

    /// The name and the type of the parameter that an argument of a call of the current code is.
    pub(in super::super) fn parameter(
        &self,
        call: ExpressionId,
        position: usize,
    ) -> Option<(String, Option<Type>)> {
        let Expression::Call {
            function, method, ..
        } = self.current.tree.expression(call)
        else {
            return None;
        };
        let method = method.map(|method| self.current.text(method));
        let callees = self.callees(&self.current, *function, method);
        callees
            .iter()
            .find_map(|callee| self.parameter_of(callee, position, method.is_some()))
    }

    fn parameter_of(
        &self,
        callee: &Thing<N::Value>,
        position: usize,
        is_method: bool,
    ) -> Option<(String, Option<Type>)> {
        match callee {
            Thing::Function(source, function) => {
                parameter_of_function(source, *function, position, is_method)
            }
            Thing::Live(value) => match self.names.shape(value) {
                Shape::Function(Shaped::Documented(name)) => {
                    let entry = manual().entry(&name)?;
                    let Expression::Function(function) = entry.source.tree.expression(entry.value)
                    else {
                        return None;
                    };
                    parameter_of_function(&entry.source, *function, position, is_method)
                }
                Shape::Function(Shaped::Lua {
                    place: Some((chunk, line)),
                    ..
                }) => {
                    let source = self.names.source(&chunk)?;
                    let function = source.function_on(line)?;
                    parameter_of_function(&source, function, position, is_method)
                }
                // Calling a table calls what its manual's entry of that name says.
                _ => None,
            },
            Thing::Typed(Type::Function { parameters, .. }) => {
                let (name, _, kind) = parameters.get(position + usize::from(is_method))?;
                Some((name.clone(), kind.clone()))
            }
            Thing::Typed(Type::Optional(of)) => {
                self.parameter_of(&Thing::Typed((**of).clone()), position, is_method)
            }
            _ => None,
        }
    }
}

fn parameter_of_function(
    source: &Arc<Source>,
    function: FunctionId,
    position: usize,
    is_method: bool,
) -> Option<(String, Option<Type>)> {
    let documentation = source.documentation(source.tree.function(function).comment);
    let function = source.tree.function(function);
    // A colon in the call and none in the declaration: the first parameter is what stands before.
    let position = match (is_method, function.is_method) {
        (true, false) => position + 1,
        (false, true) => position.checked_sub(1)?,
        _ => position,
    };
    let kind_of = |documentation: &Documentation, name: &str| {
        documentation
            .parameter(name)
            .and_then(|parameter| parameter.kind.clone())
    };
    match function.parameters.get(position) {
        Some(id) => {
            let name = source.tree.declaration(*id).name(&source.code);
            Some((name.to_owned(), kind_of(&documentation, name)))
        }
        None if function.is_variadic => Some(("...".to_owned(), kind_of(&documentation, "..."))),
        None => None,
    }
}
