use std::collections::HashMap;
use std::sync::Arc;

use super::documentation::{Class, Documentation};
use super::types::Type;
use crate::syntax::{
    Assignment, Below, CommentId, DeclarationId, Expression, ExpressionId, FunctionId, Origin,
    Span, Tree,
};

/// Code that was read: of the cell that is written, of an earlier one, of a file, of the manual.
#[derive(Debug)]
pub(super) struct Source {
    /// What errors call it.
    pub(super) name: String,
    pub(super) code: Arc<str>,
    pub(super) tree: Tree,
    classes: HashMap<String, DocumentedClass>,
    aliases: HashMap<String, Type>,
    /// Which assignments go to what a variable holds.
    assigned: HashMap<Root, Vec<(Vec<String>, usize)>>,
}

/// A class that a comment declares, with what the comment says.
#[derive(Debug)]
pub(super) struct DocumentedClass {
    pub(super) class: Class,
    pub(super) documentation: Documentation,
    /// The variable below, which holds its methods.
    pub(super) path: Option<Path>,
}

/// The variable that a chain of names begins with.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Root {
    Local(DeclarationId),
    Global(String),
}

/// A variable, or a field of what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path {
    pub(super) root: Root,
    pub(super) names: Vec<String>,
}

/// What stands for any element in [`Path::names`].
pub(super) const ELEMENT: &str = "[]";
/// How many names a path has at most.
const LONGEST_PATH: usize = 16;

impl Source {
    pub(super) fn read(name: &str, code: Arc<str>) -> Self {
        let tree = Tree::of(&code);
        let mut source = Self {
            name: name.to_owned(),
            code,
            tree,
            classes: HashMap::new(),
            aliases: HashMap::new(),
            assigned: HashMap::new(),
        };
        for (index, assignment) in source.tree.assignments.iter().enumerate() {
            if let Some(path) = source.path(assignment.target) {
                let assigned = source.assigned.entry(path.root).or_default();
                assigned.push((path.names, index));
            }
        }
        source.find_classes();
        source
    }

    fn find_classes(&mut self) {
        for comment in &self.tree.comments {
            let text = comment.span.of(&self.code);
            if !(text.contains("@class") || text.contains("@alias")) {
                continue;
            }
            let path = match comment.below {
                Some(Below::Declaration(id)) => Some(Path {
                    root: Root::Local(id),
                    names: Vec::new(),
                }),
                Some(Below::Assignment(index)) => self.path(self.tree.assignments[index].target),
                None => None,
            };
            let mut declared = Documentation::of_each_class(text);
            // What is below is what was declared last.
            let last = declared.pop();
            let above = declared.into_iter().map(|declared| (declared, None));
            for (documentation, path) in above.chain(last.map(|last| (last, path))) {
                if let Some((name, kind)) = documentation.alias {
                    self.aliases.insert(name, kind);
                } else if let Some(class) = documentation.class.clone() {
                    self.classes.insert(
                        class.name.clone(),
                        DocumentedClass {
                            class,
                            documentation,
                            path,
                        },
                    );
                }
            }
        }
    }

    pub(super) fn text(&self, span: Span) -> &str {
        span.of(&self.code)
    }

    pub(super) fn class(&self, name: &str) -> Option<&DocumentedClass> {
        self.classes.get(name)
    }

    pub(super) fn alias(&self, name: &str) -> Option<&Type> {
        self.aliases.get(name)
    }

    /// The class that is declared directly above a variable.
    pub(super) fn class_of(&self, path: &Path) -> Option<&DocumentedClass> {
        let found = |class: &&DocumentedClass| class.path.as_ref() == Some(path);
        self.classes.values().find(found)
    }

    pub(super) fn documentation(&self, comment: Option<CommentId>) -> Documentation {
        comment.map_or_else(Documentation::default, |comment| {
            Documentation::of(self.text(self.tree.comment(comment).span))
        })
    }

    /// The path that an expression is, if it is one.
    pub(super) fn path(&self, expression: ExpressionId) -> Option<Path> {
        let mut names = Vec::new();
        let mut at = expression;
        loop {
            if names.len() > LONGEST_PATH {
                return None;
            }
            match self.tree.expression(at) {
                Expression::Name { name, declaration } => {
                    let root = match declaration {
                        Some(id) => match self.tree.declaration(*id).origin {
                            // `self` is what stands before the colon.
                            Origin::Receiver(function) => match self.receiver(function) {
                                Some(of) => {
                                    at = of;
                                    continue;
                                }
                                None => Root::Local(*id),
                            },
                            _ => Root::Local(*id),
                        },
                        None => Root::Global(self.text(*name).to_owned()),
                    };
                    names.reverse();
                    return Some(Path { root, names });
                }
                Expression::Field { of, name } => {
                    names.push(self.text(*name).to_owned());
                    at = *of;
                }
                Expression::Element { of } => {
                    names.push(ELEMENT.to_owned());
                    at = *of;
                }
                _ => return None,
            }
        }
    }

    /// What a method is declared in: the `M` of `function M:f()`.
    pub(super) fn receiver(&self, function: FunctionId) -> Option<ExpressionId> {
        match self.tree.expression(self.tree.function(function).target?) {
            Expression::Field { of, .. } => Some(*of),
            _ => None,
        }
    }

    /// The assignments to a variable or field.
    pub(super) fn assigned_to(&self, path: &Path) -> impl Iterator<Item = &Assignment> {
        let assigned = self.assigned.get(&path.root).into_iter().flatten();
        assigned
            .filter(|(names, _)| *names == path.names)
            .map(|(_, index)| &self.tree.assignments[*index])
    }

    /// The assignments to fields of what a path stands for, with the field's name.
    pub(super) fn assigned_within(&self, path: &Path) -> impl Iterator<Item = (&str, &Assignment)> {
        let assigned = self.assigned.get(&path.root).into_iter().flatten();
        assigned.filter_map(|(names, index)| {
            let (last, before) = names.split_last()?;
            (before == path.names && last != ELEMENT)
                .then(|| (last.as_str(), &self.tree.assignments[*index]))
        })
    }

    /// Every assignment to a global or a field, with its path.
    pub(super) fn assignments(&self) -> impl Iterator<Item = (Path, &Assignment)> {
        self.tree
            .assignments
            .iter()
            .filter_map(|assignment| Some((self.path(assignment.target)?, assignment)))
    }

    /// The names of the globals that it assigns to.
    pub(super) fn globals(&self) -> impl Iterator<Item = (&str, &Assignment)> {
        self.assigned.iter().flat_map(move |(root, assigned)| {
            let name = match root {
                Root::Global(name) => Some(name.as_str()),
                Root::Local(_) => None,
            };
            assigned
                .iter()
                .filter(|(names, _)| names.is_empty())
                .filter_map(move |(_, index)| Some((name?, &self.tree.assignments[*index])))
        })
    }

    /// The function whose keyword stands on a line, counted from 1.
    pub(super) fn function_on(&self, line: usize) -> Option<FunctionId> {
        let found = self
            .tree
            .functions
            .iter()
            .position(|function| line_of(&self.code, function.span.start) == line);
        found.map(FunctionId)
    }
}

/// The line of a byte, counted from 1.
pub(super) fn line_of(code: &str, byte: usize) -> usize {
    let before = &code[..byte.min(code.len())];
    crate::failure::lines(before).count().max(1)
}
