//! The seam between a debugger and the language it debugs.
//!
//! A debugger implements [`Debugger`], a language implements [`Paused`]. The debugger says what
//! should stop code ([`Wishes`]) and is called on the language's own thread when code has stopped;
//! as long as it does not return, it may look at the code's frames and values through [`Paused`].
//! Neither knows the Debug Adapter Protocol, whose words are used where it has one.

mod attention;
mod paused;
mod stop;
mod wishes;

use std::collections::BTreeSet;
use std::sync::Arc;

pub use attention::Attention;
pub use paused::{
    DataTarget, Frame, FrameId, Frames, HolderId, Kind, Part, Paused, Purpose, Raised, Refusal,
    Scope, ScopeKind, StepTarget, Thread, ThreadId, Variable,
};
pub use stop::{Reason, Resume, Step, Stop};
pub use wishes::{
    DataBreakpoint, Exceptions, FunctionBreakpoint, HitCondition, LineBreakpoint, LogPiece, Wishes,
};

use crate::Cell;

/// What code is known by: the absolute path of a file, the path that clients know a cell by, or the
/// name that a string was loaded with. Both sides of the seam write it alike: a path that exists is
/// canonical.
pub type SourceKey = Arc<str>;

/// Code that a language has loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadedSource {
    /// What it is known by.
    pub key: SourceKey,
    /// The code, where it is in no file.
    pub code: Option<Arc<str>>,
}

/// Who is asked when code runs that somebody debugs. Called on the language's thread.
pub trait Debugger: Send + Sync {
    /// By what the debugger makes running code look at its wishes.
    fn attention(&self) -> &Attention;

    /// Whether anybody debugs. While nobody does, nothing else is asked.
    fn is_on(&self) -> bool;

    /// What should stop code, as it is wanted now. Cheap.
    fn wishes(&self) -> Arc<Wishes>;

    /// Whether code should stop where it is; true once for each time that it was wanted.
    fn takes_pause(&self) -> bool;

    /// What clients know a cell by. Called when it is about to run.
    fn source_of(&self, cell: &Cell) -> SourceKey;

    /// Code was loaded.
    fn loaded(&self, source: LoadedSource);

    /// A logpoint was hit, or a condition failed: text for the person who debugs.
    fn log(&self, source: &SourceKey, line: u32, text: &str);

    /// Code has stopped. Returns how it shall go on; at once if nobody debugs any more.
    fn stopped(&self, stop: Stop, paused: &mut dyn Paused) -> Resume;
}

/// What can be told of code without running it, from any thread.
pub trait SourceReader: Send + Sync {
    /// The lines, counted from 1, that code can stop at.
    ///
    /// # Errors
    ///
    /// Why it does not compile, in words for a person.
    fn lines(&self, code: &str) -> Result<BTreeSet<u32>, String>;

    /// Whether this can be the condition of a breakpoint, as far as can be told without running it.
    ///
    /// # Errors
    ///
    /// Why it does not compile, in words for a person.
    fn expression(&self, code: &str) -> Result<(), String> {
        let _ = code;
        Ok(())
    }
}
