//! Running notebooks and scripts without a front end.

mod json_lines;
mod person;
mod report;
mod runner;
mod source;
mod stop;

pub use json_lines::JsonLines;
pub use person::Person;
pub use report::{Report, RunEnd, Summary};
pub use runner::{Left, Runner, Wishes};
pub use source::{Source, SourceKind};
pub use stop::Stops;
