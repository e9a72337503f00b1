use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context, Result};
use perilune_client::event::Event;
use perilune_client::{Client, ClientError, Notice};
use perilune_transport::Channel;
use serde_json::{Value, json};

use crate::atomic_file::{self, Access};
use crate::embedded::EmbeddedKernel;
use crate::exit::Exit;
use crate::run::Source;
use crate::standard::Kept;
use crate::terminal::Terminal;

use super::command::{self, Command};
use super::editor::{Candidates, Completeness, Editor, News, Query, Typed};
use super::keyboard::{Ahead, Lines};
use super::plain::{self, Plain};
use super::signals::{Asked, Signals};

/// How long a person waits for a menu, or for Enter, before it goes without the kernel.
const PATIENCE: Duration = Duration::from_millis(400);
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

/// What comes of waiting for an input.
enum Next {
    Input(String),
    /// Nothing was typed that matters.
    Nothing,
    End(End),
}

/// A person at a prompt.
pub struct Session {
    pub(super) kernel: Kernel,
    pub(super) kept: &'static Kept,
    pub(super) terminal: Terminal,
    front: Front,
    pub(super) signals: Signals,
    /// How input for cells is read.
    pub(super) answers: Lines,
    pub(super) wishes: Wishes,
    /// The number that the next cell will have.
    pub(super) number: Option<u64>,
    /// What the next input begins with, as a cell wished.
    pub(super) prefill: Option<String>,
    /// What was typed while a cell ran, and has not been used yet.
    ahead: String,
    /// The cells that ran here without an error, and are no secret.
    pub(super) ran: Vec<String>,
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

    async fn next_input(&mut self) -> Result<Next> {
        match self.front {
            Front::Editor(_) => self.edited().await,
            Front::Plain(_) => self.plain().await,
            Front::Whole => Ok(Next::End(End::Left)),
        }
    }

    /// What was typed while a cell ran, as if it were typed now.
    async fn typed_ahead(&mut self) -> Result<Option<Next>> {
        let mut ends = false;
        while let Some(ahead) = Ahead::next() {
            match ahead {
                Ahead::Text(text) => self.ahead.push_str(&text),
                Ahead::End => {
                    ends = true;
                    break;
                }
            }
        }
        let mut input = String::new();
        while let Some(end) = self.ahead.find('\n') {
            let line: String = self.ahead.drain(..=end).collect();
            let prompt = plain::prompt(self.number, !input.is_empty());
            write!(&self.kept.stdout, "{prompt}{line}")?;
            input.push_str(&line);
            let code = input.trim_end();
            let is_whole = Command::is_one(code)
                || is_complete(self.kernel.client(), code).await == Completeness::Complete;
            if is_whole {
                return Ok(Some(Next::Input(code.to_owned())));
            }
        }
        // What is not whole is typed on.
        input.push_str(&std::mem::take(&mut self.ahead));
        if ends && input.is_empty() {
            return Ok(Some(Next::End(End::Left)));
        }
        if !input.is_empty() {
            self.prefill = Some(self.prefill.take().unwrap_or_default() + &input);
        }
        Ok(None)
    }

    /// Reads an input with the editor, and meanwhile hears whatever comes.
    async fn edited(&mut self) -> Result<Next> {
        if let Some(next) = self.typed_ahead().await? {
            return Ok(next);
        }
        let Front::Editor(editor) = &mut self.front else {
            return Ok(Next::Nothing);
        };
        editor.prompt(self.number, self.prefill.take());
        let client = self.kernel.client();
        let mut above = Above::new(self.wishes.others, client.session());
        let mut gone = None;
        loop {
            tokio::select! {
                biased;
                asked = self.signals.next() => match asked {
                    // Somebody sent it; the terminal's own Ctrl-C is a key.
                    Asked::Interrupt => {}
                    Asked::Terminate => return Ok(Next::End(End::Terminated)),
                    Asked::HangUp => return Ok(Next::End(End::HungUp)),
                },
                news = editor.next() => match news {
                    News::Question(query) => answer(client, query).await,
                    News::Typed(Typed::Input(input)) if gone.is_none() => {
                        return Ok(Next::Input(input));
                    }
                    News::Typed(Typed::Nothing) if gone.is_none() => return Ok(Next::Nothing),
                    News::Typed(Typed::End) if gone.is_none() => return Ok(Next::End(End::Left)),
                    News::Typed(Typed::Gone(why)) => {
                        tracing::error!("the terminal cannot be used any more: {why}");
                        return Ok(Next::End(End::HungUp));
                    }
                    News::Typed(_) => {
                        let why = gone.unwrap_or_default();
                        self.terminal.say(&format!("perilune: {why}"))?;
                        return Ok(Next::End(End::KernelGone));
                    }
                },
                notice = client.next(), if gone.is_none() => match notice {
                    Some(Ok(notice)) => {
                        if let Some(lines) = above.of(notice) {
                            editor.print_above(&lines);
                        }
                    }
                    Some(Err(error @ (ClientError::Message(_) | ClientError::NoReply { .. }))) => {
                        tracing::error!("{error}");
                    }
                    Some(Err(error)) => {
                        gone = Some(error.to_string());
                        editor.break_off();
                    }
                    None => {
                        gone = Some("the kernel has ended".to_owned());
                        editor.break_off();
                    }
                },
            }
        }
    }

