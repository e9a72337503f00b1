use crate::MimeBundle;

/// A piece of code to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// What errors call it: `cell[3]`, or a path. Unique among the cells that define something.
    pub name: String,
    /// The source, exactly as the user wrote it.
    pub code: String,
    /// Whether the value of its last expression is wanted.
    pub wants_result: bool,
}

/// What a cell that ran to its end leaves behind.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcome {
    /// The value of the last expression, where there is one and it is worth showing.
    pub result: Option<MimeBundle>,
    /// Something to read beside the cell, when the cell was a request for help.
    pub page: Option<MimeBundle>,
    /// Code that the person in front may want to run next.
    pub next_input: Option<NextInput>,
}

/// Code that a cell offers to be read, changed and run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NextInput {
    /// The code.
    pub text: String,
    /// Whether it takes the place of the cell that ran, rather than come below.
    pub replaces: bool,
}

/// Why a cell ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// The code does not compile.
    Syntax,
    /// The code raised an error.
    Runtime,
    /// The memory limit was reached.
    Memory,
    /// Somebody interrupted it.
    Interrupted,
    /// It asked for the process to end, with this exit code.
    Exit(i32),
}

/// A cell that did not run to its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {message}")]
pub struct Failure {
    /// Why it ended.
    pub kind: FailureKind,
    /// The error's class: `SyntaxError`, `RuntimeError`, `MemoryError`, `Interrupted`, or what
    /// the error value calls itself.
    pub name: String,
    /// The error in one line or a few, with where it happened.
    pub message: String,
    /// Lines for a person, possibly with ANSI colours; without a final newline each.
    pub traceback: Vec<String>,
}
