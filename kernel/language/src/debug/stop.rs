use super::{FrameId, ThreadId};

/// Code has stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// Why.
    pub reason: Reason,
    /// In which thread.
    pub thread: ThreadId,
    /// The breakpoints that were hit, by their numbers.
    pub breakpoints: Vec<u32>,
    /// More for a person: the error's message, what changed from what into what.
    pub text: Option<String>,
}

/// Why code has stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// At its first line, as was wanted.
    Entry,
    /// A breakpoint on a line.
    Breakpoint,
    /// A breakpoint on a function.
    FunctionBreakpoint,
    /// A breakpoint on data.
    DataBreakpoint,
    /// An error was raised, and is still to be caught or to end the cell.
    Exception,
    /// A step ended.
    Step,
    /// A pause was wanted.
    Pause,
}

/// How code goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resume {
    /// Until something else stops it.
    Continue,
    /// For a step.
    Step(Step),
    /// At the beginning of this frame, once more.
    RestartFrame(FrameId),
    /// It does not: the interrupt that was raised ends it.
    Interrupt,
}

/// How far a step goes, in the thread that has stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// To the next line of this function, or of its caller.
    Over,
    /// Also into what is called.
    In,
    /// Into that one of the calls of this line, by the number of [`StepTarget`](super::StepTarget).
    Into(u32),
    /// To behind this function's end.
    Out,
}
