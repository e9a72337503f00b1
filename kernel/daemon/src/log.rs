//! The log of a process that lives long: lines that are whole and safe to look at, in files that
//! stay small.
//!
//! [`LogFile`] is where lines go, [`LineLayer`] makes them of what `tracing` tells, [`Follower`]
//! reads them again. What the files are called and when one ends is said by [`Limits`] and
//! [`Names`](names::Names), without touching a disk.

mod clock;
mod crash;
mod entry;
mod escape;
mod folder;
mod follower;
mod layer;
mod limits;
mod line;
mod names;
mod secrets;
mod upkeep;
mod writer;

pub use clock::{Clock, SystemClock};
pub use crash::{LastWords, report_crashes};
pub use entry::Entry;
pub use escape::Escaped;
pub use follower::{Follower, Next};
pub use layer::{LineLayer, Output};
pub use limits::Limits;
pub use line::{Format, Style};
pub use secrets::{Secrets, secrets};
pub use writer::LogFile;
