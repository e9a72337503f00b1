mod exceptions;
mod hit_condition;
mod lines;
mod log_message;
mod named;
mod rule;

use std::collections::HashMap;
use std::sync::Arc;

use perilune_language::debug::{Exceptions, SourceKey, Wishes};

pub(crate) use lines::{Code, Line, Place, expressions};
pub(crate) use rule::{Mistakes, written};

use self::named::Named;
use crate::DebugError;

/// A kernel can have so many breakpoints, so that no client fills its memory with them.
const MOST: usize = 100_000;

/// The breakpoints of a session, which its clients share.
#[derive(Debug, Default)]
pub(crate) struct Breakpoints {
    lines: HashMap<SourceKey, Vec<Line>>,
    functions: Vec<Named>,
    data: Vec<Named>,
    exceptions: Exceptions,
    entry: bool,
    newest: u32,
    /// Nothing where they have changed since they were told.
    wishes: Option<Arc<Wishes>>,
}

/// What setting the breakpoints of a source has done.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    pub(crate) new: Vec<u32>,
    pub(crate) changed: Vec<u32>,
    pub(crate) removed: Vec<u32>,
}

impl Breakpoints {
    /// What should stop code now.
    pub(crate) fn wishes(&mut self) -> Arc<Wishes> {
        if let Some(wishes) = &self.wishes {
            return Arc::clone(wishes);
        }
        let wishes = Arc::new(Wishes {
            lines: self
                .lines
                .iter()
                .map(|(key, set)| (SourceKey::clone(key), lines::wishes(set)))
                .filter(|(_, lines)| !lines.is_empty())
                .collect(),
            functions: self
                .functions
                .iter()
                .filter_map(Named::on_function)
                .collect(),
            exceptions: self.exceptions.clone(),
            data: self.data.iter().filter_map(Named::on_data).collect(),
            entry: self.entry,
        });
        self.wishes = Some(Arc::clone(&wishes));
        wishes
    }

    /// Removes all.
    pub(crate) fn clear(&mut self) {
        let newest = self.newest;
        *self = Self::default();
        self.newest = newest;
    }

    /// Whether the next code stops at its first line.
    pub(crate) fn stops_at_entry(&self) -> bool {
        self.entry
    }

    /// Sets whether the next code stops at its first line.
    pub(crate) fn set_entry(&mut self, entry: bool) {
        if self.entry != entry {
            self.entry = entry;
            self.wishes = None;
        }
    }

    /// The sources that have breakpoints, and these.
    pub(crate) fn by_source(&self) -> impl Iterator<Item = (&SourceKey, &[Line])> {
        self.lines.iter().map(|(key, set)| (key, set.as_slice()))
    }

    /// Those of a source, as they were set.
    pub(crate) fn of(&self, key: &SourceKey) -> &[Line] {
        self.lines.get(key).map_or(&[], Vec::as_slice)
    }

    fn next_id(newest: &mut u32) -> u32 {
        *newest += 1;
        *newest
    }

    /// Whether there is room when some are replaced by so many.
    fn room_for(&self, replaced: usize, new: usize) -> Result<(), DebugError> {
        let lines: usize = self.lines.values().map(Vec::len).sum();
        let all = lines + self.functions.len() + self.data.len();
        if all - replaced + new > MOST {
            return Err(DebugError::TooManyBreakpoints(MOST));
        }
        Ok(())
    }
}
