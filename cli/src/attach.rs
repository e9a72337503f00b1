//! What a kernel publishes, and what it published before, as one stream without a gap and without
//! a repetition.

mod cursor;
mod feed;
mod published;
mod view;

pub use cursor::{Bookmark, Place};
pub use feed::{Feed, FeedError, News, Page, archive, end_of, page_on_disk, start_of_last_life};
pub use published::Published;
pub use view::{Json, Person, View};
