use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use perilune_client::{Client, ClientError, DebuggerNews};
use perilune_transport::Channel;
use serde_json::json;

use crate::embedded::EmbeddedKernel;
use crate::exit::Exit;
use crate::run::Source;
use crate::standard::Kept;
use crate::terminal::Terminal;

use super::command::Command;
use super::editor::{Editor, News};
use super::input::Next;
use super::keyboard::Lines;
use super::plain::Plain;
use super::signals::Signals;

/// How long a kernel has to say how many cells it has run; it may be busy with somebody's cell.
const INTRODUCTION: Duration = Duration::from_millis(500);
/// How long the editor has to leave the terminal as it was.
const TIDYING: Duration = Duration::from_millis(500);

/// Who runs the cells.
pub enum Kernel {
    /// One in this process, which ends with the session.
    Embedded(EmbeddedKernel),
    /// One of its own, and what it is called.
    Existing(Client, String),
}

impl Kernel {
    pub(super) fn client(&self) -> &Client {
        match self {
            Self::Embedded(kernel) => kernel.client(),
            Self::Existing(client, _) => client,
        }
    }
}

/// Where the inputs come from.
#[derive(Debug)]
pub enum Front {
    /// A terminal that can do what terminals can.
    Editor(Editor),
    /// Lines, with a prompt.
    Plain(Plain),
    /// All that standard input holds, run as a cell.
    Whole,
}

/// What the user wants of a session.
#[derive(Debug, Clone, Copy)]
pub struct Wishes {
    /// Say nothing at the beginning and the end.
    pub quiet: bool,
    /// Whether what is run is remembered.
    pub history: bool,
    /// Whether to show what other clients run.
    pub others: bool,
}

/// How a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The user left.
    Left,
    /// A cell failed, of which there was only one.
    Failed,
    /// A cell asked the kernel to end.
    Exited,
    /// The kernel is gone.
    KernelGone,
    /// A cell did not stop, and the user gave it up.
    GivenUp,
    /// SIGTERM.
    Terminated,
    /// SIGHUP.
    HungUp,
}

/// A person at a prompt.
pub struct Session {
    pub(super) kernel: Kernel,
    pub(super) kept: &'static Kept,
    pub(super) terminal: Terminal,
    pub(super) front: Front,
    pub(super) signals: Signals,
    /// How input for cells is read.
    pub(super) answers: Lines,
    pub(super) wishes: Wishes,
    /// The number that the next cell will have.
    pub(super) number: Option<u64>,
    /// What the next input begins with, as a cell wished.
    pub(super) prefill: Option<String>,
    /// What was typed while a cell ran, and has not been used yet.
    pub(super) ahead: String,
    /// The cells that ran here without an error, and are no secret.
    pub(super) ran: Vec<String>,
    /// Whether a debugger has stopped what runs in a kernel of its own.
    pub(super) debugger: DebuggerNews,
}

impl Session {
    /// Gets ready.
    ///
    /// # Errors
    ///
    /// When the operating system does not let us listen for signals.
    pub fn new(
        kernel: Kernel,
        kept: &'static Kept,
        terminal: Terminal,
        front: Front,
        wishes: Wishes,
    ) -> Result<Self> {
        Ok(Self {
            kernel,
            kept,
            terminal,
            front,
            signals: Signals::listen()?,
            answers: Lines::default(),
            wishes,
            number: None,
            prefill: None,
            ahead: String::new(),
            ran: Vec::new(),
            debugger: DebuggerNews::default(),
        })
    }

