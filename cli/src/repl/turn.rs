use std::time::Duration;

use anyhow::Result;
use perilune_client::event::{CellError, Event};
use perilune_client::{ClientError, Notice, Question};
use perilune_lua::is_private;
use perilune_transport::Channel;
use serde_json::json;
use tokio::time::Instant;

use crate::terminal::Hidden;

use super::session::{End, Kernel, Session};
use super::signals::Asked;

/// What became of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ran {
    Ok,
    Failed,
    /// Nothing more can be run.
    Over(End),
}

impl Ran {
    /// Whether that was the session's end.
    pub(super) fn end(self) -> Option<End> {
        match self {
            Self::Over(end) => Some(end),
            Self::Ok | Self::Failed => None,
        }
    }

    pub(super) fn has_failed(self) -> bool {
        self == Self::Failed
    }
}

/// What is under way for the cell that runs.
struct Turn {
    request: String,
    replied: bool,
    idle: bool,
    failed: bool,
    /// Whether the kernel did not run it, because of another cell.
    aborted: bool,
    /// Whether it wants the kernel to end.
    exits: bool,
    /// What has been done to stop it.
    stopping: Stopping,
    question: Option<(Question, Option<Hidden>)>,
}

/// How far the stopping of a cell has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stopping {
    /// Nobody wants it to stop.
    No,
    /// It was interrupted, and has until then to stop.
    Until(Instant),
    /// It does not stop, and the user was told how to go without it.
    Offered,
}

/// How long an interrupted cell has, before the user is told how to go without it.
const GRACE: Duration = Duration::from_secs(2);

impl Session {
    /// Runs a cell, and shows what it does.
    pub(super) async fn run_cell(&mut self, code: &str) -> Result<Ran> {
        // As in a shell: what begins with a space is nobody's business.
        let is_secret = code.starts_with(' ') || is_private(code);
        // A kernel of our own that shall keep no history has none to keep.
        let keeps = self.wishes.history || matches!(self.kernel, Kernel::Embedded(_));
        let remembers = keeps && !code.starts_with(' ');
        let ran = self.run_request(code, remembers).await?;
        if ran == Ran::Ok && !is_secret {
            self.ran.push(code.to_owned());
        }
        Ok(ran)
    }

    /// Runs something that is no cell of the user's.
    pub(super) async fn run_aside(&mut self, code: &str) -> Result<Ran> {
        self.run_request(code, false).await
    }

    async fn run_request(&mut self, code: &str, remembers: bool) -> Result<Ran> {
        if let Some(event) = self.debugger.begin() {
            self.terminal.say(&format!("perilune: {event}"))?;
        }
        self.terminal.cell_begins()?;
        let content = json!({
            "code": code,
            "silent": false,
            "store_history": remembers,
            "user_expressions": {},
            "allow_stdin": true,
            "stop_on_error": true,
        });
        let send = |session: &Self| {
            let client = session.kernel.client();
            client.request(Channel::Shell, "execute_request", &content)
        };
        let mut turn = Turn {
            request: send(self)?,
            replied: false,
            idle: false,
            failed: false,
            aborted: false,
            exits: false,
            stopping: Stopping::No,
            question: None,
        };
        let mut ran = self.see_through(&mut turn).await?;
        // It waited behind a cell of somebody else's that failed, which is nothing to it.
        while turn.aborted && turn.stopping == Stopping::No && ran.end().is_none() {
            turn.request = send(self)?;
            (turn.replied, turn.idle, turn.aborted) = (false, false, false);
            ran = self.see_through(&mut turn).await?;
        }
        if turn.aborted && ran.end().is_none() {
            self.terminal.event(&Event::Error(not_run()))?;
            ran = Ran::Failed;
        }
        self.terminal.cell_ends()?;
        self.terminal.ends()?;
        Ok(ran)
    }

