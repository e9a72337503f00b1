use std::io;
use std::path::Path;
use std::time::Duration;

use perilune_client::event::Event;
use perilune_client::{DebuggerEvent, Question};

use crate::exit::Exit;
use crate::notebook::CodeCell;

/// How a run is told, to a person or to a program. What goes wrong is that nobody listens.
pub trait Report {
    /// A cell begins.
    fn cell_begins(&mut self, cell: &CodeCell) -> io::Result<()>;
    /// A cell does something; `cell` is its place in the notebook.
    fn event(&mut self, cell: usize, event: &Event) -> io::Result<()>;
    /// A cell asks something, and will wait for the answer.
    fn question(&mut self, cell: usize, question: &Question) -> io::Result<()>;
    /// The question was answered, by a line that a terminal shows.
    fn answered(&mut self);
    /// The kernel has said nothing for so long, not even that it lives; or it says something again.
    fn silence(&mut self, since: Option<Duration>) -> io::Result<()>;
    /// A debugger has stopped the code that runs, this cell's or another's, or lets it go on.
    fn debugger(&mut self, event: &DebuggerEvent) -> io::Result<()>;
    /// The cell was sent to a kernel that others use too.
    fn sent(&mut self, cell: usize, request: &str) -> io::Result<()>;
    /// The cell was told to stop, and has not begun: another's runs.
    fn waits(&mut self) -> io::Result<()>;
    /// A cell has ended.
    fn cell_ends(&mut self, cell: &CodeCell, end: &CellSummary) -> io::Result<()>;
    /// All has ended.
    fn ends(&mut self, summary: &Summary<'_>) -> io::Result<()>;
}

/// What became of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CellSummary {
    /// How it ended.
    pub end: CellEnd,
    /// Its number, once it had started.
    pub execution_count: Option<u64>,
    /// How long it took.
    pub duration: Duration,
}

/// How a cell ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellEnd {
    /// It ran to its end.
    Ok,
    /// It raised an error.
    Failed,
    /// It was interrupted because it ran too long.
    TimedOut,
    /// It was interrupted with Ctrl-C.
    Interrupted,
    /// Everything had to end.
    Terminated,
    /// It ended the kernel.
    Exited,
}

/// What became of a run.
#[derive(Debug)]
pub struct Summary<'a> {
    /// How it ended.
    pub end: RunEnd,
    /// The exit code to come.
    pub exit: Exit,
    /// Cells that were not reached.
    pub not_run: usize,
    /// The notebook that was written.
    pub output: Option<&'a Path>,
    /// How long it took.
    pub duration: Duration,
}

/// How a run ended. The number is the execution count of the cell it ended in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunEnd {
    /// Every cell ran.
    Completed,
    /// A cell failed.
    Failed(Option<u64>),
    /// A cell ran longer than this.
    TimedOut(Option<u64>, Duration),
    /// Ctrl-C.
    Interrupted(Option<u64>),
    /// SIGTERM.
    Terminated,
    /// A cell ended the kernel.
    Exited,
}

impl RunEnd {
    /// The process's exit code, where `script` is the one that a cell asked for.
    pub fn exit(self, script: i32) -> Exit {
        match self {
            Self::Completed => Exit::Success,
            Self::Failed(_) => Exit::Failed,
            Self::TimedOut(..) => Exit::TimedOut,
            Self::Interrupted(_) => Exit::Interrupted,
            Self::Terminated => Exit::Terminated,
            Self::Exited => Exit::of_script(script),
        }
    }

    /// What `--json` calls it.
    pub fn status(self) -> &'static str {
        match self {
            Self::Completed => "ok",
            Self::Failed(_) => "error",
            Self::TimedOut(..) => "timeout",
            Self::Interrupted(_) => "interrupted",
            Self::Terminated => "terminated",
            Self::Exited => "exit",
        }
    }
}

impl CellEnd {
    /// What `--json` calls it.
    pub fn status(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "error",
            Self::TimedOut => "timeout",
            Self::Interrupted => "interrupted",
            Self::Terminated => "terminated",
            Self::Exited => "exit",
        }
    }
}
