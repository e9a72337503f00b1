use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::clock::SystemClock;
use crate::error::JournalError;
use crate::limits::SharedLimits;
use crate::message::Message;
use crate::record::Sequence;
use crate::store::Store;
use crate::sweep::sweep;

/// What a kernel's journal is.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder it is kept in, which is its alone.
    pub folder: PathBuf,
    /// How much is kept.
    pub limits: SharedLimits,
    /// The folder of all kernels' folders, among which is the one that this journal's folder is in:
    /// of kernels that have ended, journals go that are older than the limit.
    pub kernels: Option<PathBuf>,
}

/// How a journal is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Bytes on disk.
    pub bytes: u64,
    /// The first number that is still there.
    pub first: Sequence,
    /// The last number that was given.
    pub last: Sequence,
    /// Why nothing is written now, if nothing is.
    pub trouble: Option<String>,
}

/// A kernel's way to its journal, from any of its threads. Nobody waits for a disk.
#[derive(Debug, Clone)]
pub struct Recorder {
    commands: Option<Sender<Command>>,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    /// Bytes of messages on their way to the thread.
    on_the_way: AtomicUsize,
    /// Questions on their way.
    questions: AtomicUsize,
    /// Messages that found no room since the last that did.
    lost: AtomicU64,
    summary: Mutex<Summary>,
}

type Question = Box<dyn FnOnce(Result<&Store<SystemClock>, JournalError>) + Send>;

enum Command {
    Keep { lost: u64, message: Message },
    Hide(String),
    Ask(Question),
    End(Sender<()>),
}

impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Keep { .. } => "Keep",
            Self::Hide(_) => "Hide",
            Self::Ask(_) => "Ask",
            Self::End(_) => "End",
        })
    }
}

/// So much may be on its way to the thread. It writes into the system's cache, far faster than Lua
/// prints; so what comes beyond that has met a disk that hangs, and is told as missing.
const MOST_ON_THE_WAY: usize = 32 << 20;
/// What each message counts beside its bytes.
const MESSAGE: usize = 512;
const MOST_QUESTIONS: usize = 64;
/// So much is written at once.
const MOST_AT_ONCE: usize = 1 << 20;
/// When nothing came for so long, what was written is made to last; and what could not be written
/// is tried again.
const QUIET: Duration = Duration::from_secs(1);
/// Also when there is no quiet.
const NO_QUIET: Duration = Duration::from_secs(5);
/// A sweep, or the end of a process that was killed, holds a journal for so long at most.
const MOMENT: Duration = Duration::from_secs(2);
const STEP_ASIDE: Duration = Duration::from_millis(10);
/// How often a journal that rests looks for what is too old.
const REST: Duration = Duration::from_secs(10 * 60);
/// So many requests are remembered whose messages are not kept.
const MOST_HIDDEN: usize = 256;

impl Options {
    fn sweep(&self) {
        if let Some(kernels) = &self.kernels {
            sweep(kernels, self.limits.load().age, &SystemClock::new());
        }
    }
}

