use std::fmt;
use std::str::FromStr;

use crate::error::JournalError;
use crate::record::{Record, Sequence};

/// Behind which message to begin.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum After {
    /// None: with the oldest that is there.
    #[default]
    Nothing,
    /// The one of this number, whether it is still there or not.
    Sequence(Sequence),
    /// The one of this id, which must be there.
    Message(String),
    /// The newest: only later ones.
    Newest,
}

impl After {
    /// Written as [`fmt::Display`] writes it.
    pub fn parse(text: &str) -> Self {
        match u64::from_str(text) {
            Ok(number) => Self::Sequence(Sequence(number)),
            Err(_) => Self::Message(text.to_owned()),
        }
    }
}

/// A cursor, as messages hold it.
impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Which messages are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// Only later ones.
    pub after: After,
    /// Only those that this request caused.
    pub parent: Option<String>,
    /// So many bytes, but at least one message.
    pub bytes: usize,
}

/// A part of a journal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// What is wanted, oldest first.
    pub records: Vec<Record>,
    /// Whether there may be more behind it.
    pub more: bool,
    /// Where the next page begins: behind this one.
    pub next: Sequence,
    /// How many messages are missing from where the page begins to where the next one does. Of a
    /// page for one request, it cannot be told which of them were its own.
    pub lost: u64,
}

/// Takes records one after the other until the page is full.
#[derive(Debug)]
pub(crate) struct Filling {
    page: Page,
    parent: Option<String>,
    room: usize,
}

impl Filling {
    pub(crate) fn begin(query: Query, after: Sequence) -> Self {
        Self {
            page: Page {
                next: after,
                ..Page::default()
            },
            parent: query.parent,
            room: query.bytes,
        }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.page.more
    }

    pub(crate) fn take(&mut self, record: Record) {
        if self.is_full() || record.sequence <= self.page.next {
            return;
        }
        let is_wanted = self
            .parent
            .as_deref()
            .is_none_or(|parent| record.message.parent_id() == parent);
        let size = record.size();
        if is_wanted && size > self.room && !self.page.records.is_empty() {
            self.page.more = true;
            return;
        }
        self.page.lost += self.page.next.missing_until(record.sequence);
        self.page.next = record.sequence;
        if is_wanted {
            self.room = self.room.saturating_sub(size);
            self.page.records.push(record);
        }
    }

    /// The page, where `last` is the last number that was given.
    pub(crate) fn finish(mut self, last: Sequence) -> Page {
        if !self.page.more && last > self.page.next {
            self.page.lost += last.0 - self.page.next.0;
            self.page.next = last;
        }
        self.page
    }
}

impl JournalError {
    pub(crate) fn no_such_message(id: &str) -> Self {
        // It comes from outside and goes into a message to a person.
        Self::NoSuchMessage(id.chars().take(100).collect())
    }
}
