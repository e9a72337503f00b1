//! The line editor, on a thread of its own, since it waits for keys.

mod colours;
mod completions;
mod entry;
mod keys;
mod lent;
mod prompt;
mod recall;

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nix::sys::signal::{self, Signal as Posix};
use nix::unistd::Pid;
use nu_ansi_term::{Color, Style};
use reedline::{DefaultHinter, EditCommand, ExternalPrinter, Reedline, ReedlineMenu, Signal};
use signal_hook::consts::SIGCONT;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

pub use self::recall::Recall;

use self::colours::Colours;
use self::completions::Completions;
use self::entry::{Entry, Moment};
use self::lent::Lent;
use self::prompt::Numbered;

/// What somebody typed.
#[derive(Debug, PartialEq, Eq)]
pub enum Typed {
    /// A whole input: a cell, or a command of ours.
    Input(String),
    /// Ctrl-C: what was being typed shall be forgotten.
    Nothing,
    /// Ctrl-D: enough.
    End,
    /// The terminal cannot be used any more.
    Gone(String),
}

/// What the editor says to the session.
#[derive(Debug)]
pub enum News {
    /// An input has been typed.
    Typed(Typed),
    /// The kernel is asked, and the answer is waited for.
    Question(Query),
}

/// What the editor wants to know of the kernel.
#[derive(Debug)]
pub enum Query {
    /// Whether the code could be run.
    IsComplete {
        /// The code.
        code: String,
        /// Where the answer goes.
        answer: mpsc::Sender<Completeness>,
    },
    /// What could stand at a place.
    Complete {
        /// The code.
        code: String,
        /// The place, in code points.
        cursor: usize,
        /// Where the answer goes.
        answer: mpsc::Sender<Candidates>,
    },
}

/// The content of `is_complete_reply`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Completeness {
    /// It can be run, or never will be; running it says why.
    Complete,
    /// Another line has to follow, which begins with this.
    Incomplete(String),
    /// Nobody knows.
    Unknown,
}

/// The content of `complete_reply`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Candidates {
    /// What the candidates replace, in code points.
    pub start: usize,
    /// One past the last code point.
    pub end: usize,
    /// Each candidate and what it is.
    pub matches: Vec<(String, String)>,
}

/// What the user wants of the editor.
#[derive(Debug, Clone, Copy)]
pub struct Looks {
    /// Whether anything is coloured.
    pub colours: bool,
    /// Whether the history suggests how to go on.
    pub hints: bool,
}

/// How often the editor looks whether anything else than a key has come.
const GLANCE: Duration = Duration::from_millis(50);
/// After this time of one's own, nobody has suspended us.
const UNSUSPENDED: Duration = Duration::from_millis(500);
/// So many lines may wait to be shown above the prompt.
const MOST_LINES: usize = 4096;

/// A prompt.
#[derive(Debug)]
struct Wanted {
    number: Option<u64>,
    prefill: Option<String>,
}

/// The session's end of the editor.
#[derive(Debug)]
pub struct Editor {
    prompts: mpsc::Sender<Wanted>,
    news: UnboundedReceiver<News>,
    printer: mpsc::SyncSender<String>,
    broken_off: Arc<AtomicBool>,
}

impl Editor {
    /// Starts the editor's thread, which shows nothing yet.
    ///
    /// # Errors
    ///
    /// When the operating system has no thread left.
    pub fn start(terminal: &'static File, recall: Recall, looks: Looks) -> Result<Self> {
        let (prompts, wanted) = mpsc::channel();
        let (sender, news) = unbounded_channel();
        let printer = ExternalPrinter::new(MOST_LINES);
        let lines = printer.sender();
        let broken_off = Arc::new(AtomicBool::new(false));
        let signal = Arc::clone(&broken_off);
        let work = move || {
            let reedline = reedline(&sender, recall, looks)
                .with_external_printer(printer)
                .with_break_signal(signal)
                .with_poll_interval(GLANCE);
            edit(reedline, terminal, looks, &wanted, &sender);
        };
        thread::Builder::new()
            .name("editor".to_owned())
            .spawn(work)
            .context("starting the line editor's thread")?;
        Ok(Self {
            prompts,
            news,
            printer: lines,
            broken_off,
        })
    }