impl Recorder {
    /// A journal with these options. Its thread opens it.
    pub fn new(options: Options) -> Self {
        let (commands, received) = channel();
        let shared = Arc::<Shared>::default();
        let writer = Writer {
            shared: Arc::clone(&shared),
            limits: options.limits.clone(),
            hidden: VecDeque::new(),
            batch: Vec::new(),
            batch_bytes: 0,
        };
        let started = thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || writer.run(&options, &received));
        match started {
            Ok(_) => Self {
                commands: Some(commands),
                shared,
            },
            Err(error) => {
                tracing::warn!(%error, "there is no journal: its thread did not start");
                Self::off()
            }
        }
    }

    /// One that keeps nothing.
    pub fn off() -> Self {
        Self {
            commands: None,
            shared: Arc::default(),
        }
    }

    /// Keeps a message that goes to all subscribers, by its frames. Nothing is copied.
    pub fn keep(&self, frames: &[Bytes]) {
        let Some(commands) = &self.commands else {
            return;
        };
        let Some(message) = Message::of_frames(frames) else {
            return;
        };
        let size = MESSAGE + message.size();
        let on_the_way = &self.shared.on_the_way;
        if on_the_way.fetch_add(size, Ordering::Relaxed) > MOST_ON_THE_WAY {
            on_the_way.fetch_sub(size, Ordering::Relaxed);
            self.shared.lost.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let lost = self.shared.lost.swap(0, Ordering::Relaxed);
        // Nobody receives where the journal could not be opened, as the log says.
        let _ = commands.send(Command::Keep { lost, message });
    }

    /// Keeps nothing of what the request of this id will cause.
    pub fn hide(&self, request: String) {
        if let Some(commands) = &self.commands {
            let _ = commands.send(Command::Hide(request));
        }
    }

    /// Lets the journal's thread call this, when it has written all that was kept before. It may
    /// block, and only the journal waits.
    pub fn ask(
        &self,
        question: impl FnOnce(Result<&Store<SystemClock>, JournalError>) + Send + 'static,
    ) {
        let Some(commands) = &self.commands else {
            return question(Err(JournalError::Off));
        };
        let questions = &self.shared.questions;
        if questions.fetch_add(1, Ordering::Relaxed) >= MOST_QUESTIONS {
            questions.fetch_sub(1, Ordering::Relaxed);
            return question(Err(JournalError::Busy));
        }
        if let Err(refused) = commands.send(Command::Ask(Box::new(question)))
            && let Command::Ask(question) = refused.0
        {
            question(Err(JournalError::Off));
        }
    }

    /// How it is; nothing if none is kept.
    pub fn summary(&self) -> Option<Summary> {
        self.commands.as_ref()?;
        Some(self.shared.summary().clone())
    }

    /// Writes what waits and ends, or gives up after that time.
    pub fn end(&self, patience: Duration) {
        let Some(commands) = &self.commands else {
            return;
        };
        let (end, ended) = channel();
        if commands.send(Command::End(end)).is_ok()
            && ended.recv_timeout(patience) == Err(RecvTimeoutError::Timeout)
        {
            tracing::warn!("the kernel ends before its journal is written");
        }
    }
}

impl Shared {
    fn summary(&self) -> MutexGuard<'_, Summary> {
        self.summary.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The journal's thread.
struct Writer {
    shared: Arc<Shared>,
    limits: SharedLimits,
    hidden: VecDeque<String>,
    batch: Vec<(u64, Message)>,
    batch_bytes: usize,
}

impl Writer {
    fn run(mut self, options: &Options, commands: &Receiver<Command>) {
        let Some(mut store) = self.open(options, commands) else {
            return;
        };
        let mut tended = Instant::now();
        let mut ended = None;
        while ended.is_none() {
            let patience = if store.is_unsettled() { QUIET } else { REST };
            let mut next = match commands.recv_timeout(patience) {
                Ok(command) => Some(command),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => break,
            };
            let is_quiet = next.is_none();
            if is_quiet && patience == REST {
                options.sweep();
            }
            while let Some(command) = next {
                match command {
                    Command::Keep { lost, message } => self.keep(lost, message),
                    Command::Hide(request) => self.hide(request),
                    Command::Ask(question) => {
                        self.write(&mut store);
                        self.shared.questions.fetch_sub(1, Ordering::Relaxed);
                        question(Ok(&store));
                    }
                    Command::End(end) => {
                        ended = Some(end);
                        break;
                    }
                }
                if self.batch_bytes > MOST_AT_ONCE {
                    self.write(&mut store);
                }
                next = commands.try_recv().ok();
            }
            self.write(&mut store);
            if is_quiet || tended.elapsed() > NO_QUIET {
                store.tend();
                tended = Instant::now();
            }
            self.report(&store);
        }
        store.tend();
        self.report(&store);
        // Whoever waits for it may have gone.
        let _ = ended.map(|ended| ended.send(()));
    }

