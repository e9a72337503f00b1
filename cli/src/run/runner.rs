use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use perilune_client::event::{CellError, Event};
use perilune_client::{Client, ClientError, DebuggerEvent, DebuggerNews, Notice, Question};

use super::report::{CellEnd, CellSummary, Report, RunEnd};
use super::stop::{Stop, Stops};
use crate::notebook::{CodeCell, Notebook, Outputs, Widgets};
use crate::terminal::{Answers, Hidden};

/// How long a kernel may take to say whether its code has stopped.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long an interrupted cell has to stop, before the run ends without it.
const GRACE: Duration = Duration::from_secs(5);

/// What the user wants of a run.
#[derive(Debug, Clone, Copy)]
pub struct Wishes {
    /// Go on after a cell that fails.
    pub allow_errors: bool,
    /// How long a cell may run.
    pub timeout: Option<Duration>,
    /// Whether cells may ask.
    pub allow_stdin: bool,
    /// Whether the notebook shall get what the cells leave. A program may write for days.
    pub keeps_outputs: bool,
    /// Whether others may run cells in the kernel too: theirs are never interrupted, and a cell that
    /// was not run because one of theirs failed is sent again.
    pub shares_kernel: bool,
}

/// Runs the cells of a notebook one after the other.
pub struct Runner<'a> {
    kernel: &'a Client,
    notebook: &'a mut Notebook,
    report: &'a mut dyn Report,
    stops: Stops,
    answers: Answers,
    wishes: Wishes,
    /// What each cell leaves, by its place in the notebook.
    outputs: HashMap<usize, Outputs>,
    widgets: Widgets,
    /// Which cell a request ran.
    requests: HashMap<String, usize>,
    /// How many cells the run has come to.
    reached: usize,
    /// What the last cell was at when it was left to itself before it had ended.
    left: Option<Left>,
    /// The id of the last request.
    request: String,
    debugger: DebuggerNews,
}

/// What is under way for the cell that runs.
struct Turn {
    request: String,
    /// It was not run, because one before it failed.
    aborted: bool,
    replied: bool,
    idle: bool,
    /// The cell's number, once it has started.
    execution_count: Option<u64>,
    /// Whether the user has seen an error of it.
    failed: bool,
    /// Whether it wants the kernel to end.
    exits: bool,
    /// Why it was told to stop.
    stopping: Option<CellEnd>,
    deadline: Option<Instant>,
    question: Option<(Question, Option<Hidden>)>,
}

/// What becomes of a cell that nobody waits for any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// It runs.
    Running,
    /// It will run when its turn comes.
    Waiting,
}

impl Turn {
    /// What the cell is at.
    fn left(&self) -> Left {
        match self.execution_count {
            Some(_) => Left::Running,
            None => Left::Waiting,
        }
    }
}

impl<'a> Runner<'a> {
    /// Gets ready to run.
    pub fn new(
        kernel: &'a Client,
        notebook: &'a mut Notebook,
        report: &'a mut dyn Report,
        stops: Stops,
        answers: Answers,
        wishes: Wishes,
    ) -> Self {
        Self {
            kernel,
            notebook,
            report,
            stops,
            answers,
            wishes,
            outputs: HashMap::new(),
            widgets: Widgets::default(),
            requests: HashMap::new(),
            reached: 0,
            left: None,
            request: String::new(),
            debugger: DebuggerNews::default(),
        }
    }

    /// The id of the request that ran the last cell.
    pub fn request(&self) -> &str {
        &self.request
    }

    /// What the cell that the run ended in is still at, if it has not ended.
    pub fn left(&self) -> Option<Left> {
        self.left
    }

    /// How many cells the run has come to.
    pub fn reached(&self) -> usize {
        self.reached
    }

    /// Runs the cells until the end, or until one of them ends it. What they leave is in the
    /// notebook, however it ends.
    ///
    /// # Errors
    ///
    /// When nobody reads the report, or the kernel does not keep to the protocol.
    pub async fn run(&mut self) -> Result<RunEnd> {
        let cells = self.notebook.code_cells();
        self.notebook.clear_outputs();
        let result = self.run_cells(cells).await;
        for (index, outputs) in &self.outputs {
            self.notebook.set_outputs(*index, outputs);
        }
        self.notebook.set_widgets(&self.widgets);
        result
    }

