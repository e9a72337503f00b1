use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use perilune_language::Cell;
use perilune_language::debug::{
    Attention, LoadedSource, Paused, Reason, Resume, SourceKey, SourceReader, Stop, Wishes,
};
use serde_json::value::RawValue;

use crate::event::{BreakpointEvent, Event, LoadedSourceEvent, ModuleEvent, Output};
use crate::reply::{Reply, Responder};
use crate::request::Envelope;
use crate::session::{Job, Phase, Received, Session, Ticket};
use crate::sources::Loaded;
use crate::{DebugError, Options, Outlet, worker};

/// A request may have so many bytes.
const MOST_BYTES: usize = 16 << 20;

/// So many requests may wait, and so many of their bytes.
const MOST_WAITING: usize = 1000;
const MOST_WAITING_BYTES: usize = 64 << 20;

/// A client's id may have so many bytes; more are the same client.
const MOST_ID: usize = 256;

/// A logpoint's text may have so many bytes.
const MOST_LOGGED: usize = 64 << 10;

/// Of so many sources clients are told that were loaded while the same code ran. They can ask for all.
const MOST_SOURCES: usize = 1000;

/// The debugger of one kernel: one session that all its clients share.
pub struct Debugger(Arc<Session>);

/// The time in which code runs, ended by dropping it.
#[derive(Debug)]
pub struct CodeRuns<'a> {
    debugger: &'a Debugger,
    /// Whether it was wanted to stop at its first line.
    stops_at_entry: bool,
}

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
        Self(Arc::new(Session::new(options, outlet, reader)))
    }

    /// Takes a request of a client, which is known by `client`. Never blocks. `reply` is called
    /// exactly once, with a response of the Debug Adapter Protocol, whatever happens.
    pub fn request(&self, client: &str, request: &RawValue, reply: Reply) {
        let session = &self.0;
        let bytes = request.get().len();
        let refuse = |reply, error: &DebugError| {
            Responder::new(reply, session.numbers.clone(), 0, "").refuse(error);
        };
        if bytes > MOST_BYTES {
            let most = MOST_BYTES;
            return refuse(reply, &DebugError::TooLong { bytes, most });
        }
        let envelope = match Envelope::read(request) {
            Ok(envelope) => envelope,
            Err(error) => return refuse(reply, &error),
        };
        let seq = envelope.seq();
        let command = envelope.command().to_owned();
        let responder = Responder::new(reply, session.numbers.clone(), seq, &command);
        if session.waiting_bytes.load(Ordering::Relaxed) + bytes > MOST_WAITING_BYTES {
            return responder.refuse(&DebugError::TooMany);
        }
        let end = client.floor_char_boundary(MOST_ID);
        let received = Received {
            client: client[..end].to_owned(),
            command,
            arguments: envelope.arguments,
            responder,
            ticket: Ticket::new(bytes, &session.waiting_bytes),
        };
        if let Err((received, error)) = self.put(received) {
            received.responder.refuse(&error);
        }
    }

    /// Leaves a request to the debugger's own thread.
    fn put(&self, received: Received) -> Result<(), (Box<Received>, DebugError)> {
        let mut state = self.0.state();
        if state.is_ending {
            return Err((Box::new(received), DebugError::Ending));
        }
        if state.waiting() >= MOST_WAITING {
            return Err((Box::new(received), DebugError::TooMany));
        }
        if !state.has_thread {
            let session = Arc::clone(&self.0);
            let spawned = std::thread::Builder::new()
                .name("debugger".to_owned())
                .spawn(move || worker::run(&session));
            if let Err(error) = spawned {
                return Err((Box::new(received), DebugError::NoThread(error)));
            }
            state.has_thread = true;
        }
        state.inbox.push_back(Job::Read(received));
        drop(state);
        self.0.wake_worker();
        Ok(())
    }

    /// The kernel's interrupt was raised: code that has stopped goes on, to be ended by it.
    pub fn interrupt(&self) {
        // With the lock, so that who has just looked at the interrupt waits by now.
        drop(self.0.state());
        self.0.wake_stopped();
    }

    /// A client's connection has ended. It is as if it had disconnected, unless it is a page of
    /// JupyterLab, which may be loaded again, or has said in `initialize` that it will come back.
    pub fn gone(&self, client: &str) {
        let mut state = self.0.state();
        if state.has_thread && !state.is_ending {
            state.inbox.push_back(Job::Gone(client.to_owned()));
            drop(state);
            self.0.wake_worker();
        }
    }

    /// The kernel ends: what waits is answered, what has stopped goes on as interrupted, and
    /// nothing stops any more.
    pub fn end(&self) {
        let session = &self.0;
        let mut state = session.state();
        if std::mem::replace(&mut state.is_ending, true) {
            return;
        }
        state.return_looks();
        let waiting = std::mem::take(&mut state.inbox);
        state.was_on = session.is_on.swap(false, Ordering::SeqCst);
        drop(state);
        session.wake_worker();
        session.wake_stopped();
        for job in waiting {
            match job {
                Job::Read(received) => received.responder.refuse(&DebugError::Ending),
                Job::Again(asked) => asked.responder.refuse(&DebugError::Ending),
                Job::Gone(_) => {}
            }
        }
        session.dump().remove();
    }

    /// Code is about to run on the language's thread, of a cell or of anything else.
    pub fn code_runs(&self) -> CodeRuns<'_> {
        let mut state = self.0.state();
        state.phase = Phase::Running;
        state.snapshot.is_fresh = false;
        state.return_looks();
        let wakes = !state.inbox.is_empty();
        drop(state);
        if wakes {
            self.0.wake_worker();
        }
        self.0.told_sources.store(0, Ordering::Relaxed);
        CodeRuns {
            debugger: self,
            stops_at_entry: self.0.breakpoints().stops_at_entry(),
        }
    }

    /// Lets those look at values who wait for it. Called on the language's thread, while no code
    /// runs, when [`Outlet::look`] has asked for it, and when code has ended while
    /// [`is_on`](perilune_language::debug::Debugger::is_on).
    pub fn rest(&self, paused: &mut dyn Paused) {
        self.0.serve_at_rest(paused);
    }

    /// Where code has stopped, if it has. Cheap, from any thread.
    pub fn stopped_at(&self) -> Option<StoppedAt> {
        let state = self.0.state();
        state.stop.as_ref().map(|stop| stop.at.clone())
    }
}

