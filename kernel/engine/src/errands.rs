use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use perilune_transport::Transport;
use perilune_wire::content::{ErrorContent, LogRequest, Object};
use serde_json::Value;
use tokio::sync::Notify;

use crate::context::Context;
use crate::dump;
use crate::outbox::Item;
use crate::publisher::Publisher;
use crate::steward::{Refusal, Steward};
use crate::turn::Origin;

/// What is asked of the kernel and takes a file or the program around it, so that it is done on a
/// thread of its own. The answer comes back through the outbox.
pub(crate) enum Errand {
    /// Read the configuration anew.
    Reload,
    /// Change how much is logged.
    Log(LogRequest),
    /// Write down what the kernel is at.
    Dump,
}

/// Who wants it.
pub(crate) enum Asker {
    /// A client, who is answered.
    Client(Origin),
    /// A signal, whose answer is in the log.
    Signal(&'static str),
}

/// The errands under way. Each asker stays here until the I/O thread answers, so that each is
/// answered once, also at the end of the kernel when a thread is stuck.
pub(crate) struct Errands {
    steward: Option<Arc<dyn Steward>>,
    dumps: Option<PathBuf>,
    state: Mutex<State>,
    /// For who waits at the end.
    answered: Notify,
    /// One at a time of each kind.
    turns: [Mutex<()>; 3],
}

#[derive(Default)]
struct State {
    unanswered: BTreeMap<u64, (usize, Asker)>,
    newest: u64,
}

/// Beyond so many of one kind, more are refused.
const MOST_OF_A_KIND: usize = 8;

impl Errand {
    fn kind(&self) -> usize {
        match self {
            Self::Reload => 0,
            Self::Log(_) => 1,
            Self::Dump => 2,
        }
    }
}

impl Errands {
    pub(crate) fn new(steward: Option<Arc<dyn Steward>>, dumps: Option<PathBuf>) -> Self {
        Self {
            steward,
            dumps,
            state: Mutex::default(),
            answered: Notify::new(),
            turns: Default::default(),
        }
    }

    /// Tells the steward something, if there is one, and does not wait for it.
    pub(crate) fn tell(&self, news: impl FnOnce(&dyn Steward) + Send + 'static) {
        let Some(steward) = self.steward.clone() else {
            return;
        };
        let spawned = std::thread::Builder::new()
            .name("steward".to_owned())
            .spawn(move || news(&*steward));
        if let Err(error) = spawned {
            tracing::error!(%error, "the program around the kernel was not told how it fares");
        }
    }

    /// Begins an errand. Gives the asker back when there are too many already.
    pub(crate) fn begin(
        &self,
        context: &Arc<Context>,
        errand: Errand,
        asker: Asker,
    ) -> Result<(), Asker> {
        let kind = errand.kind();
        let number = {
            let mut state = self.lock();
            let others = state.unanswered.values();
            if others.filter(|(of, _)| *of == kind).count() >= MOST_OF_A_KIND {
                return Err(asker);
            }
            state.newest += 1;
            let number = state.newest;
            state.unanswered.insert(number, (kind, asker));
            number
        };
        let shared = Arc::clone(context);
        let run = move || {
            let done = {
                let turn = shared.errands.turns[kind].lock();
                let _turn = turn.unwrap_or_else(PoisonError::into_inner);
                catch_unwind(AssertUnwindSafe(|| shared.errands.run(&shared, errand)))
            };
            let answer = done.unwrap_or_else(|_| {
                let message = "the kernel failed on this request; its log says where";
                Err(Refusal::new("KernelError", message))
            });
            shared.outbox.push(Item::Errand { number, answer });
        };
        let spawned = std::thread::Builder::new()
            .name("errand".to_owned())
            .spawn(run);
        spawned.map(drop).or_else(|error| {
            tracing::error!(%error, "no thread for what was asked");
            self.take(number).map_or(Ok(()), Err)
        })
    }

    /// Whether none is under way.
    pub(crate) fn are_done(&self) -> bool {
        self.lock().unanswered.is_empty()
    }

    /// Waits until none is under way.
    pub(crate) async fn done(&self) {
        while !self.are_done() {
            self.answered.notified().await;
        }
    }

    /// Takes out all who have had no answer.
    pub(crate) fn take_all(&self) -> impl Iterator<Item = Asker> {
        let unanswered = std::mem::take(&mut self.lock().unanswered);
        unanswered.into_values().map(|(_, asker)| asker)
    }

    fn take(&self, number: u64) -> Option<Asker> {
        let taken = self.lock().unanswered.remove(&number);
        self.answered.notify_one();
        taken.map(|(_, asker)| asker)
    }

    fn run(&self, context: &Context, errand: Errand) -> Result<Object, Refusal> {
        match errand {
            Errand::Reload => self.ask_steward("read its configuration anew")?.reload(),
            Errand::Log(request) => self
                .ask_steward("change how much it logs")?
                .set_log_level(&request.level),
            Errand::Dump => dump::write(context, self.steward.as_deref(), self.dumps.as_deref()),
        }
    }

    fn ask_steward(&self, what: &str) -> Result<&dyn Steward, Refusal> {
        self.steward.as_deref().ok_or_else(|| {
            let message =
                format!("this kernel cannot {what}: it is a part of a program that looks after it");
            Refusal::new("NotSupported", message)
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Transport> Publisher<'_, T> {
    /// Answers who asked for what is done now.
    pub(crate) fn report(&mut self, number: u64, answer: Result<Object, Refusal>) {
        match self.context().errands.take(number) {
            Some(Asker::Client(origin)) => self.meanwhile(origin, |turn| match answer {
                Ok(content) => turn.reply(ok(content)),
                Err(refusal) => turn.refuse(error(refusal)),
            }),
            Some(Asker::Signal(signal)) => match answer {
                Ok(content) => log_done(signal, &content),
                Err(refusal) => log_refused(signal, &refusal),
            },
            None => {}
        }
    }
}

/// What was done for a signal, in words: what a reply would say. The steward itself tells of each
/// setting that has changed.
fn log_done(signal: &str, content: &Object) {
    let text = |field| content.get(field).and_then(Value::as_str);
    let many = |field| match content.get(field) {
        Some(Value::Array(items)) => items.len(),
        Some(Value::Object(items)) => items.len(),
        _ => 0,
    };
    if let Some(file) = text("file") {
        let bytes = content.get("bytes").and_then(Value::as_u64);
        tracing::info!(signal, file, bytes, "a dump was written");
    } else {
        let (changed, fixed) = (many("changed"), many("fixed"));
        tracing::info!(signal, changed, fixed, "the configuration was read anew");
    }
}

/// Why nothing was done for a signal, each line of it as an event of its own.
fn log_refused(signal: &str, refusal: &Refusal) {
    let mut lines = refusal.message.lines();
    let why = lines.next().unwrap_or_default().trim_end_matches(':');
    tracing::error!(signal, "refused: {why}");
    for line in lines {
        tracing::error!(signal, "{line}");
    }
}

fn ok(content: Object) -> Object {
    let status = ("status".to_owned(), "ok".into());
    [status].into_iter().chain(content).collect()
}

fn error(refusal: Refusal) -> ErrorContent {
    ErrorContent {
        ename: refusal.name.to_owned(),
        evalue: refusal.message,
        traceback: Vec::new(),
    }
}