    /// Opens the journal, again and again while the system refuses or another process has it, since a
    /// disk may have room later, and a child of a kernel that was killed ends; `None` when there is
    /// none to be.
    fn open(
        &mut self,
        options: &Options,
        commands: &Receiver<Command>,
    ) -> Option<Store<SystemClock>> {
        let moment = Instant::now() + MOMENT;
        loop {
            let error =
                match Store::open(&options.folder, **options.limits.load(), SystemClock::new()) {
                    Ok(store) => return Some(store),
                    // What is to be kept waits meanwhile, and is not lost.
                    Err(JournalError::InUse(_)) if Instant::now() < moment => {
                        thread::sleep(STEP_ASIDE);
                        continue;
                    }
                    Err(error) => error,
                };
            if self.shared.summary().trouble.is_none() {
                tracing::warn!(%error, "the journal cannot be opened");
            }
            self.shared.summary().trouble = Some(error.to_string());
            if matches!(error, JournalError::UnsafeFolder { .. }) {
                return None;
            }
            let again = Instant::now() + NO_QUIET;
            while let Some(left) = again.checked_duration_since(Instant::now()) {
                match commands.recv_timeout(left) {
                    Ok(Command::Keep { lost, message }) => {
                        self.let_go(&message);
                        self.shared.lost.fetch_add(lost + 1, Ordering::Relaxed);
                    }
                    Ok(Command::Hide(request)) => self.hide(request),
                    Ok(Command::Ask(question)) => {
                        self.shared.questions.fetch_sub(1, Ordering::Relaxed);
                        question(Err(JournalError::Off));
                    }
                    Ok(Command::End(end)) => {
                        let _ = end.send(());
                        return None;
                    }
                    Err(RecvTimeoutError::Timeout) => break,
                    Err(RecvTimeoutError::Disconnected) => return None,
                }
            }
        }
    }

    fn keep(&mut self, lost: u64, message: Message) {
        let is_wanted = message.is_worth_keeping()
            && (self.hidden.is_empty()
                || !self
                    .hidden
                    .iter()
                    .any(|hidden| *hidden == message.parent_id()));
        if is_wanted {
            self.batch_bytes += message.size();
            self.batch.push((lost, message));
        } else {
            self.let_go(&message);
            self.shared.lost.fetch_add(lost, Ordering::Relaxed);
        }
    }

    fn hide(&mut self, request: String) {
        if self.hidden.len() >= MOST_HIDDEN {
            self.hidden.pop_front();
        }
        self.hidden.push_back(request);
    }

    fn write(&mut self, store: &mut Store<SystemClock>) {
        if self.batch.is_empty() {
            return;
        }
        for (_, message) in &self.batch {
            self.let_go(message);
        }
        self.batch_bytes = 0;
        store.limit(**self.limits.load());
        store.append(self.batch.drain(..));
    }

    fn let_go(&self, message: &Message) {
        let size = MESSAGE + message.size();
        self.shared.on_the_way.fetch_sub(size, Ordering::Relaxed);
    }

    fn report(&self, store: &Store<SystemClock>) {
        *self.shared.summary() = Summary {
            bytes: store.bytes(),
            first: store.first(),
            last: store.last(),
            trouble: store.trouble().map(str::to_owned),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::Query;
    use crate::store::lock;

    #[test]
    fn what_is_kept_while_somebody_holds_the_journal_for_a_moment_is_not_lost() {
        let folder = tempfile::tempdir().unwrap();
        let held = lock(folder.path()).unwrap();
        let recorder = Recorder::new(Options {
            folder: folder.path().to_owned(),
            limits: SharedLimits::default(),
            kernels: None,
        });
        let frames = ["<IDS|MSG>", "", r#"{"msg_id":"m"}"#, "{}", "{}", "{}"];
        recorder.keep(&frames.map(Bytes::from));
        let (tell, told) = channel();
        recorder.ask(move |store| {
            let page = store.and_then(|store| store.read(Query::default()));
            tell.send(page.map(|page| page.records.len())).unwrap();
        });
        let early = told.recv_timeout(Duration::from_millis(100));
        assert!(matches!(early, Err(RecvTimeoutError::Timeout)), "{early:?}");
        drop(held);
        assert_eq!(told.recv().unwrap().unwrap(), 1);
    }
}
