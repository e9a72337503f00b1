use crate::{Completion, MimeBundle};

use super::SourceKey;

/// A thread: the main one, or a coroutine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ThreadId(pub u32);

impl ThreadId {
    /// The one that a cell begins on.
    pub const MAIN: Self = Self(1);
}

/// A frame of a stack, while code does not go on. Unique in a kernel for as long as it lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FrameId(pub u32);

/// Something that holds variables, while code does not go on: a scope, a table. Unique in a kernel
/// for as long as it lives, and never 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HolderId(pub u32);

/// A thread and what it is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thread {
    /// Which.
    pub id: ThreadId,
    /// For a person.
    pub name: String,
}

/// A part of a stack, innermost frame first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frames {
    /// The frames asked for.
    pub frames: Vec<Frame>,
    /// How many there are.
    pub total: usize,
}

/// A call that has not returned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Which.
    pub id: FrameId,
    /// The function's name, as far as it has one.
    pub name: String,
    /// Where its code is; nothing for code that has no source.
    pub source: Option<SourceKey>,
    /// The line that it is at, counted from 1; 0 if it has none.
    pub line: u32,
    /// The first column of what is done there, counted from 1 in UTF-16 code units; 0 if unknown.
    pub column: u32,
    /// Whether it is not the user's own code.
    pub is_foreign: bool,
    /// Whether [`Resume::RestartFrame`](super::Resume::RestartFrame) can be done with it.
    pub can_restart: bool,
}

/// What a scope is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScopeKind {
    /// The locals of a function, its parameters and variable arguments among them.
    Locals,
    /// The locals of functions around it.
    Upvalues,
    /// The variables that every cell sees.
    Globals,
}

/// Variables that a frame sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// What it is.
    pub kind: ScopeKind,
    /// What a person calls it.
    pub name: &'static str,
    /// By what its variables are asked for.
    pub holder: HolderId,
    /// How many variables it has with a name.
    pub named: usize,
    /// How many it has with a number.
    pub indexed: usize,
}

/// Which of a holder's variables are wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Part {
    /// Only those with a number (true), only those with a name (false), or both.
    pub indexed: Option<bool>,
    /// The first one, counted from 0.
    pub start: usize,
    /// How many; all that there are if nothing, up to a bound.
    pub count: Option<usize>,
}

/// What sort of value it is, as far as front ends treat them differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// True or false.
    Boolean,
    /// A whole number.
    Integer,
    /// A number with a fraction.
    Float,
    /// A string.
    Text,
    /// Something that can be called.
    Function,
    /// Something that holds others.
    Compound,
    /// All else: nothing, a foreign object.
    Other,
}

/// A variable, a field, or a value without a name.
#[derive(Debug, Clone, PartialEq)]
pub struct Variable {
    /// What a person calls it; empty for the value of an expression.
    pub name: String,
    /// The value in one line, bounded in length.
    pub value: String,
    /// The language's word for the value's type: `table`, `integer`.
    pub type_name: String,
    /// What sort of value it is.
    pub kind: Kind,
    /// An expression for it, where there is one.
    pub evaluate_name: Option<String>,
    /// By what its own variables are asked for, where it has any.
    pub holder: Option<HolderId>,
    /// How many of those have a name.
    pub named: usize,
    /// How many of those have a number.
    pub indexed: usize,
    /// Whether it cannot be set.
    pub is_constant: bool,
    /// Whether it is made up by the debugger: a metatable, the length of what is left out.
    pub is_virtual: bool,
    /// Where it was defined, for a function: the source and its line.
    pub defined_at: Option<(SourceKey, u32)>,
}

/// What the value of an expression is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A person typed it, maybe a statement; what it prints belongs to the debugger's console.
    Console,
    /// It is shown again at each stop.
    Watch,
    /// A pointer rests on it: it must change nothing and run no code of the user's.
    Hover,
    /// The whole value as text.
    Clipboard,
}

/// A call that a step can go into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepTarget {
    /// Its number.
    pub id: u32,
    /// What is called.
    pub label: String,
    /// The call's line, counted from 1.
    pub line: u32,
    /// The call's first column, counted from 1 in UTF-16 code units; 0 if unknown.
    pub column: u32,
}

