use std::collections::BTreeMap;
use std::sync::Arc;

use perilune_language::debug::Variable;
use serde_json::value::RawValue;

use crate::clients::Types;

/// The session's variables as they were when somebody could look, for as long as nobody can.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    pub(crate) variables: Arc<[Variable]>,
    /// Whether no code has run since, so that what holds variables can still be asked for them.
    pub(crate) is_fresh: bool,
    /// Whether anybody ever asks for it.
    pub(crate) is_wanted: bool,
    /// As clients were told while code ran, who ask again and again.
    pub(crate) told: BTreeMap<Types, Box<RawValue>>,
}

impl Snapshot {
    /// Takes what was seen just now.
    pub(crate) fn refresh(&mut self, variables: Vec<Variable>) {
        self.variables = variables.into();
        self.told.clear();
        self.is_fresh = true;
    }
}

/// A variable for who cannot ask for what it holds.
pub(crate) fn leaf(variable: &Variable) -> Variable {
    Variable {
        holder: None,
        named: 0,
        indexed: 0,
        ..variable.clone()
    }
}
