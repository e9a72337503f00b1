use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use perilune_history::Recorder;
use perilune_language::Snapshot;
use perilune_transport::{Frames, Weight};
use perilune_wire::content::{ExecutionState, Object, Status};
use perilune_wire::{Outgoing, Parent, Ports, Session, WireError};
use serde::Serialize;

use crate::comms::Comms;
use crate::completer::Completer;
use crate::knowledge::Knowledge;
use crate::outbox::{Item, Outbox};
use crate::running::Running;
use crate::stdin::Stdin;
use crate::task_queue::TaskQueue;

/// What the threads of one kernel share.
pub(crate) struct Context {
    pub(crate) session: Session,
    pub(crate) outbox: Outbox,
    pub(crate) queue: TaskQueue,
    pub(crate) running: Running,
    pub(crate) stdin: Stdin,
    pub(crate) knowledge: Knowledge,
    pub(crate) ports: Ports,
    pub(crate) history: Recorder,
    pub(crate) completer: Completer,
    foreigners: AtomicBool,
    comms: Mutex<Comms>,
    snapshot: Mutex<Option<Arc<dyn Snapshot>>>,
    code: Mutex<Option<Parent>>,
}

/// The time in which code of a request runs, ended by dropping it.
pub(crate) struct RunningCode<'a>(&'a Context);

impl Drop for RunningCode<'_> {
    fn drop(&mut self) {
        *self.0.code() = None;
    }
}

impl Context {
    pub(crate) fn new(
        session: Session,
        running: Running,
        knowledge: Knowledge,
        ports: Ports,
        history: Recorder,
    ) -> Self {
        Self {
            session,
            outbox: Outbox::new(),
            queue: TaskQueue::new(),
            running,
            stdin: Stdin::new(),
            knowledge,
            ports,
            history,
            completer: Completer::new(),
            foreigners: AtomicBool::new(false),
            comms: Mutex::new(Comms::default()),
            snapshot: Mutex::new(None),
            code: Mutex::new(None),
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

    /// From now on code of the request with this header runs.
    pub(crate) fn begin_code(&self, parent: Parent) -> RunningCode<'_> {
        *self.code() = Some(parent);
        RunningCode(self)
    }

    /// The header of the request whose code runs.
    pub(crate) fn running_code(&self) -> Option<Parent> {
        self.code().clone()
    }

    fn code(&self) -> MutexGuard<'_, Option<Parent>> {
        self.code.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stops what runs, and the question it may be waiting for.
    /// Returns whether anything ran.
    pub(crate) fn interrupt(&self) -> bool {
        self.running.interrupt(|| self.stdin.interrupt())
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
        let topic = format!("kernel.{}.{}", self.session.id(), message.msg_type);
        self.session.frames(vec![Bytes::from(topic)], message)
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
        let (msg_type, parent) = (message.msg_type, message.parent.clone());
        match self.broadcast(message) {
            Ok(frames) => self.outbox.push(Item::Iopub {
                parent,
                frames,
                weight,
            }),
            Err(error) => tracing::error!(msg_type, %error, "a message could not be published"),
        }
    }
}

/// A message with metadata.
pub(crate) fn with_metadata<C>(mut message: Outgoing<C>, metadata: Object) -> Outgoing<C> {
    message.metadata = Some(metadata);
    message
}
