//! What a kernel told its subscribers, kept on disk for those who come back.
//!
//! A [`Recorder`] takes the messages that a kernel publishes and never makes it wait: a thread
//! writes them behind each other into segments, files of a private folder. Each message has a
//! [`Sequence`] number, one more than the one before it. So whoever reads them is told what is
//! missing, whether bounds removed it, a disk was full or a file was damaged: the numbers jump.
//!
//! [`Archive`] reads what there is without writing anything, also while a kernel writes.

mod archive;
mod clock;
mod error;
mod limits;
mod message;
mod page;
mod record;
mod recorder;
mod segment;
mod shelf;
mod store;
mod sweep;

pub use archive::Archive;
pub use clock::{Clock, Stamp, SystemClock};
pub use error::JournalError;
pub use limits::{Limits, SharedLimits};
pub use message::Message;
pub use page::{After, Page, Query};
pub use record::{Record, Sequence};
pub use recorder::{Options, Recorder, Summary};
pub use store::Store;
pub use sweep::{FOLDER, sweep};
