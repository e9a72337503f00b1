use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use perilune_history::Recorder;
use perilune_journal::Recorder as Journal;
use perilune_language::Snapshot;
use perilune_transport::{Census, Frames, Weight};
use perilune_wire::content::{ExecutionState, Object, Status};
use perilune_wire::{Outgoing, Parent, Ports, Session, WireError};
use serde::Serialize;

use crate::comms::Comms;
use crate::completer::Completer;
use crate::debugging::Debugging;
use crate::errands::Errands;
use crate::knowledge::Knowledge;
use crate::outbox::{Item, Outbox};
use crate::running::Running;
use crate::stdin::Stdin;
use crate::task_queue::TaskQueue;
use crate::vitals::{self, Gauges, Load, Vitals, Way};

/// What the threads of one kernel share.
pub(crate) struct Context {
    pub(crate) name: Option<String>,
    pub(crate) session: Session,
    pub(crate) outbox: Outbox,
    pub(crate) queue: TaskQueue,
    pub(crate) running: Running,
    pub(crate) stdin: Stdin,
    pub(crate) knowledge: Knowledge,
    pub(crate) ports: Ports,
    pub(crate) history: Recorder,
    pub(crate) journal: Journal,
    pub(crate) completer: Completer,
    pub(crate) errands: Errands,
    pub(crate) debugging: Debugging,
    pub(crate) vitals: Arc<Vitals>,
    pub(crate) census: Arc<dyn Census>,
    foreigners: AtomicBool,
    comms: Mutex<Comms>,
    snapshot: Mutex<Option<Arc<dyn Snapshot>>>,
    code: Mutex<Option<Arc<RunningCode>>>,
}

/// What a context is made of that does not make itself.
pub(crate) struct Parts {
    pub(crate) name: Option<String>,
    pub(crate) session: Session,
    pub(crate) running: Running,
    pub(crate) knowledge: Knowledge,
    pub(crate) ports: Ports,
    pub(crate) history: Recorder,
    pub(crate) journal: Journal,
    pub(crate) errands: Errands,
    pub(crate) debugging: Debugging,
    pub(crate) vitals: Arc<Vitals>,
    pub(crate) census: Arc<dyn Census>,
}

/// A request whose code runs.
#[derive(Debug)]
pub(crate) struct RunningCode {
    pub(crate) parent: Parent,
    /// The cell's number; nothing for a message of a comm.
    pub(crate) execution_count: Option<u64>,
    /// The beginning of the code.
    pub(crate) head: String,
    pub(crate) since: Instant,
}

/// More of a cell than this, in characters, is not kept to tell what runs.
const HEAD: usize = 200;

impl RunningCode {
    /// A cell that runs from now on.
    pub(crate) fn cell(parent: Parent, execution_count: u64, code: &str) -> Self {
        Self {
            parent,
            execution_count: Some(execution_count),
            head: code.chars().take(HEAD).collect(),
            since: Instant::now(),
        }
    }

    /// The handler of a comm's message that runs from now on.
    pub(crate) fn comm(parent: Parent) -> Self {
        Self {
            parent,
            execution_count: None,
            head: String::new(),
            since: Instant::now(),
        }
    }
}

/// The time in which code of a request runs, ended by dropping it.
pub(crate) struct CodeRuns<'a>(&'a Context);

impl Drop for CodeRuns<'_> {
    fn drop(&mut self) {
        *self.0.code() = None;
    }
}

impl Context {
    pub(crate) fn new(parts: Parts) -> Self {
        Self {
            name: parts.name,
            session: parts.session,
            outbox: Outbox::new(),
            queue: TaskQueue::new(),
            running: parts.running,
            stdin: Stdin::new(),
            knowledge: parts.knowledge,
            ports: parts.ports,
            history: parts.history,
            journal: parts.journal,
            completer: Completer::new(),
            errands: parts.errands,
            debugging: parts.debugging,
            vitals: parts.vitals,
            census: parts.census,
            foreigners: AtomicBool::new(false),
            comms: Mutex::new(Comms::default()),
            snapshot: Mutex::new(None),
            code: Mutex::new(None),
        }
    }

    /// What can be told at any time, from any thread.
    pub(crate) fn gauges(&self) -> Gauges {
        let (waiting, bytes, working) = self.queue.load();
        let load = match self.running_code() {
            Some(code) => Load::Running(code.since.elapsed()),
            None if working => Load::Working,
            None => Load::Waiting,
        };
        Gauges {
            queued: waiting,
            queued_bytes: bytes,
            outbox_bytes: self.outbox.bytes(),
            working: working || waiting > 0,
            load,
            comms: self.comms().len(),
            peers: self.census.take(),
        }
    }

