use std::io;

use crate::error::JournalError;
use crate::page::{After, Filling, Page, Query};
use crate::record::{Record, Sequence};
use crate::segment::Segment;

/// Where the messages are: segments on disk, oldest first, and behind them what could not be
/// written yet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shelf<'a, W> {
    pub(crate) segments: &'a [Segment],
    pub(crate) waiting: W,
    /// The last number that was given.
    pub(crate) last: Sequence,
}

impl<'a, W: Iterator<Item = &'a Record> + DoubleEndedIterator + Clone> Shelf<'a, W> {
    /// Reads a page.
    pub(crate) fn read(&self, query: Query) -> Result<Page, JournalError> {
        let after = match &query.after {
            After::Nothing => Sequence::default(),
            After::Sequence(sequence) => *sequence,
            After::Newest => self.last,
            After::Message(id) => {
                self.find(|record| record.message.msg_id() == *id)?
                    .ok_or_else(|| JournalError::no_such_message(id))?
                    .sequence
            }
        };
        let mut filling = Filling::begin(query, after);
        // The last one that begins before what is wanted may hold it.
        let behind = self
            .segments
            .partition_point(|segment| segment.begins <= after.next());
        for segment in &self.segments[behind.saturating_sub(1)..] {
            for record in records(segment)? {
                filling.take(record);
                if filling.is_full() {
                    return Ok(filling.finish(self.last));
                }
            }
        }
        for record in self.waiting.clone() {
            filling.take(record.clone());
        }
        Ok(filling.finish(self.last))
    }

    /// The newest record that is as wanted.
    pub(crate) fn find(
        &self,
        is_wanted: impl Fn(&Record) -> bool,
    ) -> Result<Option<Record>, JournalError> {
        if let Some(record) = self.waiting.clone().rev().find(|record| is_wanted(record)) {
            return Ok(Some(record.clone()));
        }
        for segment in self.segments.iter().rev() {
            let found = records(segment)?.filter(&is_wanted).last();
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }
}

/// The records of a segment; none if it has been removed meanwhile.
fn records(segment: &Segment) -> Result<impl Iterator<Item = Record> + use<>, JournalError> {
    let records = match segment.read() {
        Ok(records) => Some(records),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(JournalError::system("reading", &segment.path)(error)),
    };
    Ok(records.into_iter().flatten())
}
