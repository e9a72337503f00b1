use std::fmt;
use std::sync::Arc;

use perilune_language::Cell;
use perilune_language::debug::{
    Attention, LoadedSource, Paused, Reason, Resume, SourceKey, SourceReader, Stop, Wishes,
};
use serde_json::value::RawValue;

use crate::{Options, Outlet};

/// Takes the response to a request; called once, on any thread, and must not block.
pub type Reply = Box<dyn FnOnce(Box<RawValue>) + Send>;

/// The debugger of one kernel: one session that all its clients share.
pub struct Debugger {
    attention: Attention,
}

/// The time in which code runs, ended by dropping it.
pub struct CodeRuns<'a>(&'a Debugger);

/// Where code has stopped, for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoppedAt {
    /// A path, or what a cell or a string is called.
    pub source: String,
    /// The line, counted from 1.
    pub line: u32,
    /// Why.
    pub reason: Reason,
}

impl Debugger {
    /// A debugger that nobody uses yet, and that costs nothing as long as nobody does.
    pub fn new(options: Options, outlet: Arc<dyn Outlet>, reader: Arc<dyn SourceReader>) -> Self {
        let _ = (options, outlet, reader);
        Self {
            attention: Attention::default(),
        }
    }

    /// Takes a request of a client, which is known by `client`. Never blocks. `reply` is called
    /// exactly once, with a response of the Debug Adapter Protocol, whatever happens.
    pub fn request(&self, client: &str, request: &RawValue, reply: Reply) {
        let _ = (client, request, reply);
    }

    /// The kernel's interrupt was raised: code that has stopped goes on, to be ended by it.
    pub fn interrupt(&self) {}

    /// A client is not there any more, as if it had disconnected.
    pub fn gone(&self, client: &str) {
        let _ = client;
    }

    /// The kernel ends: what waits is answered, what has stopped goes on as interrupted.
    pub fn end(&self) {}

    /// Code is about to run on the language's thread, of a cell or of anything else.
    pub fn code_runs(&self) -> CodeRuns<'_> {
        CodeRuns(self)
    }

    /// Lets those look at values who wait for it. Called on the language's thread, while no code
    /// runs, when [`Outlet::look`] has asked for it, and when code has ended while
    /// [`is_on`](perilune_language::debug::Debugger::is_on).
    pub fn rest(&self, paused: &mut dyn Paused) {
        let _ = paused;
    }

    /// Where code has stopped, if it has. Cheap, from any thread.
    pub fn stopped_at(&self) -> Option<StoppedAt> {
        None
    }
}

impl Drop for CodeRuns<'_> {
    fn drop(&mut self) {
        let _ = self.0;
    }
}

impl perilune_language::debug::Debugger for Debugger {
    fn attention(&self) -> &Attention {
        &self.attention
    }

    fn is_on(&self) -> bool {
        false
    }

    fn wishes(&self) -> Arc<Wishes> {
        Arc::default()
    }

    fn takes_pause(&self) -> bool {
        false
    }

    fn source_of(&self, cell: &Cell) -> SourceKey {
        cell.name.as_str().into()
    }

    fn loaded(&self, source: LoadedSource) {
        let _ = source;
    }

    fn log(&self, source: &SourceKey, line: u32, text: &str) {
        let _ = (source, line, text);
    }

    fn stopped(&self, stop: Stop, paused: &mut dyn Paused) -> Resume {
        let _ = (stop, paused);
        Resume::Continue
    }
}

impl fmt::Debug for Debugger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Debugger").finish_non_exhaustive()
    }
}
