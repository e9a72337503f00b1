mod attendance;
mod breakpoints;
mod evaluation;
mod events;
mod here;
mod reading;

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use perilune_language::Interrupt;
use perilune_language::debug::{Attention, SourceReader, Thread};
use serde_json::value::RawValue;

use self::evaluation::Evaluation;
use crate::breakpoints::Breakpoints;
use crate::cells::{CellPaths, Dump};
use crate::clients::Clients;
use crate::locations::Locations;
use crate::reply::{Numbers, Responder};
use crate::request::Request;
use crate::snapshot::Snapshot;
use crate::sources::Sources;
use crate::stop_loop::StopState;
use crate::{Options, Outlet};

/// What the threads share that work for one debugger. No lock is held while another is taken,
/// but for [`State`]'s, under which any other may be; and none while the kernel is called.
pub(crate) struct Session {
    state: Mutex<State>,
    /// Wakes the debugger's own thread.
    work: Condvar,
    /// Wakes code's thread, where code has stopped.
    stop: Condvar,
    pub(crate) attention: Attention,
    pub(crate) is_on: AtomicBool,
    pub(crate) pause: AtomicBool,
    breakpoints: Mutex<Breakpoints>,
    sources: Mutex<Sources>,
    pub(crate) cells: CellPaths,
    dump: Mutex<Dump>,
    clients: Mutex<Clients>,
    locations: Mutex<Locations>,
    pub(crate) numbers: Numbers,
    /// Held while an event is published, so that their numbers are in order.
    publishing: Mutex<()>,
    pub(crate) outlet: Arc<dyn Outlet>,
    reader: Arc<dyn SourceReader>,
    pub(crate) interrupt: Interrupt,
    program: Option<String>,
    pub(crate) waiting_bytes: Arc<AtomicUsize>,
    /// Of how many sources clients were told since code began to run.
    pub(crate) told_sources: AtomicUsize,
}

/// What is asked, and what code does.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) phase: Phase,
    /// For the debugger's own thread.
    pub(crate) inbox: VecDeque<Job>,
    /// For code's thread, where code has stopped or is at rest.
    pub(crate) looks: VecDeque<Asked>,
    pub(crate) stop: Option<StopState>,
    /// Whether nobody debugs any more what has stopped, even if somebody does again by now.
    pub(crate) is_released: bool,
    /// Whether somebody has ended what has stopped.
    pub(crate) is_terminating: bool,
    /// What the console evaluates now.
    evaluation: Option<Evaluation>,
    pub(crate) is_ending: bool,
    /// Whether somebody debugged when the kernel ended.
    pub(crate) was_on: bool,
    pub(crate) has_thread: bool,
    pub(crate) snapshot: Snapshot,
    /// As they were when somebody looked.
    pub(crate) threads: Vec<Thread>,
}

/// What code does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    AtRest,
    Running,
    Stopped,
}

/// What the debugger's own thread does next.
#[derive(Debug)]
pub(crate) enum Job {
    /// A request that nobody has read yet.
    Read(Received),
    /// A request whose time it was not.
    Again(Asked),
    /// A client's connection has ended.
    Gone(String),
}

/// A request as it has come.
pub(crate) struct Received {
    pub(crate) client: String,
    pub(crate) command: String,
    pub(crate) arguments: Option<Box<RawValue>>,
    pub(crate) responder: Responder,
    pub(crate) ticket: Ticket,
}

/// A request that was read.
pub(crate) struct Asked {
    pub(crate) client: String,
    pub(crate) request: Request,
    pub(crate) responder: Responder,
    pub(crate) ticket: Ticket,
}

/// The memory that a request takes until it is answered.
pub(crate) struct Ticket {
    bytes: usize,
    all: Arc<AtomicUsize>,
}

impl Session {
    pub(crate) fn new(
        options: Options,
        outlet: Arc<dyn Outlet>,
        reader: Arc<dyn SourceReader>,
    ) -> Self {
        let cells = CellPaths::new();
        Self {
            state: Mutex::new(State {
                phase: Phase::AtRest,
                inbox: VecDeque::new(),
                looks: VecDeque::new(),
                stop: None,
                is_released: false,
                is_terminating: false,
                evaluation: None,
                is_ending: false,
                was_on: false,
                has_thread: false,
                snapshot: Snapshot::default(),
                threads: Vec::new(),
            }),
            work: Condvar::new(),
            stop: Condvar::new(),
            attention: Attention::default(),
            is_on: AtomicBool::new(false),
            pause: AtomicBool::new(false),
            breakpoints: Mutex::default(),
            sources: Mutex::new(Sources::new(cells.clone())),
            dump: Mutex::new(Dump::new(&cells)),
            cells,
            clients: Mutex::default(),
            locations: Mutex::default(),
            numbers: Numbers::default(),
            publishing: Mutex::new(()),
            outlet,
            reader,
            interrupt: options.interrupt,
            program: options.program,
            waiting_bytes: Arc::default(),
            told_sources: AtomicUsize::new(0),
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    pub(crate) fn breakpoints(&self) -> MutexGuard<'_, Breakpoints> {
        lock(&self.breakpoints)
    }

    pub(crate) fn sources(&self) -> MutexGuard<'_, Sources> {
        lock(&self.sources)
    }

    /// May be held while a file is written, so not for code's thread.
    pub(crate) fn dump(&self) -> MutexGuard<'_, Dump> {
        lock(&self.dump)
    }

    pub(crate) fn clients(&self) -> MutexGuard<'_, Clients> {
        lock(&self.clients)
    }

    pub(crate) fn locations(&self) -> MutexGuard<'_, Locations> {
        lock(&self.locations)
    }

    /// Whether all cells are parts of a program.
    pub(crate) fn runs_a_program(&self) -> bool {
        self.program.is_some()
    }

    pub(crate) fn is_on(&self) -> bool {
        self.is_on.load(Ordering::SeqCst)
    }

    /// Gives the debugger's own thread something to do.
    pub(crate) fn wake_worker(&self) {
        self.work.notify_one();
    }

    /// Waits until there is something to do for the debugger's own thread.
    pub(crate) fn wait_for_work<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let woken = self.work.wait(state);
        woken.unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets code that has stopped see what has changed.
    pub(crate) fn wake_stopped(&self) {
        self.stop.notify_all();
    }

    /// Waits where code has stopped.
    pub(crate) fn wait_stopped<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let woken = self.stop.wait(state);
        woken.unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// How many requests wait.
    pub(crate) fn waiting(&self) -> usize {
        self.inbox.len() + self.looks.len()
    }

    /// Gives back to the debugger's own thread what code's thread cannot do any more, before all
    /// that has come later.
    pub(crate) fn return_looks(&mut self) {
        for asked in self.looks.drain(..).rev() {
            self.inbox.push_front(Job::Again(asked));
        }
    }
}

impl Ticket {
    pub(crate) fn new(bytes: usize, all: &Arc<AtomicUsize>) -> Self {
        all.fetch_add(bytes, Ordering::Relaxed);
        Self {
            bytes,
            all: Arc::clone(all),
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.all.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Received")
            .field("client", &self.client)
            .field("command", &self.command)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asked")
            .field("client", &self.client)
            .field("request", &self.request)
            .finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
