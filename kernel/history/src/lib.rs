//! The history: what a user ran, in all kernels.
//!
//! [`Store`] is the database, SQLite in one file that every kernel of the user writes to.
//! [`Recorder`] is a kernel's way to it: a thread that writes, so that no cell waits for a disk,
//! and that keeps what it has in memory while the database cannot be had. [`Place`] says where the
//! file is.

mod entry;
mod error;
mod history;
mod limits;
mod place;
mod query;
mod recorder;
mod schema;
mod sessions;
mod store;

pub use entry::{Entry, Found, Session};
pub use error::HistoryError;
pub use limits::{Limits, SharedLimits};
pub use place::Place;
pub use query::{Query, SessionChoice, containing, literal};
pub use recorder::{Options, Recorder};
pub use sessions::SessionSummary;
pub use store::Store;