/// Something whose changes can stop code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataTarget {
    /// What [`DataBreakpoint::data`](super::DataBreakpoint::data) names it by, for as long as what
    /// it is of lives.
    pub data: String,
    /// What a person calls it.
    pub description: String,
}

/// The error that has stopped code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raised {
    /// Its class, as [`Failure::name`](crate::Failure::name).
    pub name: String,
    /// Its message.
    pub message: String,
    /// Where it came from, without colours.
    pub traceback: String,
    /// Whether somebody is going to catch it.
    pub is_caught: bool,
}

/// Why something was not done, in words for a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(pub String);

/// Code that does not go on: stopped, or at rest between cells with no frame at all.
///
/// Nothing here runs the user's code, metamethods included, but for what an expression itself
/// does. Everything is bounded in size and in time.
pub trait Paused {
    /// The main thread first, then the coroutines that have not ended.
    fn threads(&mut self) -> Vec<Thread>;

    /// The stack of a thread, from `start` on, at most `count`. Each call gives the frames new
    /// ids; the earlier ones go on to mean what they meant.
    ///
    /// # Errors
    ///
    /// If there is no such thread.
    fn frames(
        &mut self,
        thread: ThreadId,
        start: usize,
        count: Option<usize>,
    ) -> Result<Frames, Refusal>;

    /// What a frame sees, innermost first.
    ///
    /// # Errors
    ///
    /// If there is no such frame.
    fn scopes(&mut self, frame: FrameId) -> Result<Vec<Scope>, Refusal>;

    /// What [`Scope::holder`] of the globals would be; they are there also at rest. Without what
    /// the library defines: the user's own globals, and the locals of earlier cells.
    fn session(&mut self) -> HolderId;

    /// What a holder holds.
    ///
    /// # Errors
    ///
    /// If there is no such holder.
    fn variables(&mut self, holder: HolderId, part: Part) -> Result<Vec<Variable>, Refusal>;

    /// Sets a variable to the value of an expression, seen from the frame if there is one.
    ///
    /// # Errors
    ///
    /// If there is no such variable, it is constant, or the expression fails.
    fn set_variable(
        &mut self,
        holder: HolderId,
        name: &str,
        expression: &str,
    ) -> Result<Variable, Refusal>;

    /// Assigns to an expression.
    ///
    /// # Errors
    ///
    /// If it cannot be assigned to, or either expression fails.
    fn set_expression(
        &mut self,
        frame: Option<FrameId>,
        target: &str,
        expression: &str,
    ) -> Result<Variable, Refusal>;

    /// The value of an expression that sees, and may set, what the frame sees; what the globals
    /// are if there is none.
    ///
    /// # Errors
    ///
    /// What failed.
    fn evaluate(
        &mut self,
        frame: Option<FrameId>,
        expression: &str,
        purpose: Purpose,
    ) -> Result<Variable, Refusal>;

    /// What could stand at `cursor`, a position in Unicode code points.
    fn complete(&mut self, frame: Option<FrameId>, code: &str, cursor: usize) -> Completion;

    /// A variable in every representation it has, seen from the frame if there is one.
    ///
    /// # Errors
    ///
    /// If there is no such variable.
    fn rich(&mut self, frame: Option<FrameId>, name: &str) -> Result<MimeBundle, Refusal>;

    /// Makes a global of a variable that the frame sees.
    ///
    /// # Errors
    ///
    /// If there is no such variable.
    fn copy_to_globals(
        &mut self,
        frame: Option<FrameId>,
        from: &str,
        to: &str,
    ) -> Result<(), Refusal>;

    /// The calls of the line that a frame is at, which are still to be done.
    ///
    /// # Errors
    ///
    /// If there is no such frame.
    fn step_targets(&mut self, frame: FrameId) -> Result<Vec<StepTarget>, Refusal>;

    /// What a data breakpoint would watch: a field of a holder, or an expression that the frame
    /// sees.
    ///
    /// # Errors
    ///
    /// Why it cannot be watched.
    fn data_target(
        &mut self,
        holder: Option<HolderId>,
        frame: Option<FrameId>,
        name: &str,
    ) -> Result<DataTarget, Refusal>;

    /// The error that has stopped code, if one has.
    fn raised(&mut self) -> Option<Raised>;

    /// Whether code cannot go on any more but to its end: what was evaluated has asked the process
    /// to exit, or was interrupted where that ends all.
    fn is_ending(&self) -> bool;
}
