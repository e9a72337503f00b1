use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use crate::dump::Waiting;
use crate::request::Request;
use crate::status::seconds;
use crate::turn::Origin;

/// A shell request that waits for the executor, or is with it.
pub(crate) struct Task {
    pub(crate) origin: Origin,
    pub(crate) request: Request,
    /// An execute request that must not run any more.
    pub(crate) aborted: bool,
    /// Bytes it holds.
    pub(crate) size: usize,
    /// When it came.
    pub(crate) arrived: Instant,
}

/// What the executor does next.
pub(crate) enum Work {
    /// Answer a request.
    Task(Box<Task>),
    /// Let the debugger look at what the language holds, which goes before what waits.
    Look,
}

/// The shell requests in the order they came.
pub(crate) struct TaskQueue {
    state: Mutex<State>,
    filled: Condvar,
}

struct State {
    tasks: VecDeque<Task>,
    bytes: usize,
    look: bool,
    working: bool,
    ending: bool,
    closed: bool,
}

/// Beyond these, clients are slowed down.
const MOST_TASKS: usize = 10_000;
const MOST_BYTES: usize = 64 << 20;

impl TaskQueue {
    pub(crate) fn new() -> Self {
        Self {
            state: Mutex::new(State {
                tasks: VecDeque::new(),
                bytes: 0,
                look: false,
                working: false,
                ending: false,
                closed: false,
            }),
            filled: Condvar::new(),
        }
    }

    pub(crate) fn push(&self, mut task: Task) {
        let mut state = self.lock();
        task.aborted |= state.ending;
        state.bytes += task.size;
        state.tasks.push_back(task);
        self.filled.notify_one();
    }

    /// Asks for a look. Asking twice before it is taken is asking once.
    pub(crate) fn look(&self) {
        self.lock().look = true;
        self.filled.notify_one();
    }

    /// What to do next; what was done before is done with. `None` when the queue is closed and
    /// empty.
    pub(crate) fn next(&self) -> Option<Work> {
        let mut state = self.lock();
        state.working = false;
        loop {
            if std::mem::take(&mut state.look) {
                state.working = true;
                return Some(Work::Look);
            }
            if let Some(task) = state.tasks.pop_front() {
                state.bytes -= task.size;
                state.working = true;
                return Some(Work::Task(Box::new(task)));
            }
            if state.closed {
                return None;
            }
            state = self
                .filled
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Whether nothing comes for so long; the task before is done with.
    pub(crate) fn rests_for(&self, limit: Duration) -> bool {
        let mut state = self.lock();
        state.working = false;
        let nothing = |state: &mut State| state.tasks.is_empty() && !state.look && !state.closed;
        let (_state, waited) = self
            .filled
            .wait_timeout_while(state, limit, nothing)
            .unwrap_or_else(PoisonError::into_inner);
        waited.timed_out()
    }

    /// Whether the executor has nothing to do.
    pub(crate) fn is_idle(&self) -> bool {
        let state = self.lock();
        !state.working && state.tasks.is_empty()
    }

    /// How many wait, their bytes, and whether the executor works on one.
    pub(crate) fn load(&self) -> (usize, usize, bool) {
        let state = self.lock();
        (state.tasks.len(), state.bytes, state.working)
    }

    /// What waits, in its order, as a dump tells it.
    pub(crate) fn waiting(&self) -> Vec<Waiting> {
        let state = self.lock();
        let waiting = state.tasks.iter().map(|task| Waiting {
            msg_type: task.origin.msg_type.clone(),
            msg_id: task.origin.parent.msg_id(),
            bytes: task.size,
            seconds: seconds(task.arrived.elapsed()),
            aborted: task.aborted,
        });
        waiting.collect()
    }

    /// Whether clients must be slowed down.
    pub(crate) fn is_full(&self) -> bool {
        let state = self.lock();
        state.tasks.len() >= MOST_TASKS || state.bytes >= MOST_BYTES
    }

    /// Whether no more may come by a way on which clients cannot be slowed down.
    pub(crate) fn is_crowded(&self) -> bool {
        let state = self.lock();
        state.tasks.len() >= MOST_TASKS / 10 || state.bytes >= MOST_BYTES / 2
    }

    /// Execute requests that wait now will not run.
    pub(crate) fn abort(&self) {
        for task in &mut self.lock().tasks {
            task.aborted = true;
        }
    }

    /// Execute requests that wait now, or come later, will not run.
    pub(crate) fn end(&self) {
        let mut state = self.lock();
        state.ending = true;
        for task in &mut state.tasks {
            task.aborted = true;
        }
    }

    /// As [`TaskQueue::end`], and the executor ends when all is answered.
    pub(crate) fn close(&self) {
        self.end();
        self.lock().closed = true;
        self.filled.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
