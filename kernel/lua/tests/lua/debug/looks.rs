//! Looking at code that does not go on.

mod at_rest;
mod console;
mod coroutines;
mod data;
mod evaluate;
mod frames;
mod set;
mod speed;
mod tables;
mod variables;

use std::sync::{Arc, Mutex};

use perilune_language::Language;
use perilune_language::debug::{
    FrameId, HolderId, Part, Paused, Purpose, Refusal, Resume, ScopeKind, ThreadId, Variable,
};

use super::script::{Script, cell, debugged};
use crate::notebook::Notebook;

/// Runs a cell that stops at a line, looks once, and lets it run on. What is looked for is found out
/// while it has stopped.
pub fn stopped<T: Send + 'static>(
    code: &str,
    line: u32,
    look: impl FnMut(&mut Looker<'_>) -> T + Send + 'static,
) -> T {
    let (mut notebook, script) = debugged();
    stopped_in(&mut notebook, &script, code, line, look)
}

/// The same in a notebook that has run something already.
pub fn stopped_in<T: Send + 'static>(
    notebook: &mut Notebook,
    script: &Arc<Script>,
    code: &str,
    line: u32,
    mut look: impl FnMut(&mut Looker<'_>) -> T + Send + 'static,
) -> T {
    script.clear();
    script.break_at(&cell(notebook.cells + 1), line);
    let seen = Arc::new(Mutex::new(None));
    let here = seen.clone();
    let clears = script.clone();
    script.on_stop(move |stop, paused| {
        clears.clear();
        let frames = paused.frames(stop.thread, 0, None).unwrap();
        let frame = frames.frames[0].id;
        *here.lock().unwrap() = Some(look(&mut Looker { paused, frame }));
        Resume::Continue
    });
    notebook.run(code);
    let seen = seen.lock().unwrap().take();
    seen.expect("the code has stopped, and the look did not fail")
}

/// Looks while no code runs.
pub fn at_rest<T>(notebook: &mut Notebook, look: impl FnOnce(&mut dyn Paused) -> T) -> T {
    let mut look = Some(look);
    let mut seen = None;
    notebook.lua.at_rest(&mut |paused| {
        seen = look.take().map(|look| look(paused));
    });
    seen.unwrap()
}

/// Somebody who looks at the innermost frame.
pub struct Looker<'a> {
    pub paused: &'a mut dyn Paused,
    pub frame: FrameId,
}

impl Looker<'_> {
    /// The holder of a scope.
    pub fn scope(&mut self, kind: ScopeKind) -> HolderId {
        let scopes = self.paused.scopes(self.frame).unwrap();
        let found = scopes.iter().find(|scope| scope.kind == kind);
        found.unwrap_or_else(|| panic!("{scopes:?}")).holder
    }

    /// The variables of a scope.
    pub fn of(&mut self, kind: ScopeKind) -> Vec<Variable> {
        let holder = self.scope(kind);
        self.paused.variables(holder, Part::default()).unwrap()
    }

    pub fn locals(&mut self) -> Vec<Variable> {
        self.of(ScopeKind::Locals)
    }

    /// The local of a name.
    pub fn local(&mut self, name: &str) -> Variable {
        named(&self.locals(), name).clone()
    }

    /// What a variable holds.
    pub fn inside(&mut self, variable: &Variable) -> Vec<Variable> {
        let holder = variable.holder.expect("it holds something");
        self.paused.variables(holder, Part::default()).unwrap()
    }

    pub fn try_evaluate(&mut self, code: &str, purpose: Purpose) -> Result<String, String> {
        let value = self.paused.evaluate(Some(self.frame), code, purpose);
        value.map(|value| value.value).map_err(|Refusal(why)| why)
    }

    pub fn evaluate(&mut self, code: &str) -> String {
        self.try_evaluate(code, Purpose::Watch)
            .unwrap_or_else(|why| panic!("{code}: {why}"))
    }

    pub fn console(&mut self, code: &str) -> Result<String, String> {
        self.try_evaluate(code, Purpose::Console)
    }

    pub fn set(&mut self, kind: ScopeKind, name: &str, code: &str) -> Result<String, String> {
        let holder = self.scope(kind);
        let set = self.paused.set_variable(holder, name, code);
        set.map(|set| format!("{} {}", set.type_name, set.value))
            .map_err(|Refusal(why)| why)
    }
}

pub fn named<'v>(variables: &'v [Variable], name: &str) -> &'v Variable {
    let found = variables.iter().find(|variable| variable.name == name);
    found.unwrap_or_else(|| panic!("{name} is not in {:?}", texts(variables)))
}

/// `name = value` of each variable.
pub fn texts(variables: &[Variable]) -> Vec<String> {
    let texts = variables.iter();
    texts
        .map(|variable| format!("{} = {}", variable.name, variable.value))
        .collect()
}

pub const MAIN: ThreadId = ThreadId::MAIN;