    /// Shows a prompt with the number that the next cell will have, if it is known, and something
    /// that stands there already. What is typed comes as [`News::Typed`].
    pub fn prompt(&self, number: Option<u64>, prefill: Option<String>) {
        // A thread that has ended has said so.
        let _ = self.prompts.send(Wanted { number, prefill });
    }

    /// The next news. Cancel safe.
    pub async fn next(&mut self) -> News {
        self.news
            .recv()
            .await
            .unwrap_or_else(|| News::Typed(Typed::Gone("the line editor has ended".to_owned())))
    }

    /// Shows lines above the prompt. Those are left out that a terminal is too slow for.
    pub fn print_above(&self, lines: &str) {
        let _ = self.printer.try_send(lines.to_owned());
    }

    /// Takes the prompt away, whatever stands there. [`News::Typed`] tells when it is done.
    pub fn break_off(&self) {
        self.broken_off.store(true, Ordering::Relaxed);
    }
}

fn reedline(sender: &UnboundedSender<News>, recall: Recall, looks: Looks) -> Reedline {
    let entry = Entry::new(sender.clone());
    let mut reedline = Reedline::create()
        .with_ansi_colors(looks.colours)
        .use_bracketed_paste(true)
        .with_history(Box::new(recall))
        .with_history_exclusion_prefix(Some(" ".to_owned()))
        .with_validator(Box::new(entry.clone()))
        .with_completer(Box::new(Completions::new(sender.clone())))
        .with_quick_completions(true)
        .with_partial_completions(true)
        .with_highlighter(Box::new(Colours))
        .with_menu(ReedlineMenu::EngineCompleter(completions::menu()))
        .with_edit_mode(keys::edit_mode());
    for moment in Moment::ALL {
        reedline = reedline.with_menu(entry.at(moment));
    }
    if looks.hints && looks.colours {
        let style = Style::new().fg(Color::DarkGray);
        let hinter = DefaultHinter::default().with_style(style).with_min_chars(2);
        reedline = reedline.with_hinter(Box::new(hinter));
    }
    reedline
}

/// Reads an input for each prompt that is wanted.
fn edit(
    mut reedline: Reedline,
    terminal: &File,
    looks: Looks,
    wanted: &mpsc::Receiver<Wanted>,
    sender: &UnboundedSender<News>,
) {
    let continued = Arc::new(AtomicBool::new(false));
    if let Err(error) = signal_hook::flag::register(SIGCONT, Arc::clone(&continued)) {
        tracing::error!(%error, "Ctrl-Z will not suspend");
    }
    while let Ok(Wanted { number, prefill }) = wanted.recv() {
        if let Some(text) = prefill {
            reedline.run_edit_commands(&[EditCommand::InsertString(text)]);
        }
        let prompt = Numbered::new(number, looks.colours);
        let typed = read(&mut reedline, &prompt, terminal, &continued)
            .unwrap_or_else(|error| Typed::Gone(error.to_string()));
        if sender.send(News::Typed(typed)).is_err() {
            return;
        }
    }
}

fn read(
    reedline: &mut Reedline,
    prompt: &Numbered,
    terminal: &File,
    continued: &AtomicBool,
) -> io::Result<Typed> {
    loop {
        let lent = Lent::of(terminal)?;
        let signal = reedline.read_line(prompt)?;
        drop(lent);
        return Ok(match signal {
            Signal::Success(input) => Typed::Input(input),
            Signal::CtrlD => Typed::End,
            Signal::HostCommand(command) if command == keys::SUSPEND => {
                suspend(continued)?;
                continue;
            }
            _ => Typed::Nothing,
        });
    }
}

/// Stops the whole job, as a terminal does it for who has not taken its keys, and returns when it
/// goes on.
fn suspend(continued: &AtomicBool) -> io::Result<()> {
    continued.store(false, Ordering::Relaxed);
    signal::kill(Pid::from_raw(0), Posix::SIGTSTP)?;
    // Any thread may take the signal, in its own time; and where there is no job control, none does.
    let began = Instant::now();
    while !continued.load(Ordering::Relaxed) && began.elapsed() < UNSUSPENDED {
        thread::sleep(GLANCE / 10);
    }
    Ok(())
}
