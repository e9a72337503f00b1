//! What the service manager that runs a kernel is told of it.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result};
use chrono::{DateTime, Local};
use perilune_daemon::{Supervisor, Tidings};
use perilune_engine::Vitals;
use perilune_engine::vitals::{Answer, Load, State};

/// The way to tell the service manager what becomes of the kernel.
#[derive(Debug, Clone)]
pub struct Supervision(Sender<Word>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    Ready,
    Reloading,
    Reloaded,
    Stopping,
}

/// How often it is looked whether the status is another.
const STATUS: Duration = Duration::from_secs(5);
/// How long the I/O thread has to answer. It never does anything that takes a tenth of it.
const ANSWER: Duration = Duration::from_secs(2);
/// How often in a row the thread of the language may be found with work that it does not take.
const IDLENESS: u32 = 3;

impl Supervision {
    /// Begins to tell the supervisor how the kernel with these vital signs is. A thread of its own
    /// does, since it asks the I/O thread whether it lives.
    ///
    /// # Errors
    ///
    /// When the system gives no thread.
    pub fn begin(supervisor: Supervisor, vitals: Arc<Vitals>) -> Result<Self> {
        let (sender, words) = channel();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .context("starting the thread for the service manager")?;
        let reporter = Reporter {
            supervisor,
            vitals,
            runtime,
            status: String::new(),
            serves: false,
            idle: 0,
            running: None,
            is_heard: true,
        };
        std::thread::Builder::new()
            .name("supervision".to_owned())
            .stack_size(256 << 10)
            .spawn(move || reporter.report(&words))
            .context("starting the thread for the service manager")?;
        Ok(Self(sender))
    }

    /// The kernel answers.
    pub fn ready(&self) {
        self.say(Word::Ready);
    }

    /// The configuration is read anew.
    pub fn reloading(&self) {
        self.say(Word::Reloading);
    }

    /// The configuration was read anew.
    pub fn reloaded(&self) {
        self.say(Word::Reloaded);
    }

    /// The kernel has begun to end.
    pub fn stopping(&self) {
        self.say(Word::Stopping);
    }

    fn say(&self, word: Word) {
        // The thread ends with the kernel, after which nothing is to be told.
        let _ = self.0.send(word);
    }
}

struct Reporter {
    supervisor: Supervisor,
    vitals: Arc<Vitals>,
    runtime: tokio::runtime::Runtime,
    /// What was told last.
    status: String,
    /// Whether the supervisor knows that the kernel serves: its watchdog runs from then on.
    serves: bool,
    /// How often in a row the language was found idle with work before it.
    idle: u32,
    /// The cell that was found running: how many there were before it, and when it began.
    running: Option<(u64, String)>,
    /// Whether the supervisor heard what was told last.
    is_heard: bool,
}

