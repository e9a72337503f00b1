//! Running notebooks and scripts without a front end.

mod answers;
mod extent;
mod json_lines;
mod report;
mod runner;
mod source;
mod stop;
mod terminal;

pub use answers::Answers;
pub use json_lines::JsonLines;
pub use report::{Report, RunEnd, Summary};
pub use runner::{Runner, Wishes};
pub use source::{Source, SourceKind};
pub use stop::Stops;
pub use terminal::Terminal;
