use std::ops::ControlFlow;
use std::sync::Arc;

use super::manual::manual;
use super::source::Source;

/// Where names are looked up: in Lua itself, or in a snapshot of it.
pub(super) trait Names {
    type Value: Clone;

    fn globals(&self) -> Self::Value;

    /// What all strings are, as far as their fields go.
    fn string(&self) -> Option<Self::Value>;

    /// The locals of earlier cells.
    fn each_kept(&self, visit: &mut dyn FnMut(&str));

    /// A local of an earlier cell.
    fn kept(&self, name: &str) -> Option<Self::Value>;

    /// A local of an earlier cell, or else a global.
    fn variable(&self, name: &str) -> Option<Self::Value>;

    /// A field of a value, its own or inherited.
    fn field(&self, value: &Self::Value, name: &str) -> Option<Self::Value>;

    /// An element of a list, or any value of another table.
    fn element(&self, value: &Self::Value) -> Option<Self::Value>;

    /// Shows the fields of a value, its own before those it inherits.
    fn each_field(
        &self,
        value: &Self::Value,
        visit: &mut dyn FnMut(&str, Self::Value) -> ControlFlow<()>,
    );

    fn shape(&self, value: &Self::Value) -> Shape;

    /// A module that is loaded.
    fn module(&self, name: &str) -> Option<Self::Value>;

    /// The names of the modules that need no file: those that are loaded, and `package.preload`.
    fn modules(&self) -> Vec<String>;

    /// `package.path` and `package.cpath`.
    fn module_paths(&self) -> Vec<String>;

    /// The earlier cells, the latest first.
    fn cells(&self) -> Vec<Arc<Source>>;

    /// The code of a chunk: of a cell, or a file.
    fn source(&self, chunk: &str) -> Option<Arc<Source>>;
}

/// What a value is, as far as completion tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shape {
    Function(Shaped),
    /// What `require` returns.
    Module,
    /// A table that others inherit from.
    Class,
    Table,
    Text,
    /// What is none of these, by the name of its class in the manual: `file*`.
    Other(Option<&'static str>),
}

/// How a function is called, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shaped {
    /// By the manual, under this name.
    Documented(Arc<str>),
    Lua {
        parameters: Arc<[String]>,
        /// Its chunk and the line it begins on.
        place: Option<(Arc<str>, usize)>,
    },
    /// One of C, of which nothing is known.
    Foreign,
}

impl Shaped {
    /// As in `(a, b, ...)`; behind a colon without `self`.
    pub(super) fn signature(&self, is_method: bool) -> String {
        match self {
            Self::Documented(name) => manual()
                .entry(name)
                .and_then(|entry| entry.signature(is_method))
                .unwrap_or_else(|| "(...)".to_owned()),
            Self::Lua { parameters, .. } => {
                let skipped = parameters
                    .first()
                    .is_some_and(|first| is_method && first == "self");
                format!("({})", parameters[usize::from(skipped)..].join(", "))
            }
            Self::Foreign => "(...)".to_owned(),
        }
    }
}
