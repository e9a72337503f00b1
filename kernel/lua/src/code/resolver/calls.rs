use std::sync::Arc;

use super::super::manual::manual;
use super::super::names::{Names, Shape, Shaped};
use super::super::source::Source;
use super::super::types::Type;
use super::{Resolver, Thing};
use crate::syntax::{Expression, ExpressionId, FunctionId};

impl<N: Names> Resolver<'_, N> {
    /// What the value of that number of a call is.
    pub(super) fn result_of(
        &self,
        source: &Arc<Source>,
        function: ExpressionId,
        method: Option<&str>,
        arguments: &[ExpressionId],
        position: usize,
    ) -> Vec<Thing<N::Value>> {
        if method.is_none()
            && let Some(found) = self.result_of_known(source, function, arguments, position)
        {
            return found;
        }
        self.callees(source, function, method)
            .iter()
            .flat_map(|callee| self.returned(callee, position))
            .collect()
    }

    /// What is called.
    pub(in super::super) fn callees(
        &self,
        source: &Arc<Source>,
        function: ExpressionId,
        method: Option<&str>,
    ) -> Vec<Thing<N::Value>> {
        let function = self.expression(source, function, 0);
        match method {
            None => function,
            Some(method) => {
                let of = function.iter();
                of.flat_map(|of| self.field(of, method)).collect()
            }
        }
    }

    /// The results of functions that give back what they are given.
    fn result_of_known(
        &self,
        source: &Arc<Source>,
        function: ExpressionId,
        arguments: &[ExpressionId],
        position: usize,
    ) -> Option<Vec<Thing<N::Value>>> {
        let first = *arguments.first()?;
        match self.global(source, function)? {
            "setmetatable" if position == 0 => {
                let mut found = self.expression(source, first, 0);
                if let Some(metatable) = arguments.get(1) {
                    for metatable in self.expression(source, *metatable, 0) {
                        found.extend(self.field(&metatable, "__index"));
                    }
                }
                Some(found)
            }
            "require" if position == 0 => {
                let Expression::String(name) = source.tree.expression(first) else {
                    return None;
                };
                let name = source.text(*name).trim_matches(['"', '\'', '[', ']']);
                self.names
                    .module(name)
                    .map(|module| vec![Thing::Live(module)])
            }
            "assert" => Some(match arguments.get(position) {
                Some(argument) => self.expression(source, *argument, 0),
                None => self.expression(source, first, position),
            }),
            "pcall" if position > 0 => {
                let called = self.expression(source, first, 0);
                let called = called.iter();
                Some(
                    called
                        .flat_map(|f| self.returned(f, position - 1))
                        .collect(),
                )
            }
            _ => None,
        }
    }

    /// The name of the global that an expression is.
    fn global<'s>(&self, source: &'s Arc<Source>, expression: ExpressionId) -> Option<&'s str> {
        match source.tree.expression(expression) {
            Expression::Name {
                name,
                declaration: None,
            } => Some(source.text(*name)),
            _ => None,
        }
    }

    /// What a function returns.
    fn returned(&self, function: &Thing<N::Value>, position: usize) -> Vec<Thing<N::Value>> {
        self.deeper(|| match function {
            Thing::Function(source, function) => self.returned_by(source, *function, position),
            Thing::Live(value) => match self.names.shape(value) {
                Shape::Function(Shaped::Documented(name)) => {
                    let entry = manual().entry(&name);
                    let kind = entry.and_then(|e| e.documentation.returned(position).cloned());
                    kind.map(Thing::Typed).into_iter().collect()
                }
                Shape::Function(Shaped::Lua {
                    place: Some((chunk, line)),
                    ..
                }) => {
                    let source = self.names.source(&chunk);
                    let function = source.as_ref().and_then(|source| source.function_on(line));
                    match (source, function) {
                        (Some(source), Some(function)) => {
                            self.returned_by(&source, function, position)
                        }
                        _ => Vec::new(),
                    }
                }
                _ => Vec::new(),
            },
            Thing::Typed(kind) => returned_by_type(kind, position),
            Thing::Path(..) | Thing::Table(..) => Vec::new(),
        })
    }

    fn returned_by(
        &self,
        source: &Arc<Source>,
        function: FunctionId,
        position: usize,
    ) -> Vec<Thing<N::Value>> {
        let function = source.tree.function(function);
        let documentation = source.documentation(function.comment);
        if let Some(kind) = documentation.returned(position) {
            return vec![Thing::Typed(kind.clone())];
        }
        let mut found = Vec::new();
        for values in &function.returns {
            found.extend(match values.get(position) {
                Some(value) => self.expression(source, *value, 0),
                None => match values.last() {
                    Some(last) => self.expression(source, *last, position + 1 - values.len()),
                    None => Vec::new(),
                },
            });
        }
        found
    }

    /// What a loop's variable of that number is.
    pub(super) fn iterated(
        &self,
        source: &Arc<Source>,
        iterator: ExpressionId,
        position: usize,
    ) -> Vec<Thing<N::Value>> {
        if let Expression::Call {
            function,
            method: None,
            arguments,
            ..
        } = source.tree.expression(iterator)
            && let Some(name @ ("pairs" | "ipairs" | "progress")) = self.global(source, *function)
            && let Some(first) = arguments.first()
        {
            if position == 0 {
                let key = if name == "pairs" { "any" } else { "integer" };
                return vec![Thing::Typed(Type::named(key))];
            }
            let of = self.expression(source, *first, 0);
            return of.iter().flat_map(|of| self.element(of)).collect();
        }
        let iterators = self.expression(source, iterator, 0);
        let iterators = iterators.iter();
        iterators.flat_map(|f| self.returned(f, position)).collect()
    }
}

fn returned_by_type<V>(kind: &Type, position: usize) -> Vec<Thing<V>> {
    match kind {
        Type::Function { returns, .. } => {
            let kind = returns.get(position).cloned();
            kind.map(Thing::Typed).into_iter().collect()
        }
        Type::Optional(of) => returned_by_type(of, position),
        Type::Union(all) => all
            .iter()
            .flat_map(|kind| returned_by_type(kind, position))
            .collect(),
        _ => Vec::new(),
    }
}
