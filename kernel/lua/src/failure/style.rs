//! The colours of tracebacks.
//!
//! A front end shows them on its terminal's background or, as JupyterLab does, on the pale or the
//! dark red of errors, where most of the eight named colours vanish. These two of the 256 are as far
//! from the one as from the other; `tests/browser/test_looks.py` measures it.

/// What is wrong: the error's name, and the marks in an excerpt.
pub(super) const WRONG: &str = "\x1b[38;5;196m";
/// As [`WRONG`], where a traceback begins.
pub(super) const WRONG_HEADING: &str = "\x1b[1;38;5;196m";
/// Where it is.
pub(super) const PLACE: &str = "\x1b[38;5;32m";
/// A word of ours.
pub(super) const WORD: &str = "\x1b[1m";
/// The end of each.
pub(super) const END: &str = "\x1b[0m";