    pub(crate) fn comms(&self) -> MutexGuard<'_, Comms> {
        self.comms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The names that there were when the executor had nothing to do; none before its start.
    pub(crate) fn snapshot(&self) -> Option<Arc<dyn Snapshot>> {
        let snapshot = self.snapshot.lock();
        snapshot.unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_snapshot(&self, snapshot: Arc<dyn Snapshot>) {
        let mut current = self.snapshot.lock().unwrap_or_else(PoisonError::into_inner);
        let former = current.replace(snapshot);
        // A large one takes its time to go, in which nobody shall wait for the lock.
        drop(current);
        drop(former);
    }

    /// From now on this code runs.
    pub(crate) fn begin_code(&self, code: RunningCode) -> CodeRuns<'_> {
        *self.code() = Some(Arc::new(code));
        CodeRuns(self)
    }

    /// The request whose code runs.
    pub(crate) fn running_code(&self) -> Option<Arc<RunningCode>> {
        self.code().clone()
    }

    /// Does something, if this code still runs; and it does not end, nor does other code begin, while
    /// that is done.
    pub(crate) fn while_it_runs(&self, code: &Arc<RunningCode>, act: impl FnOnce()) {
        let running = self.code();
        if running.as_ref().is_some_and(|now| Arc::ptr_eq(now, code)) {
            act();
        }
    }

    fn code(&self) -> MutexGuard<'_, Option<Arc<RunningCode>>> {
        self.code.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stops what runs, and the question or the debugger that it may be waiting for.
    /// Returns whether anything ran.
    pub(crate) fn interrupt(&self) -> bool {
        let met = self.running.interrupt(|| {
            self.stdin.interrupt();
            self.debugging.interrupt();
        });
        if met {
            vitals::count(&self.vitals.interrupts);
        }
        met
    }

    /// From now on code that is not ours may write to our descriptors, or run as our child.
    pub(crate) fn expect_foreigners(&self) {
        self.foreigners.store(true, Ordering::Relaxed);
    }

    /// Whether code that is not ours may write to our descriptors, or run as our child.
    pub(crate) fn has_foreigners(&self) -> bool {
        self.foreigners.load(Ordering::Relaxed)
    }

    /// The frames of a message for every subscriber, its topic first.
    pub(crate) fn broadcast<C: Serialize>(
        &self,
        message: Outgoing<C>,
    ) -> Result<Frames, WireError> {
        let msg_type = message.msg_type;
        let topic = format!("kernel.{}.{}", self.session.id(), msg_type);
        let frames = self.session.frames(vec![Bytes::from(topic)], message)?;
        let bytes = frames.iter().map(Bytes::len).sum();
        self.vitals.sent.count(Way::Iopub, msg_type, bytes);
        Ok(frames)
    }

    /// The frames of a status message.
    pub(crate) fn status(
        &self,
        parent: Parent,
        execution_state: ExecutionState,
    ) -> Result<Frames, WireError> {
        self.broadcast(Outgoing::new("status", parent, Status { execution_state }))
    }

    /// Puts a message for every subscriber into the outbox.
    pub(crate) fn publish<C: Serialize>(&self, message: Outgoing<C>, weight: Weight) {
        if let Some(item) = self.publication(message, weight) {
            self.outbox.push(item);
        }
    }

    /// As [`Context::publish`], whether or not there is room.
    pub(crate) fn publish_now<C: Serialize>(&self, message: Outgoing<C>, weight: Weight) {
        if let Some(item) = self.publication(message, weight) {
            self.outbox.push_now(item);
        }
    }

    fn publication<C: Serialize>(&self, message: Outgoing<C>, weight: Weight) -> Option<Item> {
        let (msg_type, parent) = (message.msg_type, message.parent.clone());
        match self.broadcast(message) {
            Ok(frames) => Some(Item::Iopub {
                parent,
                frames,
                weight,
            }),
            Err(error) => {
                tracing::error!(msg_type, %error, "a message could not be published");
                None
            }
        }
    }
}

/// A message with metadata.
pub(crate) fn with_metadata<C>(mut message: Outgoing<C>, metadata: Object) -> Outgoing<C> {
    message.metadata = Some(metadata);
    message
}