    /// Reads and runs until the end, ends the kernel if it is ours, and returns the exit code.
    ///
    /// # Errors
    ///
    /// When the terminal cannot be written to, or the kernel does not keep to the protocol.
    pub async fn run(mut self) -> Result<Exit> {
        let end = self.run_until_end().await;
        if matches!(end, Ok(End::Terminated | End::HungUp | End::KernelGone)) {
            self.tidy_up().await;
        }
        let end = end?;
        let is_quiet = self.wishes.quiet || !self.has_person();
        let Self { kernel, kept, .. } = self;
        let code = match kernel {
            Kernel::Embedded(kernel) if end == End::Exited => kernel.ended().await?,
            Kernel::Embedded(kernel) => {
                // The cells have run; how the kernel ends is a matter for its log.
                if let Err(error) = kernel.end().await {
                    tracing::error!("{error:#}");
                }
                0
            }
            Kernel::Existing(_, name) => {
                if end == End::Left && !is_quiet {
                    writeln!(
                        &kept.stderr,
                        "The kernel {name} goes on; `perilune kernel stop {name}` ends it."
                    )?;
                }
                0
            }
        };
        Ok(match end {
            End::Left => Exit::Success,
            End::Exited => Exit::of_script(code),
            End::Failed | End::KernelGone => Exit::Failed,
            End::GivenUp => Exit::Interrupted,
            End::Terminated => Exit::Terminated,
            End::HungUp => Exit::HungUp,
        })
    }

    async fn run_until_end(&mut self) -> Result<End> {
        self.find_stop().await;
        if let Front::Whole = self.front {
            return self.run_whole().await;
        }
        self.introduce().await?;
        loop {
            let input = match self.next_input().await? {
                Next::Input(input) => input,
                Next::Nothing => continue,
                Next::End(end) => return Ok(end),
            };
            let end = if Command::is_one(&input) {
                self.obey(&input).await?
            } else if input.trim().is_empty() {
                None
            } else {
                self.run_cell(&input).await?.end()
            };
            if let Some(end) = end {
                return Ok(end);
            }
        }
    }

    /// Finds out whether a debugger has stopped what runs in the kernel.
    async fn find_stop(&mut self) {
        if let Kernel::Existing(client, _) = &self.kernel {
            // A kernel that does not answer is told of where something is asked of it.
            if let Ok(Some(event)) = client.stopped(INTRODUCTION).await {
                self.debugger.take(event);
            }
        }
    }

    /// Runs what standard input holds, as `perilune run -` does.
    async fn run_whole(&mut self) -> Result<End> {
        let source = Source::read(Path::new("-"))?;
        for cell in source.notebook.code_cells() {
            if cell.source.trim().is_empty() {
                continue;
            }
            let ran = self.run_cell(&cell.source).await?;
            if let Some(end) = ran.end() {
                return Ok(end);
            }
            if ran.has_failed() {
                return Ok(End::Failed);
            }
        }
        Ok(End::Left)
    }

    /// Says who is there, and finds out which number the next cell has.
    async fn introduce(&mut self) -> Result<()> {
        match &self.kernel {
            Kernel::Embedded(_) => {
                self.number = Some(1);
                if !self.wishes.quiet {
                    let version = env!("CARGO_PKG_VERSION");
                    let lua = perilune_lua::INFO.version;
                    self.say(&format!("perilune {version}, Lua {lua} (.help for help)"))?;
                }
            }
            Kernel::Existing(client, name) => {
                // Nothing runs, and the answer has the number of the last cell.
                let nothing = json!({"code": "", "silent": true, "store_history": false});
                let asked = client.ask(Channel::Shell, "execute_request", nothing, INTRODUCTION);
                let reply = asked.await;
                let is_busy = matches!(reply, Err(ClientError::NoReply { .. }));
                let count = reply.ok().and_then(|it| it["execution_count"].as_u64());
                self.number = count.map(|count| count + 1);
                if !self.wishes.quiet {
                    let busy = if is_busy { ", which runs a cell" } else { "" };
                    let line = format!("The kernel {name}{busy} (.help for help)");
                    self.say(&line)?;
                }
            }
        }
        Ok(())
    }

    /// Whether somebody can answer what a cell asks.
    pub(super) fn has_person(&self) -> bool {
        !matches!(self.front, Front::Whole)
    }

    fn say(&self, line: &str) -> io::Result<()> {
        writeln!(&self.kept.stdout, "{line}")
    }

    /// Lets the editor leave the terminal as it was.
    async fn tidy_up(&mut self) {
        if let Front::Editor(editor) = &mut self.front {
            editor.break_off();
            let tidied = async { while let News::Question(_) = editor.next().await {} };
            let _ = tokio::time::timeout(TIDYING, tidied).await;
        }
    }
}
