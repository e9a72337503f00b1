use std::path::Path;

use crate::error::JournalError;
use crate::page::{Page, Query};
use crate::record::{Record, Sequence};
use crate::segment::Segment;
use crate::shelf::Shelf;

/// What is in a journal's folder, read without writing anything, whether a kernel writes there or
/// has ended.
#[derive(Debug)]
pub struct Archive {
    segments: Vec<Segment>,
    last: Sequence,
}

impl Archive {
    /// Looks at what is there now.
    ///
    /// # Errors
    ///
    /// [`JournalError::System`], also if there is no such folder.
    pub fn open(folder: &Path) -> Result<Self, JournalError> {
        let segments =
            Segment::of_folder(folder).map_err(JournalError::system("reading", folder))?;
        let mut archive = Self {
            segments,
            last: Sequence::default(),
        };
        let last = archive.shelf().find(|_| true)?;
        archive.last = last.map_or(Sequence::default(), |record| record.sequence);
        Ok(archive)
    }

    /// Reads a page.
    ///
    /// # Errors
    ///
    /// [`JournalError::NoSuchMessage`], [`JournalError::System`].
    pub fn read(&self, query: Query) -> Result<Page, JournalError> {
        self.shelf().read(query)
    }

    /// The newest message that is as wanted.
    ///
    /// # Errors
    ///
    /// [`JournalError::System`].
    pub fn find(
        &self,
        is_wanted: impl Fn(&Record) -> bool,
    ) -> Result<Option<Record>, JournalError> {
        self.shelf().find(is_wanted)
    }

    fn shelf(&self) -> Shelf<'_, std::iter::Empty<&'_ Record>> {
        Shelf {
            segments: &self.segments,
            waiting: std::iter::empty(),
            last: self.last,
        }
    }
}