    /// Reads an input line by line.
    async fn plain(&mut self) -> Result<Next> {
        let Front::Plain(plain) = &mut self.front else {
            return Ok(Next::Nothing);
        };
        let client = self.kernel.client();
        let mut input = String::new();
        plain.prompt(self.number, false)?;
        loop {
            tokio::select! {
                biased;
                asked = self.signals.next() => match asked {
                    Asked::Interrupt => {
                        plain.write("\n")?;
                        return Ok(Next::Nothing);
                    }
                    Asked::Terminate => return Ok(Next::End(End::Terminated)),
                    Asked::HangUp => return Ok(Next::End(End::HungUp)),
                },
                line = plain.lines.next() => match line? {
                    None => {
                        plain.write("\n")?;
                        return Ok(Next::End(End::Left));
                    }
                    Some(line) => {
                        let ends = line.trim().is_empty();
                        input.push_str(&line);
                        if Command::is_one(&input) || ends {
                            return Ok(Next::Input(input));
                        }
                        match is_complete(client, &input).await {
                            Completeness::Complete => return Ok(Next::Input(input)),
                            Completeness::Unknown if !input.contains('\n') => {
                                return Ok(Next::Input(input));
                            }
                            Completeness::Unknown | Completeness::Incomplete(_) => {}
                        }
                        input.push('\n');
                        plain.prompt(self.number, true)?;
                    }
                },
                notice = client.next() => match notice {
                    Some(Ok(_)) => {}
                    Some(Err(error @ (ClientError::Message(_) | ClientError::NoReply { .. }))) => {
                        tracing::error!("{error}");
                    }
                    Some(Err(error)) => {
                        plain.write("\n")?;
                        self.terminal.say(&format!("perilune: {error}"))?;
                        return Ok(Next::End(End::KernelGone));
                    }
                    None => {
                        plain.write("\n")?;
                        self.terminal.say("perilune: the kernel has ended")?;
                        return Ok(Next::End(End::KernelGone));
                    }
                },
            }
        }
    }

    /// Lets the editor leave the terminal as it was.
    async fn tidy_up(&mut self) {
        if let Front::Editor(editor) = &mut self.front {
            editor.break_off();
            let tidied = async { while let News::Question(_) = editor.next().await {} };
            let _ = tokio::time::timeout(TIDYING, tidied).await;
        }
    }

    /// Does what a line that begins with a dot asks for.
    async fn obey(&mut self, input: &str) -> Result<Option<End>> {
        let command = match Command::read(input) {
            Ok(command) => command,
            Err(wrong) => {
                self.terminal.say(&format!("perilune: {wrong}"))?;
                return Ok(None);
            }
        };
        match command {
            Command::Help => write!(&self.kept.stdout, "{}", command::HELP)?,
            Command::Exit => return Ok(Some(End::Left)),
            Command::Clear => write!(&self.kept.stdout, "\x1b[H\x1b[2J")?,
            Command::Vars => return Ok(self.run_aside("%whos").await?.end()),
            Command::Save { file, replaces } => {
                let said = match self.save(&file, replaces) {
                    Ok(cells) => format!("{cells} written to {}", file.display()),
                    Err(error) => format!("perilune: {error:#}"),
                };
                self.terminal.say(&said)?;
            }
            Command::Load(file) => return self.load(&file).await,
        }
        Ok(None)
    }

