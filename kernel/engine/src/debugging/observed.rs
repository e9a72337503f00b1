use std::sync::Arc;

use perilune_language::Cell;
use perilune_language::debug::{
    Attention, Debugger, LoadedSource, Paused, Resume, SourceKey, Stop, Wishes,
};

use crate::context::Context;
use crate::output::Output;

/// The debugger as the language sees it: what it says stands in order with what code prints, and
/// code waits for room for it as for what it prints.
pub(crate) struct Observed {
    context: Arc<Context>,
    output: Arc<Output>,
}

impl Observed {
    pub(crate) fn new(context: Arc<Context>, output: Arc<Output>) -> Self {
        Self { context, output }
    }

    fn debugger(&self) -> &dyn Debugger {
        &self.context.debugging.debugger
    }
}

impl Debugger for Observed {
    fn attention(&self) -> &Attention {
        self.debugger().attention()
    }

    fn is_on(&self) -> bool {
        self.debugger().is_on()
    }

    fn wishes(&self) -> Arc<Wishes> {
        self.debugger().wishes()
    }

    fn takes_pause(&self) -> bool {
        self.debugger().takes_pause()
    }

    fn source_of(&self, cell: &Cell) -> SourceKey {
        self.debugger().source_of(cell)
    }

    fn loaded(&self, source: LoadedSource) {
        self.debugger().loaded(source);
    }

    fn log(&self, source: &SourceKey, line: u32, text: &str) {
        self.output.catch_up();
        self.context.outbox.make_room();
        self.debugger().log(source, line, text);
    }

    fn stopped(&self, stop: Stop, paused: &mut dyn Paused) -> Resume {
        self.output.catch_up();
        self.debugger().stopped(stop, paused)
    }
}