    async fn see_through(&mut self, turn: &mut Turn) -> Result<Ran> {
        while !(turn.replied && turn.idle) {
            let client = self.kernel.client();
            tokio::select! {
                // A cell that never stops writing is stopped all the same.
                biased;
                asked = self.signals.next() => match asked {
                    Asked::Interrupt => {
                        if let Some(end) = self.interrupt(turn)? {
                            return Ok(Ran::Over(end));
                        }
                    }
                    Asked::Terminate => return Ok(Ran::Over(End::Terminated)),
                    Asked::HangUp => return Ok(Ran::Over(End::HungUp)),
                },
                () = until(turn.stopping) => self.offer(turn)?,
                notice = client.next() => match notice {
                    Some(Ok(notice)) => self.take(notice, turn)?,
                    Some(Err(error @ (ClientError::Message(_) | ClientError::NoReply { .. }))) => {
                        tracing::error!("{error}");
                    }
                    Some(Err(error)) => {
                        self.terminal.say(&format!("perilune: {error}"))?;
                        return Ok(Ran::Over(End::KernelGone));
                    }
                    None if turn.exits || matches!(self.kernel, Kernel::Embedded(_)) => {
                        return Ok(Ran::Over(End::Exited));
                    }
                    None => {
                        self.terminal.say("perilune: the kernel has ended")?;
                        return Ok(Ran::Over(End::KernelGone));
                    }
                },
                line = self.answers.next(), if turn.question.is_some() => {
                    if let Some((question, _)) = turn.question.take() {
                        self.terminal.answered();
                        client.answer(&question, line?)?;
                    }
                }
            }
        }
        Ok(match turn {
            Turn { exits: true, .. } => Ran::Over(End::Exited),
            Turn { failed: true, .. } => Ran::Failed,
            _ => Ran::Ok,
        })
    }

    /// Stops the cell. Who presses Ctrl-C again does not want to wait, and is told how to go without
    /// the cell; whoever was told and presses it, goes.
    fn interrupt(&mut self, turn: &mut Turn) -> Result<Option<End>> {
        self.terminal.interrupted();
        match turn.stopping {
            Stopping::No => {
                self.kernel.client().interrupt()?;
                turn.stopping = Stopping::Until(Instant::now() + GRACE);
            }
            Stopping::Until(_) => self.offer(turn)?,
            Stopping::Offered => return Ok(Some(End::GivenUp)),
        }
        Ok(None)
    }

    fn offer(&mut self, turn: &mut Turn) -> Result<()> {
        turn.stopping = Stopping::Offered;
        let what = match self.kernel {
            Kernel::Embedded(_) => "ends kernel and session",
            Kernel::Existing(..) => "leaves it running",
        };
        let line = format!("perilune: the cell has not stopped yet; Ctrl-C again {what}");
        Ok(self.terminal.say(&line)?)
    }

    fn take(&mut self, notice: Notice, turn: &mut Turn) -> Result<()> {
        match notice {
            Notice::Event(request, event) => {
                let is_ours = request.starts_with(self.kernel.client().session());
                turn.failed |= request == turn.request && matches!(event, Event::Error(_));
                if is_ours || self.wishes.others {
                    self.terminal.event(&event)?;
                }
            }
            Notice::Idle(request) => turn.idle |= request == turn.request,
            Notice::Reply(request, reply) => {
                if request != turn.request {
                    return Ok(());
                }
                turn.replied = true;
                turn.exits = reply.asks_exit();
                if let Some(count) = reply.execution_count() {
                    self.number = Some(count + 1);
                }
                for page in reply.pages() {
                    self.terminal.event(&Event::Display(page))?;
                }
                if let Some(text) = reply.next_input() {
                    self.prefill = Some(text.to_owned());
                }
                // Whatever the cell asked has been settled.
                turn.question = None;
                turn.aborted = reply.was_aborted();
                if let Some(error) = reply.error().filter(|_| !turn.failed) {
                    turn.failed = true;
                    self.terminal.event(&Event::Error(error.clone()))?;
                }
            }
            Notice::Question(question) => self.ask(question, turn)?,
            Notice::Silent(since) => self.terminal.silence(Some(since))?,
            Notice::Awake => self.terminal.silence(None)?,
            Notice::Debugger(event) => {
                if let Some(event) = self.debugger.take(event) {
                    self.terminal.say(&format!("perilune: {event}"))?;
                }
            }
            Notice::Busy(_) | Notice::Widget(_) | Notice::Ending { .. } => {}
        }
        Ok(())
    }

    fn ask(&mut self, question: Question, turn: &mut Turn) -> Result<()> {
        if question.request != turn.request {
            return Ok(());
        }
        if !self.has_person() {
            // All of standard input was the cell itself.
            return Ok(self.kernel.client().answer(&question, None)?);
        }
        self.terminal.question(&question)?;
        let hidden = question.password.then(Hidden::begin).flatten();
        turn.question = Some((question, hidden));
        Ok(())
    }
}

/// Waits until an interrupted cell should have stopped.
async fn until(stopping: Stopping) {
    match stopping {
        Stopping::Until(deadline) => tokio::time::sleep_until(deadline).await,
        Stopping::No | Stopping::Offered => std::future::pending().await,
    }
}

/// What is told of a cell that its kernel did not want to run.
fn not_run() -> CellError {
    CellError {
        ename: "Aborted".to_owned(),
        evalue: "not run, because one that was sent before it failed or was interrupted".to_owned(),
        traceback: Vec::new(),
    }
}
