//! What expressions of code stand for, without running it.

use std::cell::{Cell, RefCell};
use std::ops::ControlFlow;
use std::sync::Arc;

use super::documentation::Documentation;
use super::manual::manual;
use super::names::Names;
use super::source::{ELEMENT, Path, Root, Source};
use super::types::Type;
use crate::syntax::{CommentId, Expression, ExpressionId, FunctionId, Origin};

mod calls;
mod expected;
mod fields;

/// What is known of a value. Several of these can be true of the same one: what it is now, what the
/// code will put into it, what a comment says it is.
#[derive(Debug, Clone)]
pub(super) enum Thing<V> {
    /// A value that Lua has now.
    Live(V),
    /// What some code assigns to a variable or field.
    Path(Arc<Source>, Path),
    /// A table constructor.
    Table(Arc<Source>, ExpressionId),
    Function(Arc<Source>, FunctionId),
    Typed(Type),
}

/// A field of a value.
#[derive(Debug, Clone)]
pub(super) enum Candidate<V> {
    Live(V),
    /// The value of that number of an expression.
    Assigned(Arc<Source>, ExpressionId, usize, Option<CommentId>),
    /// What a comment says of it.
    Documented(Option<Type>, String),
}

/// Is shown fields with their names, until it has seen enough.
type Visit<'v, V> = &'v mut dyn FnMut(&str, Candidate<V>) -> ControlFlow<()>;

/// How far one thing leads to another.
const DEPTH: usize = 12;
/// How many steps a question may take.
const STEPS: usize = 5_000;
/// How many assignments to the same variable are looked at, the last ones.
const ASSIGNMENTS: usize = 8;

/// Finds out what expressions stand for. Made for each question.
pub(super) struct Resolver<'n, N: Names> {
    pub(super) names: &'n N,
    /// The code that is written, up to the cursor.
    pub(super) current: Arc<Source>,
    depth: Cell<usize>,
    steps: Cell<usize>,
    /// The paths that are being resolved, since a variable may be assigned to itself.
    under_way: RefCell<Vec<(*const Source, Path)>>,
    cells: RefCell<Option<Vec<Arc<Source>>>>,
}

impl<'n, N: Names> Resolver<'n, N> {
    pub(super) fn new(names: &'n N, current: Arc<Source>) -> Self {
        Self {
            names,
            current,
            depth: Cell::new(0),
            steps: Cell::new(0),
            under_way: RefCell::default(),
            cells: RefCell::default(),
        }
    }

    /// What an expression of the current code stands for.
    pub(super) fn current(&self, expression: ExpressionId) -> Vec<Thing<N::Value>> {
        self.expression(&self.current, expression, 0)
    }

    /// Does something one level deeper, if there is room for it.
    fn deeper<T: Default>(&self, act: impl FnOnce() -> T) -> T {
        if self.depth.get() >= DEPTH || self.steps.get() >= STEPS {
            return T::default();
        }
        self.steps.set(self.steps.get() + 1);
        self.depth.set(self.depth.get() + 1);
        let result = act();
        self.depth.set(self.depth.get() - 1);
        result
    }

    /// What the value of that number of an expression is.
    pub(super) fn expression(
        &self,
        source: &Arc<Source>,
        id: ExpressionId,
        position: usize,
    ) -> Vec<Thing<N::Value>> {
        self.deeper(|| {
            let expression = source.tree.expression(id);
            if let Expression::Call {
                function,
                method,
                arguments,
                ..
            } = expression
            {
                let method = method.map(|method| source.text(method));
                return self.result_of(source, *function, method, arguments, position);
            }
            if position > 0 {
                return Vec::new();
            }
            let typed = |name| vec![Thing::Typed(Type::named(name))];
            match expression {
                Expression::Boolean => typed("boolean"),
                Expression::Number => typed("number"),
                Expression::String(_) | Expression::Text => typed("string"),
                Expression::Function(function) => {
                    vec![Thing::Function(Arc::clone(source), *function)]
                }
                Expression::Table { .. } => vec![Thing::Table(Arc::clone(source), id)],
                Expression::Either(all) => all
                    .iter()
                    .flat_map(|id| self.expression(source, *id, 0))
                    .collect(),
                Expression::Name { .. } | Expression::Field { .. } | Expression::Element { .. } => {
                    self.variable(source, id)
                }
                Expression::Nil | Expression::Unknown | Expression::Call { .. } => Vec::new(),
            }
        })
    }

