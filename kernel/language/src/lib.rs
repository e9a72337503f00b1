//! The seam between a kernel and the language it runs.
//!
//! A language implements [`Language`]; whoever runs it implements [`Host`]. Neither knows Jupyter:
//! a cell goes in, values and failures come out, and everything a cell writes, shows or asks on
//! its way goes through the host. A second language beside Lua implements the same two traits'
//! contract and nothing else changes.

mod cell;
mod code;
mod comm;
pub mod debug;
mod display;
mod host;
mod interrupt;
mod state;

use std::io::Write;
use std::sync::Arc;

pub use cell::{Cell, Failure, FailureKind, NextInput, Outcome};
pub use code::{Completeness, Completion, Detail, Match, Snapshot};
pub use comm::{CommId, CommMessage};
pub use display::{Display, DisplayAction, MimeBundle};
pub use host::{EarlierCell, Host, InputError, InputRequest, Stream};
pub use interrupt::{Interrupt, InterruptWaiter};
pub use state::{Loss, Losses, RestoreError, Restored, SaveError, Saved};

/// What a language tells about itself, as `kernel_info_reply.language_info` wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LanguageInfo {
    /// The language's name in lower case, `lua`.
    pub name: &'static str,
    /// The language's own version, `5.4.8`.
    pub version: &'static str,
    /// The MIME type front ends know scripts by.
    pub mimetype: &'static str,
    /// With its dot: `.lua`.
    pub file_extension: &'static str,
    /// What Pygments calls it.
    pub pygments_lexer: &'static str,
    /// What CodeMirror calls it.
    pub codemirror_mode: &'static str,
    /// Titles and addresses for a front end's Help menu.
    pub help_links: &'static [(&'static str, &'static str)],
}

/// A language that runs cells, on one thread of its own.
///
/// The value is made, used and dropped on that thread, so it need not be [`Send`]. All that other
/// threads may touch is the [`Interrupt`] it was made with and the [`Snapshot`]s it gives.
pub trait Language {
    /// Whether nothing must remember that this cell was run, because its first line says so.
    fn is_private(&self, code: &str) -> bool;

    /// Runs a cell to its end.
    ///
    /// # Errors
    ///
    /// The [`Failure`] of a cell that did not compile, raised an error, was interrupted, or asked
    /// the process to exit.
    fn execute(&mut self, cell: &Cell) -> Result<Outcome, Failure>;

    /// The value of one expression, for `user_expressions`.
    ///
    /// # Errors
    ///
    /// As [`Language::execute`].
    fn evaluate(&mut self, expression: &str) -> Result<MimeBundle, Failure>;

    /// What could stand at `cursor`, a position in Unicode code points.
    fn complete(&mut self, code: &str, cursor: usize) -> Completion;

    /// The names there are now, to be completed from any thread while code runs. Runs none itself,
    /// and takes so little time that nobody who comes meanwhile would notice.
    fn snapshot(&mut self) -> Arc<dyn Snapshot>;

    /// What is known of the name at `cursor`, a position in Unicode code points.
    fn inspect(&mut self, code: &str, cursor: usize, detail: Detail) -> Option<MimeBundle>;

    /// Whether `code` could be run as it is, or needs another line.
    fn is_complete(&mut self, code: &str) -> Completeness;

    /// How many bytes it holds, where it can tell at once.
    fn memory(&self) -> Option<u64> {
        None
    }

    /// From now on code that runs asks this debugger. A language that cannot be debugged ignores it.
    fn debug(&mut self, debugger: Arc<dyn debug::Debugger>) {
        let _ = debugger;
    }

    /// Lets somebody look at values while no code runs; there are no frames then.
    fn at_rest(&mut self, look: &mut dyn FnMut(&mut dyn debug::Paused)) {
        let _ = look;
    }

    /// A message from a comm's other end. Anything it prints goes to the host.
    ///
    /// Returns whether the comm was accepted; only an [`CommMessage::Open`] for a target that
    /// nobody registered is not.
    ///
    /// # Errors
    ///
    /// The [`Failure`] of the user's own handler.
    fn comm(&mut self, message: CommMessage) -> Result<bool, Failure>;

    /// Writes what the user's session holds, for [`Language::restore`] of the same language and
    /// version. Runs no code of the user's. What cannot be saved is left out and told.
    ///
    /// Asks `go_on` now and then, and stops when that is false.
    ///
    /// # Errors
    ///
    /// See [`SaveError`]; what was written then is of no use.
    fn save(
        &mut self,
        to: &mut dyn Write,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<Saved, SaveError>;

    /// Takes over a session that was saved, into one that has run nothing yet.
    ///
    /// `state` is trusted as code is: whoever calls has made sure that it is, byte by byte, what
    /// [`Language::save`] has written for this user.
    ///
    /// # Errors
    ///
    /// See [`RestoreError`].
    fn restore(
        &mut self,
        state: &[u8],
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<Restored, RestoreError>;
}