    async fn run_cells(&mut self, cells: Vec<CodeCell>) -> Result<RunEnd> {
        if !self.introduce().await? {
            return Ok(RunEnd::Exited);
        }
        if self.wishes.shares_kernel {
            self.find_stop().await?;
        }
        for cell in cells {
            self.reached += 1;
            if cell.source.trim().is_empty() {
                continue;
            }
            let (end, execution_count) = self.run_cell(&cell).await?;
            match end {
                CellEnd::Ok => {}
                CellEnd::Failed if cell.may_fail || self.wishes.allow_errors => {}
                CellEnd::Failed => return Ok(RunEnd::Failed(execution_count)),
                CellEnd::TimedOut => {
                    let limit = self.wishes.timeout.unwrap_or_default();
                    return Ok(RunEnd::TimedOut(execution_count, limit));
                }
                CellEnd::Interrupted => return Ok(RunEnd::Interrupted(execution_count)),
                CellEnd::Terminated => return Ok(RunEnd::Terminated),
                CellEnd::Exited => return Ok(RunEnd::Exited),
            }
        }
        Ok(RunEnd::Completed)
    }

    /// Asks the kernel what it speaks. False when it has ended.
    async fn introduce(&mut self) -> Result<bool> {
        if let Some(info) = self.kernel.info() {
            self.notebook.set_language_info(info.language_info.clone());
            return Ok(true);
        }
        let request = self.kernel.ask_info()?;
        while let Some(notice) = self.kernel.next().await.transpose()? {
            if let Notice::Reply(answered, reply) = notice
                && answered == request
            {
                if let Some(language_info) = reply.language_info {
                    self.notebook.set_language_info(language_info);
                }
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Tells that a debugger has stopped code behind which the cells will wait, if one has.
    async fn find_stop(&mut self) -> Result<()> {
        match self.kernel.stopped(PATIENCE).await {
            Ok(Some(event)) => self.take_debugger(event),
            // Of a kernel that says nothing at all is told elsewhere.
            Ok(None) | Err(ClientError::NoReply { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn take_debugger(&mut self, event: DebuggerEvent) -> Result<()> {
        match self.debugger.take(event) {
            Some(event) => Ok(self.report.debugger(&event)?),
            None => Ok(()),
        }
    }

    async fn run_cell(&mut self, cell: &CodeCell) -> Result<(CellEnd, Option<u64>)> {
        let began = Instant::now();
        self.report.cell_begins(cell)?;
        let request = self.send(cell)?;
        self.outputs.insert(cell.index, Outputs::default());
        let mut turn = Turn {
            request,
            aborted: false,
            replied: false,
            idle: false,
            execution_count: None,
            failed: false,
            exits: false,
            stopping: None,
            deadline: self.wishes.timeout.map(|timeout| began + timeout),
            question: None,
        };
        let end = self.see_through(cell, &mut turn).await?;
        let execution_count = turn.execution_count;
        let duration = began.elapsed();
        self.report.cell_ends(
            cell,
            &CellSummary {
                end,
                execution_count,
                duration,
            },
        )?;
        Ok((end, execution_count))
    }

    /// Sends a cell. Returns the request's id.
    fn send(&mut self, cell: &CodeCell) -> Result<String> {
        let request = self.kernel.execute(&cell.source, self.wishes.allow_stdin)?;
        self.requests.insert(request.clone(), cell.index);
        if self.wishes.shares_kernel {
            self.report.sent(cell.index, &request)?;
        }
        self.request.clone_from(&request);
        Ok(request)
    }

    /// Waits until the cell has ended.
    async fn see_through(&mut self, cell: &CodeCell, turn: &mut Turn) -> Result<CellEnd> {
        loop {
            if turn.replied && turn.idle {
                if !std::mem::take(&mut turn.aborted) {
                    break;
                }
                // Not a line of it was run.
                turn.request = self.send(cell)?;
                (turn.replied, turn.idle) = (false, false);
            }
            let deadline = turn.deadline;
            tokio::select! {
                // A cell that never stops writing is stopped all the same.
                biased;
                stop = self.stops.next() => match (stop, turn.stopping) {
                    (Stop::Terminate, _) => {
                        self.left = Some(turn.left());
                        return Ok(CellEnd::Terminated);
                    }
                    (Stop::Interrupt, Some(stopping)) => {
                        self.left = Some(turn.left());
                        return Ok(stopping);
                    }
                    (Stop::Interrupt, None) => {
                        self.interrupt(turn)?;
                        turn.stopping = Some(CellEnd::Interrupted);
                        // From here on the user decides how long to wait, with another Ctrl-C.
                        turn.deadline = None;
                    }
                },
                () = until(deadline) => match turn.stopping {
                    // It is in code that cannot be stopped.
                    Some(stopping) => {
                        self.left = Some(turn.left());
                        return Ok(stopping);
                    }
                    // Another's cell runs, and for how long nobody knows.
                    None if self.wishes.shares_kernel && turn.left() == Left::Waiting => {
                        self.left = Some(Left::Waiting);
                        return Ok(CellEnd::TimedOut);
                    }
                    None => {
                        self.interrupt(turn)?;
                        turn.stopping = Some(CellEnd::TimedOut);
                        turn.deadline = Some(Instant::now() + GRACE);
                    }
                },
                notice = self.kernel.next() => match notice {
                    None => return Ok(CellEnd::Exited),
                    Some(notice) => self.take(notice?, cell, turn)?,
                },
                answer = self.answers.next(), if turn.question.is_some() => {
                    if let Some((question, _)) = turn.question.take() {
                        self.report.answered();
                        self.kernel.answer(&question, answer)?;
                    }
                }
            }
        }
        Ok(match turn {
            Turn { exits: true, .. } => CellEnd::Exited,
            Turn {
                stopping: Some(stopping),
                ..
            } => *stopping,
            Turn { failed: true, .. } => CellEnd::Failed,
            _ => CellEnd::Ok,
        })
    }

    /// Interrupts the cell; where it has not begun, it is another's that runs, and ours as soon as it
    /// begins.
    fn interrupt(&mut self, turn: &Turn) -> Result<()> {
        if self.wishes.shares_kernel && turn.left() == Left::Waiting {
            self.report.waits()?;
            return Ok(());
        }
        Ok(self.kernel.interrupt()?)
    }

    fn take(&mut self, notice: Notice, cell: &CodeCell, turn: &mut Turn) -> Result<()> {
        match notice {
            Notice::Event(request, event) => {
                if request == turn.request {
                    match &event {
                        Event::Started(input) => {
                            turn.execution_count = Some(input.execution_count);
                            if self.wishes.shares_kernel && turn.stopping.is_some() {
                                self.kernel.interrupt()?;
                            }
                        }
                        Event::Error(_) => turn.failed = true,
                        _ => {}
                    }
                }
                self.take_event(&request, &event)
                    .context("telling what a cell does")?;
            }
            Notice::Widget(change) => {
                if self.wishes.keeps_outputs {
                    self.widgets.take(change);
                }
            }
            Notice::Idle(request) => turn.idle |= request == turn.request,
            Notice::Busy(_) | Notice::Ending { .. } => {}
            Notice::Silent(since) => self.report.silence(Some(since))?,
            Notice::Awake => self.report.silence(None)?,
            Notice::Debugger(event) => self.take_debugger(event)?,
            Notice::Reply(request, reply) => {
                if request != turn.request {
                    return Ok(());
                }
                turn.replied = true;
                turn.exits = reply.asks_exit();
                // There is no pager here, so it is shown as JupyterLab shows it: below the cell.
                for page in reply.pages() {
                    self.take_event(&request, &Event::Display(page))?;
                }
                // Whatever the cell asked has been settled.
                turn.question = None;
                if reply.was_aborted() && self.wishes.shares_kernel && turn.stopping.is_none() {
                    turn.aborted = true;
                    return Ok(());
                }
                if reply.was_aborted() {
                    turn.failed = true;
                    self.take_event(&request, &Event::Error(not_run()))?;
                }
                if let Some(error) = reply.error().filter(|_| !turn.failed) {
                    turn.failed = true;
                    self.take_event(&request, &Event::Error(error.clone()))?;
                }
            }
            Notice::Question(question) => {
                self.report.question(cell.index, &question)?;
                let hidden = if question.password {
                    Hidden::begin()
                } else {
                    None
                };
                turn.question = Some((question, hidden));
            }
        }
        Ok(())
    }

    /// Gives an event to the cell that caused it, which may have ended before.
    fn take_event(&mut self, request: &str, event: &Event) -> std::io::Result<()> {
        let Some(cell) = self.requests.get(request).copied() else {
            return Ok(());
        };
        if !self.wishes.keeps_outputs {
            // Shown, and forgotten.
        } else if let Event::Update(update) = event {
            for outputs in self.outputs.values_mut() {
                outputs.update(update);
            }
        } else if let Some(outputs) = self.outputs.get_mut(&cell) {
            outputs.take(event);
        }
        self.report.event(cell, event)
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

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}