    fn variable(&self, source: &Arc<Source>, id: ExpressionId) -> Vec<Thing<N::Value>> {
        if let Some(path) = source.path(id) {
            return self.path(source, &path);
        }
        match source.tree.expression(id) {
            Expression::Field { of, name } => {
                let name = source.text(*name);
                let of = self.expression(source, *of, 0);
                of.iter().flat_map(|of| self.field(of, name)).collect()
            }
            Expression::Element { of } => {
                let of = self.expression(source, *of, 0);
                of.iter().flat_map(|of| self.element(of)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// What a variable or a field of it stands for, in some code.
    pub(super) fn path(&self, source: &Arc<Source>, path: &Path) -> Vec<Thing<N::Value>> {
        let step = (Arc::as_ptr(source), path.clone());
        if self.under_way.borrow().contains(&step) {
            return Vec::new();
        }
        self.under_way.borrow_mut().push(step);
        let found = self.deeper(|| {
            let mut found = self.assigned(source, path);
            match path.names.split_last() {
                None => found.extend(self.root(source, &path.root)),
                Some((last, before)) => {
                    let before = Path {
                        root: path.root.clone(),
                        names: before.to_vec(),
                    };
                    for of in self.path(source, &before) {
                        let is_same = matches!(
                            &of,
                            Thing::Path(other, known)
                                if Arc::ptr_eq(other, source) && *known == before
                        );
                        if !is_same && last == ELEMENT {
                            found.extend(self.element(&of));
                        } else if !is_same {
                            found.extend(self.field(&of, last));
                        }
                    }
                }
            }
            found
        });
        self.under_way.borrow_mut().pop();
        found
    }

    /// What the code assigns to a path, and the path itself.
    fn assigned(&self, source: &Arc<Source>, path: &Path) -> Vec<Thing<N::Value>> {
        let mut found = vec![Thing::Path(Arc::clone(source), path.clone())];
        if let Some(class) = source.class_of(path) {
            found.push(Thing::Typed(Type::Named(class.class.name.clone())));
        }
        let assignments: Vec<_> = source.assigned_to(path).collect();
        for assignment in assignments.iter().rev().take(ASSIGNMENTS) {
            match source.documentation(assignment.comment).typed {
                Some(kind) => found.push(Thing::Typed(kind)),
                None => {
                    found.extend(self.expression(source, assignment.value, assignment.position));
                }
            }
        }
        found
    }

    fn root(&self, source: &Arc<Source>, root: &Root) -> Vec<Thing<N::Value>> {
        let id = match root {
            Root::Global(name) => {
                let live = self.names.variable(name);
                return live.into_iter().map(Thing::Live).collect();
            }
            Root::Local(id) => *id,
        };
        let declaration = source.tree.declaration(id);
        if let Some(kind) = source.documentation(declaration.comment).typed {
            return vec![Thing::Typed(kind)];
        }
        let mut found = match declaration.origin {
            Origin::Value(value, position) => self.expression(source, value, position),
            Origin::Parameter(function) => {
                let comment = source.tree.function(function).comment;
                let documentation = source.documentation(comment);
                let name = declaration.name(&source.code);
                let parameter = documentation.parameter(name);
                let kind = parameter.and_then(|parameter| parameter.kind.clone());
                kind.map(Thing::Typed).into_iter().collect()
            }
            Origin::Receiver(function) => match source.receiver(function) {
                Some(of) => self.expression(source, of, 0),
                None => Vec::new(),
            },
            Origin::Loop(iterator, position) => self.iterated(source, iterator, position),
            Origin::Counter => vec![Thing::Typed(Type::named("integer"))],
            Origin::Nothing => Vec::new(),
        };
        // A local at the top of a cell lives on: in an earlier cell, or in this one when it has
        // run before. Unless it is known to become something that has no fields of its own.
        let is_simple = found.iter().any(|thing| matches!(thing, Thing::Typed(_)));
        if declaration.scope.end == usize::MAX
            && !is_simple
            && let Some(live) = self.names.kept(declaration.name(&source.code))
        {
            found.push(Thing::Live(live));
        }
        found
    }

    /// What declares a class: this code, an earlier cell, the manual.
    fn class(&self, name: &str) -> Option<Arc<Source>> {
        self.sources()
            .into_iter()
            .find(|source| source.class(name).is_some())
    }

    fn alias(&self, name: &str) -> Option<Type> {
        self.sources()
            .iter()
            .find_map(|source| source.alias(name).cloned())
    }

    fn sources(&self) -> Vec<Arc<Source>> {
        let mut cells = self.cells.borrow_mut();
        let cells = cells.get_or_insert_with(|| self.names.cells());
        let mut sources = vec![Arc::clone(&self.current)];
        sources.extend(cells.iter().cloned());
        sources.extend(manual().sources().iter().cloned());
        sources
    }

    /// What is said of a class.
    pub(super) fn documentation_of_class(&self, name: &str) -> Option<Documentation> {
        let source = self.class(name)?;
        Some(source.class(name)?.documentation.clone())
    }

    /// What a field is.
    pub(super) fn candidate(&self, candidate: &Candidate<N::Value>) -> Vec<Thing<N::Value>> {
        match candidate {
            Candidate::Live(value) => vec![Thing::Live(value.clone())],
            Candidate::Assigned(source, value, position, comment) => {
                match source.documentation(*comment).typed {
                    Some(kind) => vec![Thing::Typed(kind)],
                    None => self.expression(source, *value, *position),
                }
            }
            Candidate::Documented(kind, _) => kind.clone().map(Thing::Typed).into_iter().collect(),
        }
    }

    /// Shows the fields of a value by all that is known of it.
    pub(super) fn each_field(&self, things: &[Thing<N::Value>], visit: Visit<'_, N::Value>) {
        for thing in things {
            if self.fields_of(thing, visit, 0).is_break() {
                return;
            }
        }
    }
}
