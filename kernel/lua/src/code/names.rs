use std::ops::ControlFlow;

use super::chain::{Chain, Root};
use super::manual::manual;

/// Where names are looked up: in Lua itself, or in a snapshot of it.
pub(super) trait Names {
    type Value;

    fn globals(&self) -> Self::Value;

    /// What all strings are, as far as their fields go.
    fn string(&self) -> Option<Self::Value>;

    /// Whether a local of an earlier cell is called so.
    fn is_kept(&self, name: &str) -> bool;

    fn each_kept(&self, visit: &mut dyn FnMut(&str));

    /// A local of an earlier cell, or else a global.
    fn variable(&self, name: &str) -> Option<Self::Value>;

    /// A field of a value, its own or inherited.
    fn field(&self, value: &Self::Value, name: &str) -> Option<Self::Value>;

    /// Shows the fields of a value, its own before those it inherits.
    fn each_field(
        &self,
        value: &Self::Value,
        visit: &mut dyn FnMut(&str, Self::Value) -> ControlFlow<()>,
    );

    fn shape(&self, value: &Self::Value) -> Shape;
}

/// What a value is, as far as completion tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shape {
    Function(Signature),
    Table,
    Other,
}

/// How a function is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Signature {
    /// By the manual, under this name.
    Documented(String),
    Parameters(Vec<String>),
}

impl Signature {
    /// As in `(a, b, ...)`; behind a colon without `self`.
    pub(super) fn text(&self, is_method: bool) -> String {
        match self {
            Self::Documented(name) => manual()
                .entry(name)
                .and_then(|entry| entry.signature())
                .unwrap_or_default(),
            Self::Parameters(names) => {
                let skipped = names
                    .first()
                    .is_some_and(|first| is_method && first == "self");
                format!("({})", names[usize::from(skipped)..].join(", "))
            }
        }
    }
}

/// The value in which a chain's last name is looked up.
pub(super) fn base_of<N: Names>(names: &N, chain: &Chain<'_>) -> Option<N::Value> {
    let (root, fields) = chain.base.as_ref()?;
    let mut value = match root {
        Root::Name(name) => names.variable(name)?,
        Root::String => names.string()?,
    };
    for name in fields {
        value = names.field(&value, name)?;
    }
    Some(value)
}