impl Reporter {
    fn report(mut self, words: &Receiver<Word>) {
        // Twice in each interval, as sd_watchdog_enabled(3) advises.
        let step = self
            .supervisor
            .watchdog()
            .map_or(STATUS, |interval| STATUS.min(interval / 2));
        let mut next = Instant::now() + step;
        loop {
            match words.recv_timeout(next.saturating_duration_since(Instant::now())) {
                Ok(Word::Ready) => {
                    self.serves = true;
                    self.status = self.describe();
                    self.tell_with_status(&[Tidings::Ready]);
                    self.watch();
                }
                Ok(Word::Reloading) => self.tell(&[
                    Tidings::Reloading,
                    Tidings::Status("Reading the configuration"),
                ]),
                Ok(Word::Reloaded) => {
                    self.tell_with_status(&[Tidings::Ready]);
                }
                Ok(Word::Stopping) => {
                    self.tell(&[Tidings::Stopping, Tidings::Status("Ending")]);
                    self.status = self.describe();
                }
                Err(RecvTimeoutError::Timeout) => {
                    next = Instant::now() + step;
                    if self.serves {
                        self.update();
                        self.watch();
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn update(&mut self) {
        let status = self.describe();
        if status != self.status {
            self.status = status;
            self.tell_with_status(&[]);
        }
    }

    /// In words that stay the same while nothing changes; and without code, since a system's
    /// services are everybody's to look at.
    fn describe(&mut self) -> String {
        let reading = self.vitals.read();
        let cells =
            reading.executions.ok + reading.executions.error + reading.executions.interrupted;
        let count = cells;
        let cells = match count {
            1 => "1 cell has run".to_owned(),
            _ => format!("{cells} cells have run"),
        };
        let since = DateTime::<Local>::from(reading.started).format("%F %T");
        match (reading.state, reading.gauges.map(|gauges| gauges.load)) {
            (State::Starting, _) => "Starting".to_owned(),
            (State::Stopping, _) => "Ending".to_owned(),
            (_, Some(Load::Running(time))) => {
                if self
                    .running
                    .as_ref()
                    .is_none_or(|(before, _)| *before != count)
                {
                    let began = DateTime::<Local>::from(SystemTime::now() - time);
                    self.running = Some((count, began.format("%T").to_string()));
                }
                let began = self.running.as_ref().map_or("now", |(_, began)| began);
                format!("Busy: a cell runs since {began}; {cells} since {since}")
            }
            (State::Busy, _) => format!("Busy; {cells} since {since}"),
            (State::Idle, _) => format!("Idle; {cells} since {since}"),
        }
    }

    /// Says that all is well, if it is.
    fn watch(&mut self) {
        let Some(interval) = self.supervisor.watchdog() else {
            return;
        };
        match self.is_alive(ANSWER.min(interval / 4)) {
            Ok(()) => self.tell(&[Tidings::Alive]),
            Err(reason) => tracing::error!(reason, "the watchdog is not told that all is well"),
        }
    }

    /// Whether both threads do their work. A cell may run for as long as it likes.
    fn is_alive(&mut self, limit: Duration) -> Result<(), &'static str> {
        let answer = self.runtime.block_on(self.vitals.io_answers(limit));
        match answer {
            Answer::After(_) => {}
            // The kernel ends, which has its own deadlines and those of the supervisor.
            _ if self.vitals.state() == State::Stopping => return Ok(()),
            Answer::Late | Answer::Never => return Err("the I/O thread does not answer"),
        }
        let gauges = self.vitals.read().gauges;
        self.idle = match gauges.map(|gauges| (gauges.load, gauges.queued)) {
            Some((Load::Waiting, queued)) if queued > 0 => self.idle + 1,
            _ => 0,
        };
        if self.idle >= IDLENESS {
            return Err("the thread of the language does not take what waits for it");
        }
        Ok(())
    }

    fn tell_with_status(&mut self, tidings: &[Tidings]) {
        let status = std::mem::take(&mut self.status);
        self.tell(&[tidings, &[Tidings::Status(&status)]].concat());
        self.status = status;
    }

    fn tell(&mut self, tidings: &[Tidings]) {
        let told = self.supervisor.tell(tidings);
        // Once, not twice in each interval.
        if let (Err(error), true) = (&told, self.is_heard) {
            tracing::warn!(%error, "the service manager does not listen");
        }
        self.is_heard = told.is_ok();
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixDatagram;

    use super::*;

    /// A service manager that listens, and the kernel's side of it.
    fn manager(watchdog: Duration) -> (UnixDatagram, Supervisor, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let socket = UnixDatagram::bind(folder.path().join("notify")).unwrap();
        socket
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        let supervisor = Supervisor::at(socket.local_addr().unwrap(), Some(watchdog));
        (socket, supervisor, folder)
    }

    fn hear(socket: &UnixDatagram) -> Option<String> {
        let mut message = [0; 4096];
        let length = socket.recv(&mut message).ok()?;
        Some(String::from_utf8(message[..length].to_vec()).unwrap())
    }

    #[test]
    fn a_kernel_whose_io_thread_does_not_answer_is_not_said_to_be_well() {
        let watchdog = Duration::from_millis(200);
        let (socket, supervisor, _folder) = manager(watchdog);
        // Of a kernel that does not turn: nobody takes the questions.
        let supervision = Supervision::begin(supervisor, Arc::new(Vitals::new())).unwrap();
        supervision.ready();
        assert!(hear(&socket).unwrap().starts_with("READY=1\n"));
        socket.set_read_timeout(Some(watchdog * 5)).unwrap();
        assert_eq!(hear(&socket), None, "no WATCHDOG=1, for five intervals");
    }

    #[test]
    fn nothing_is_said_of_the_watchdog_before_the_kernel_is_ready() {
        let (socket, supervisor, _folder) = manager(Duration::from_millis(50));
        let supervision = Supervision::begin(supervisor, Arc::new(Vitals::new())).unwrap();
        socket
            .set_read_timeout(Some(Duration::from_millis(300)))
            .unwrap();
        assert_eq!(hear(&socket), None);
        drop(supervision);
    }
}
