use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::entry::{Entry, Found, Session};
use crate::history::History;
use crate::limits::SharedLimits;
use crate::place::Place;
use crate::query::Query;

/// What a kernel's history is.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where it is kept.
    pub place: Place,
    /// How much of it.
    pub limits: SharedLimits,
    /// Whose entries these are.
    pub session: Session,
}

/// A kernel's way to the history, from any of its threads.
///
/// Nothing is opened and no thread runs before the first entry or the first question. Everything
/// happens in the order of the calls; nobody but who asks a question waits.
pub struct Recorder {
    state: Mutex<State>,
    /// Bytes of entries that wait to be written.
    waiting: Arc<AtomicUsize>,
    has_complained: AtomicBool,
}

enum State {
    /// Nothing is remembered, not even in memory; also after the end.
    Off,
    Resting(Options),
    Running(SyncSender<Command>),
}

enum Command {
    Add(Entry),
    Select(Query, Sender<Vec<Found>>),
    End(Sender<()>),
}

/// So many commands may wait, and so much text: a disk that is slower than that loses entries.
const MOST_WAITING: usize = 4_096;
const MOST_BYTES: usize = 16 << 20;
/// An input that is longer is no code that anybody would look for.
const LONGEST_INPUT: usize = 1 << 20;
/// Of an output only so much is kept.
const LONGEST_OUTPUT: usize = 64 << 10;
/// So many entries become one transaction.
const MOST_AT_ONCE: usize = 256;
/// How long who asks waits for an answer.
const PATIENCE: Duration = Duration::from_secs(4);
/// After a write, the next one waits for so long for others to go with it: a transaction for each of
/// many quick cells would cost more than the cells.
const GATHERING: Duration = Duration::from_millis(50);
/// SQLite compares patterns by recursion; the length of patterns is limited to what fits here.
const STACK: usize = 2 << 20;

impl Recorder {
    /// A history with these options.
    pub fn new(options: Options) -> Self {
        Self {
            state: Mutex::new(State::Resting(options)),
            ..Self::off()
        }
    }

    /// Remembers what was run. An input of more than 1 MiB is not, and of an output the first
    /// 64 KiB are.
    pub fn add(&self, mut entry: Entry) {
        if entry.input.len() > LONGEST_INPUT {
            return;
        }
        if let Some(output) = &mut entry.output {
            shorten(output);
        }
        let Some(sender) = self.sender() else {
            return;
        };
        let size = entry.size();
        let waiting = self.waiting.fetch_add(size, Ordering::Relaxed);
        if waiting > MOST_BYTES || sender.try_send(Command::Add(entry)).is_err() {
            self.waiting.fetch_sub(size, Ordering::Relaxed);
            if !self.has_complained.swap(true, Ordering::Relaxed) {
                tracing::warn!("the disk is too slow for the history: entries are lost");
            }
        }
    }

    /// The entries that are wanted, oldest first. Waits for what was added before to be written,
    /// for four seconds at most; nothing is found then.
    pub fn select(&self, query: Query) -> Vec<Found> {
        let Some(sender) = self.sender() else {
            return Vec::new();
        };
        let (answer, answered) = channel();
        if sender.try_send(Command::Select(query, answer)).is_err() {
            return Vec::new();
        }
        match answered.recv_timeout(PATIENCE) {
            Ok(found) => found,
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                tracing::warn!("the history was asked and did not answer in time");
                Vec::new()
            }
        }
    }

    /// Writes what waits and ends, or gives up after that time. From then on nothing is remembered.
    pub fn end(&self, patience: Duration) {
        let State::Running(sender) = std::mem::replace(&mut *self.lock(), State::Off) else {
            return;
        };
        let (end, ended) = channel();
        // With a full queue nobody could promise anything.
        if sender.try_send(Command::End(end)).is_err() || ended.recv_timeout(patience).is_err() {
            tracing::warn!("the kernel ends before its history is written");
        }
    }

    /// One that remembers nothing.
    pub fn off() -> Self {
        Self {
            state: Mutex::new(State::Off),
            waiting: Arc::default(),
            has_complained: AtomicBool::new(false),
        }
    }

    /// The way to the thread, which is started for the first who needs it.
    fn sender(&self) -> Option<SyncSender<Command>> {
        let mut state = self.lock();
        if let State::Running(sender) = &*state {
            return Some(sender.clone());
        }
        let State::Resting(options) = std::mem::replace(&mut *state, State::Off) else {
            return None;
        };
        let (sender, commands) = sync_channel(MOST_WAITING);
        let waiting = Arc::clone(&self.waiting);
        let started = thread::Builder::new()
            .name("history".to_owned())
            .stack_size(STACK)
            .spawn(move || run(History::new(options), &commands, &waiting));
        if let Err(error) = started {
            tracing::warn!(%error, "there is no history: its thread did not start");
            return None;
        }
        *state = State::Running(sender.clone());
        Some(sender)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Does what comes, entries many at once, and trims when nothing does.
fn run(mut history: History, commands: &Receiver<Command>, waiting: &AtomicUsize) {
    let mut entries = Vec::new();
    let mut write_at = Instant::now();
    loop {
        // Nothing is gathered at first: what is run by hand is written at once.
        let next = match commands.recv_timeout(write_at.saturating_duration_since(Instant::now())) {
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return finish(history, entries),
            Ok(command) => Some(command),
        };
        if !entries.is_empty()
            && (entries.len() >= MOST_AT_ONCE || !matches!(next, Some(Command::Add(_))))
        {
            let written = entries.iter().map(Entry::size).sum();
            history.add(std::mem::take(&mut entries));
            write_at = Instant::now() + GATHERING;
            waiting.fetch_sub(written, Ordering::Relaxed);
        }
        let command = match next {
            Some(command) => command,
            None if history.trim() => continue,
            None => match commands.recv() {
                Ok(command) => command,
                Err(_) => return finish(history, entries),
            },
        };
        match command {
            Command::Add(entry) => entries.push(entry),
            Command::Select(query, answer) => {
                // Who asked may have given up.
                let _ = answer.send(history.select(&query));
            }
            Command::End(ended) => {
                finish(history, entries);
                let _ = ended.send(());
                return;
            }
        }
    }
}

fn finish(mut history: History, entries: Vec<Entry>) {
    if !entries.is_empty() {
        history.add(entries);
    }
    history.end();
}

/// Cuts what is too long, between two characters.
fn shorten(output: &mut String) {
    if output.len() > LONGEST_OUTPUT {
        output.truncate(output.floor_char_boundary(LONGEST_OUTPUT));
        output.push('\u{2026}');
    }
}
