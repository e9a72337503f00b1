use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use perilune_language::Snapshot;
use perilune_wire::content::CompleteRequest;

use crate::completion;
use crate::context::Context;
use crate::outbox::Item;
use crate::turn::Origin;

/// Completes while code runs, on threads of its own: a snapshot lists folders, and a folder can be
/// huge, or on a disk that does not answer.
///
/// The threads find only what a reply says, and leave it in the outbox. The requests stay here until
/// the I/O thread takes them out to answer them, so each is answered once, also at the end of
/// the kernel when a thread is stuck.
pub(crate) struct Completer {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Job>,
    /// What has had no answer: it waits, or is with a thread, or its reply is in the outbox.
    unanswered: BTreeMap<u64, Origin>,
    newest: u64,
    threads: usize,
}

struct Job {
    number: u64,
    request: CompleteRequest,
    snapshot: Arc<dyn Snapshot>,
}

/// So many may be stuck before the next one has to wait.
pub(crate) const MOST_THREADS: usize = 4;
/// Beyond these the oldest is refused: who typed on wants the newest.
pub(crate) const MOST_WAITING: usize = 8;
/// What reads the code may go deep; only what is used of it costs memory.
const STACK: usize = 8 << 20;

impl Completer {
    pub(crate) fn new() -> Self {
        Self {
            state: Mutex::default(),
        }
    }

    /// Lets a thread complete this request. Returns those that are to be refused now.
    #[must_use = "each request is answered"]
    pub(crate) fn ask(
        &self,
        context: &Arc<Context>,
        origin: Origin,
        request: CompleteRequest,
        snapshot: Arc<dyn Snapshot>,
    ) -> Vec<Origin> {
        let mut state = self.lock();
        state.newest += 1;
        let number = state.newest;
        state.unanswered.insert(number, origin);
        state.waiting.push_back(Job {
            number,
            request,
            snapshot,
        });
        let starts = state.threads < MOST_THREADS;
        if starts {
            state.threads += 1;
        }
        drop(state);
        if starts && let Err(error) = start(context) {
            tracing::error!(%error, "no thread to complete while code runs");
            self.lock().threads -= 1;
        }
        self.surplus()
    }

    /// Takes a request out to answer it; `None` when it has had its answer.
    pub(crate) fn take(&self, number: u64) -> Option<Origin> {
        self.lock().unanswered.remove(&number)
    }

    /// Takes all requests out that have had no answer.
    pub(crate) fn take_all(&self) -> impl Iterator<Item = Origin> {
        let mut state = self.lock();
        state.waiting.clear();
        std::mem::take(&mut state.unanswered).into_values()
    }

    /// Takes out what there is no room for, or no thread.
    fn surplus(&self) -> Vec<Origin> {
        let mut state = self.lock();
        let most = if state.threads == 0 { 0 } else { MOST_WAITING };
        let excess = state.waiting.len().saturating_sub(most);
        let surplus: Vec<_> = state.waiting.drain(..excess).collect();
        surplus
            .into_iter()
            .filter_map(|job| state.unanswered.remove(&job.number))
            .collect()
    }

    /// The next job of a thread, which ends when there is none.
    fn next(&self) -> Option<Job> {
        let mut state = self.lock();
        let job = state.waiting.pop_front();
        if job.is_none() {
            state.threads -= 1;
        }
        job
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn start(context: &Arc<Context>) -> std::io::Result<()> {
    let context = Arc::clone(context);
    std::thread::Builder::new()
        .name("completer".to_owned())
        .stack_size(STACK)
        .spawn(move || work(&context))
        .map(drop)
}

fn work(context: &Context) {
    while let Some(job) = context.completer.next() {
        let Job {
            number,
            request,
            snapshot,
        } = job;
        let complete =
            || completion::reply(&request, |code, cursor| snapshot.complete(code, cursor));
        let reply = catch_unwind(AssertUnwindSafe(complete)).ok();
        if reply.is_none() {
            tracing::error!("a completion made the kernel panic");
        }
        context.outbox.push(Item::Completed { number, reply });
    }
}
