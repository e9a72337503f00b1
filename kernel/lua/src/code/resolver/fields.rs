use std::ops::ControlFlow;
use std::sync::Arc;

use super::super::names::Names;
use super::super::source::ELEMENT;
use super::super::types::Type;
use super::{Candidate, Resolver, Thing, Visit};
use crate::syntax::Expression;

/// How many classes one inherits from another.
const ANCESTORS: usize = 8;

impl<N: Names> Resolver<'_, N> {
    /// What a field of a value is.
    pub(super) fn field(&self, of: &Thing<N::Value>, name: &str) -> Vec<Thing<N::Value>> {
        self.deeper(|| match of {
            Thing::Live(value) => {
                let field = self.names.field(value, name);
                field.map(Thing::Live).into_iter().collect()
            }
            Thing::Path(source, path) => {
                let mut path = path.clone();
                path.names.push(name.to_owned());
                match source.assigned_to(&path).next() {
                    Some(_) => self.assigned(source, &path),
                    None => Vec::new(),
                }
            }
            Thing::Table(source, table) => {
                let Expression::Table { items, .. } = source.tree.expression(*table) else {
                    return Vec::new();
                };
                let item = items
                    .iter()
                    .find(|item| item.name.is_some_and(|known| source.text(known) == name));
                item.map_or_else(Vec::new, |item| self.expression(source, item.value, 0))
            }
            Thing::Typed(_) => {
                let mut found = Vec::new();
                let _ = self.fields_of(
                    of,
                    &mut |known, candidate| {
                        if known == name {
                            found.extend(self.candidate(&candidate));
                            return ControlFlow::Break(());
                        }
                        ControlFlow::Continue(())
                    },
                    0,
                );
                if found.is_empty()
                    && let Thing::Typed(Type::Map(_, value)) = of
                {
                    found.push(Thing::Typed((**value).clone()));
                }
                found
            }
            Thing::Function(..) => Vec::new(),
        })
    }

    /// What an element of a list is, or any value of another table.
    pub(super) fn element(&self, of: &Thing<N::Value>) -> Vec<Thing<N::Value>> {
        self.deeper(|| match of {
            Thing::Live(value) => {
                let element = self.names.element(value);
                element.map(Thing::Live).into_iter().collect()
            }
            Thing::Path(source, path) => {
                let mut path = path.clone();
                path.names.push(ELEMENT.to_owned());
                match source.assigned_to(&path).next() {
                    Some(_) => self.assigned(source, &path),
                    None => Vec::new(),
                }
            }
            Thing::Table(source, table) => {
                let Expression::Table { items, .. } = source.tree.expression(*table) else {
                    return Vec::new();
                };
                let elements = items.iter().filter(|item| item.is_element);
                let item = elements.chain(items).next();
                item.map_or_else(Vec::new, |item| self.expression(source, item.value, 0))
            }
            Thing::Typed(kind) => self.element_of_type(kind),
            Thing::Function(..) => Vec::new(),
        })
    }

    fn element_of_type(&self, kind: &Type) -> Vec<Thing<N::Value>> {
        match kind {
            Type::List(of) | Type::Map(_, of) => vec![Thing::Typed((**of).clone())],
            Type::Optional(of) => self.element_of_type(of),
            Type::Union(all) => {
                let all = all.iter().flat_map(|kind| self.element_of_type(kind));
                all.collect()
            }
            Type::Named(name) => match self.alias(name) {
                Some(kind) => self.element(&Thing::Typed(kind)),
                None => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    /// Shows the fields of a value by one thing that is known of it.
    pub(super) fn fields_of(
        &self,
        of: &Thing<N::Value>,
        visit: Visit<'_, N::Value>,
        ancestors: usize,
    ) -> ControlFlow<()> {
        match of {
            Thing::Live(value) => {
                let mut flow = ControlFlow::Continue(());
                self.names.each_field(value, &mut |name, value| {
                    flow = visit(name, Candidate::Live(value));
                    flow
                });
                flow
            }
            Thing::Path(source, path) => {
                for (name, assignment) in source.assigned_within(path) {
                    visit(
                        name,
                        Candidate::Assigned(
                            Arc::clone(source),
                            assignment.value,
                            assignment.position,
                            assignment.comment,
                        ),
                    )?;
                }
                ControlFlow::Continue(())
            }
            Thing::Table(source, table) => {
                if let Expression::Table { items, .. } = source.tree.expression(*table) {
                    for item in items {
                        let Some(name) = item.name else { continue };
                        visit(
                            source.text(name),
                            Candidate::Assigned(Arc::clone(source), item.value, 0, item.comment),
                        )?;
                    }
                }
                ControlFlow::Continue(())
            }
            Thing::Typed(kind) => self.fields_of_type(kind, visit, ancestors),
            Thing::Function(..) => ControlFlow::Continue(()),
        }
    }

    fn fields_of_type(
        &self,
        kind: &Type,
        visit: Visit<'_, N::Value>,
        ancestors: usize,
    ) -> ControlFlow<()> {
        if ancestors >= ANCESTORS {
            return ControlFlow::Continue(());
        }
        match kind {
            Type::Optional(of) => self.fields_of_type(of, visit, ancestors + 1),
            Type::Union(all) => {
                for kind in all {
                    self.fields_of_type(kind, visit, ancestors + 1)?;
                }
                ControlFlow::Continue(())
            }
            Type::Record(fields) => {
                for (name, _, kind) in fields {
                    visit(
                        name,
                        Candidate::Documented(Some(kind.clone()), String::new()),
                    )?;
                }
                ControlFlow::Continue(())
            }
            Type::Named(name) if name == "string" => match self.names.string() {
                Some(string) => self.fields_of(&Thing::Live(string), visit, ancestors),
                None => ControlFlow::Continue(()),
            },
            Type::Named(name) => self.fields_of_class(name, visit, ancestors),
            Type::Other(text) if text.starts_with(['"', '\'']) => {
                self.fields_of_type(&Type::named("string"), visit, ancestors + 1)
            }
            _ => ControlFlow::Continue(()),
        }
    }

    fn fields_of_class(
        &self,
        name: &str,
        visit: Visit<'_, N::Value>,
        ancestors: usize,
    ) -> ControlFlow<()> {
        let Some(source) = self.class(name) else {
            return match self.alias(name) {
                Some(kind) => self.fields_of_type(&kind, visit, ancestors + 1),
                None => ControlFlow::Continue(()),
            };
        };
        let Some(class) = source.class(name) else {
            return ControlFlow::Continue(());
        };
        for field in &class.documentation.fields {
            visit(
                &field.name,
                Candidate::Documented(field.kind.clone(), field.text.clone()),
            )?;
        }
        if let Some(path) = &class.path {
            for thing in self.path(&source, path) {
                let is_itself = matches!(&thing, Thing::Typed(Type::Named(known)) if known == name);
                if !is_itself {
                    self.fields_of(&thing, visit, ancestors + 1)?;
                }
            }
        }
        for parent in &class.class.parents {
            self.fields_of_type(&Type::named(parent), visit, ancestors + 1)?;
        }
        ControlFlow::Continue(())
    }
}