    /// Writes the cells that ran as a script. Returns how many.
    fn save(&self, file: &Path, replaces: bool) -> Result<String> {
        let mut script = String::new();
        for cell in &self.ran {
            if !script.is_empty() {
                script.push('\n');
            }
            script.push_str("-- %%\n");
            script.push_str(cell.trim_end());
            script.push('\n');
        }
        if replaces {
            atomic_file::replace(file, script.as_bytes(), Access::Shared)
                .with_context(|| format!("writing {}", file.display()))?;
        } else {
            let written = atomic_file::create(file, script.as_bytes(), Access::Shared);
            written.map_err(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => anyhow::anyhow!(
                    "{} is there already; .save! {} replaces it",
                    file.display(),
                    file.display()
                ),
                _ => anyhow::Error::from(error).context(format!("writing {}", file.display())),
            })?;
        }
        Ok(match self.ran.len() {
            1 => "1 cell".to_owned(),
            cells => format!("{cells} cells"),
        })
    }

    /// Runs a script as one cell, or the cells of a notebook until one fails.
    async fn load(&mut self, file: &Path) -> Result<Option<End>> {
        let found = fs::metadata(file).map(|it| it.is_dir());
        let source = match found {
            Ok(true) => Err(anyhow::anyhow!("{} is a folder", file.display())),
            _ => Source::read(file),
        };
        let source = match source {
            Ok(source) => source,
            Err(error) => {
                self.terminal.say(&format!("perilune: {error:#}"))?;
                return Ok(None);
            }
        };
        for cell in source.notebook.code_cells() {
            if cell.source.trim().is_empty() {
                continue;
            }
            let ran = self.run_cell(&cell.source).await?;
            if let Some(end) = ran.end() {
                return Ok(Some(end));
            }
            if ran.has_failed() && !cell.may_fail {
                break;
            }
        }
        Ok(None)
    }
}

/// Answers the editor, which may have given up waiting.
async fn answer(client: &Client, query: Query) {
    match query {
        Query::IsComplete { code, answer } => {
            tell(&answer, is_complete(client, &code).await);
        }
        Query::Complete {
            code,
            cursor,
            answer,
        } => {
            let reply = client.complete(&code, cursor, PATIENCE).await;
            tell(&answer, candidates(&reply.unwrap_or_default()));
        }
    }
}

fn tell<T>(answer: &mpsc::Sender<T>, it: T) {
    let _ = answer.send(it);
}

async fn is_complete(client: &Client, code: &str) -> Completeness {
    let Ok(reply) = client.is_complete(code, PATIENCE).await else {
        return Completeness::Unknown;
    };
    match reply["status"].as_str() {
        Some("complete" | "invalid") => Completeness::Complete,
        Some("incomplete") => {
            Completeness::Incomplete(reply["indent"].as_str().unwrap_or_default().to_owned())
        }
        _ => Completeness::Unknown,
    }
}

/// Reads `complete_reply`.
fn candidates(reply: &Value) -> Candidates {
    let place = |name: &str| {
        let place = reply[name].as_u64().unwrap_or_default();
        usize::try_from(place).unwrap_or_default()
    };
    let types = &reply["metadata"]["_jupyter_types_experimental"];
    let kind = |index: usize| types[index]["type"].as_str().unwrap_or_default().to_owned();
    let texts = reply["matches"].as_array().into_iter().flatten();
    Candidates {
        start: place("cursor_start"),
        end: place("cursor_end"),
        matches: texts
            .enumerate()
            .filter_map(|(index, text)| Some((text.as_str()?.to_owned(), kind(index))))
            .collect(),
    }
}

/// What is shown above a prompt while nothing of ours runs.
struct Above<'a> {
    others: bool,
    /// Our own session: what it causes now was written in the background.
    ours: &'a str,
}

impl<'a> Above<'a> {
    fn new(others: bool, ours: &'a str) -> Self {
        Self { others, ours }
    }

    fn of(&mut self, notice: Notice) -> Option<String> {
        let (request, event) = match notice {
            Notice::Event(request, event) => (request, event),
            Notice::Silent(since) => {
                return Some(format!(
                    "perilune: the kernel has not answered for {} s",
                    since.as_secs()
                ));
            }
            Notice::Awake => return Some("perilune: the kernel answers again".to_owned()),
            _ => return None,
        };
        if !self.others && !request.starts_with(self.ours) {
            return None;
        }
        let text = match event {
            Event::Started(input) => format!("[{}] {}", input.execution_count, input.code),
            Event::Stream(stream) => stream.text,
            Event::Display(display) => display.data.get("text/plain")?.as_str()?.to_owned(),
            Event::Result(result) => result.data.get("text/plain")?.as_str()?.to_owned(),
            Event::Error(error) => error.traceback.join("\n"),
            Event::Update(_) | Event::Clear { .. } => return None,
        };
        (!text.is_empty()).then_some(text)
    }
}
