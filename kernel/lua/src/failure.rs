//! What is said of a cell that did not run to its end.

mod excerpt;
mod message;
mod report;
mod stack;

pub(crate) use excerpt::{Sources, lines};
pub(crate) use message::{describe_error, error_text};
pub(crate) use report::{Place, library_names, of_error, of_syntax, of_unwinding};
pub(crate) use stack::{Stack, capture, capture_one};
