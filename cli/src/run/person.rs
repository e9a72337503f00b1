use std::io;
use std::time::Duration;

use perilune_client::event::Event;
use perilune_client::{DebuggerEvent, Question};

use super::report::{CellSummary, Report, RunEnd, Summary};
use super::source::SourceKind;
use crate::notebook::CodeCell;
use crate::standard::Kept;
use crate::terminal::Terminal;

/// A run as a person sees it.
#[derive(Debug)]
pub struct Person {
    terminal: Terminal,
    file: String,
    kind: SourceKind,
}

impl Person {
    /// Begins to tell of a run of this file.
    pub fn begin(kept: &'static Kept, file: String, kind: SourceKind) -> Self {
        Self {
            terminal: Terminal::begin(kept),
            file,
            kind,
        }
    }
}

impl Report for Person {
    fn cell_begins(&mut self, _cell: &CodeCell) -> io::Result<()> {
        self.terminal.cell_begins()
    }

    fn event(&mut self, _cell: usize, event: &Event) -> io::Result<()> {
        match event {
            // A program's last call is no expression whose value somebody wants to see.
            Event::Result(_) if self.kind == SourceKind::Script => Ok(()),
            event => self.terminal.event(event),
        }
    }

    fn question(&mut self, _cell: usize, question: &Question) -> io::Result<()> {
        self.terminal.question(question)
    }

    fn answered(&mut self) {
        self.terminal.answered();
    }

    fn silence(&mut self, since: Option<Duration>) -> io::Result<()> {
        self.terminal.silence(since)
    }

    fn debugger(&mut self, event: &DebuggerEvent) -> io::Result<()> {
        self.terminal.say(&format!("perilune: {event}"))
    }

    fn sent(&mut self, _cell: usize, _request: &str) -> io::Result<()> {
        Ok(())
    }

    fn waits(&mut self) -> io::Result<()> {
        self.terminal.say(
            "perilune: another cell runs, and this one waits for it; it is interrupted when it \
             begins. Ctrl-C again leaves it waiting",
        )
    }

    fn cell_ends(&mut self, _cell: &CodeCell, _end: &CellSummary) -> io::Result<()> {
        self.terminal.cell_ends()
    }

    fn ends(&mut self, summary: &Summary<'_>) -> io::Result<()> {
        let cell = |count: Option<u64>| match count {
            Some(count) if self.kind == SourceKind::Notebook => format!(": cell[{count}]"),
            _ => String::new(),
        };
        let what = match summary.end {
            RunEnd::Completed | RunEnd::Exited => return self.terminal.ends(),
            // The traceback has said it all.
            RunEnd::Failed(_) if self.kind != SourceKind::Notebook => return self.terminal.ends(),
            RunEnd::Failed(count) => format!("{} failed", cell(count)),
            RunEnd::TimedOut(count, limit) => {
                format!("{} ran longer than {} s", cell(count), limit.as_secs_f64())
            }
            RunEnd::Interrupted(count) => format!("{} was interrupted", cell(count)),
            RunEnd::Terminated => " was terminated".to_owned(),
        };
        let rest = match summary.not_run {
            0 => String::new(),
            1 => "; one cell was not run".to_owned(),
            more => format!("; {more} cells were not run"),
        };
        self.terminal
            .say(&format!("perilune: {}{what}{rest}", self.file))
    }
}