impl Drop for CodeRuns<'_> {
    fn drop(&mut self) {
        let session = &self.debugger.0;
        let mut state = session.state();
        state.phase = Phase::AtRest;
        state.is_terminating = false;
        drop(state);
        // Whoever wanted the next code to stop did not mean the one after it.
        if self.stops_at_entry {
            session.breakpoints().set_entry(false);
        }
    }
}

impl Drop for Debugger {
    fn drop(&mut self) {
        self.end();
    }
}

impl perilune_language::debug::Debugger for Debugger {
    fn attention(&self) -> &Attention {
        &self.0.attention
    }

    fn is_on(&self) -> bool {
        self.0.is_on()
    }

    fn wishes(&self) -> Arc<Wishes> {
        if self.is_on() {
            self.0.breakpoints().wishes()
        } else {
            Arc::default()
        }
    }

    fn takes_pause(&self) -> bool {
        self.0.pause.swap(false, Ordering::SeqCst)
    }

    fn source_of(&self, cell: &Cell) -> SourceKey {
        if !self.0.runs_a_program() {
            return self.0.sources().cell(cell);
        }
        match Path::new(&cell.name).canonicalize() {
            Ok(path) => path.to_string_lossy().into(),
            Err(_) => cell.name.as_str().into(),
        }
    }

    fn loaded(&self, source: LoadedSource) {
        let session = &self.0;
        let loaded = session.sources().loaded(&source);
        if !self.is_on() {
            return;
        }
        let moved = session.settle(&source.key);
        if !moved.is_empty() {
            session.attention.raise();
        }
        for line in moved {
            session.tell(Event::Breakpoint(BreakpointEvent {
                reason: "changed",
                breakpoint: session.told(&source.key, &line),
                client: None,
            }));
        }
        let reason = match loaded {
            Loaded::New => "new",
            Loaded::Changed => "changed",
            Loaded::Again => return,
        };
        // Code may load more code than anybody wants to hear of.
        if session.told_sources.fetch_add(1, Ordering::Relaxed) >= MOST_SOURCES {
            return;
        }
        let (told, module) = {
            let sources = session.sources();
            (sources.told(&source.key), sources.module(&source.key))
        };
        session.tell(Event::LoadedSource(LoadedSourceEvent {
            reason,
            source: told,
        }));
        if let Some(module) = module {
            session.tell(Event::Module(ModuleEvent { reason, module }));
        }
    }

    fn log(&self, source: &SourceKey, line: u32, text: &str) {
        if !self.is_on() {
            return;
        }
        let end = text.floor_char_boundary(MOST_LOGGED);
        let mut output = text[..end].to_owned();
        if !output.ends_with('\n') {
            output.push('\n');
        }
        let told = self.0.sources().told(source);
        self.0.tell(Event::Output(Output {
            category: "console",
            output,
            source: told,
            line,
        }));
    }

    fn stopped(&self, stop: Stop, paused: &mut dyn Paused) -> Resume {
        self.0.stay(stop, paused)
    }
}

impl fmt::Debug for Debugger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Debugger")
            .field("is_on", &self.0.is_on())
            .field("stopped_at", &self.stopped_at())
            .finish_non_exhaustive()
    }
}
