use std::mem;
use std::time::{Duration, Instant, SystemTime};

use crate::entry::{Entry, Found};
use crate::error::HistoryError;
use crate::limits::Limits;
use crate::place::Place;
use crate::query::Query;
use crate::recorder::Options;
use crate::store::Store;

/// One kernel's view of the history: the database, and what could not be written there yet.
pub(crate) struct History {
    options: Options,
    store: Option<Store>,
    /// The number that this session has in the database.
    number: Option<i64>,
    /// What the database did not take.
    unsaved: Option<Unsaved>,
    /// When the database failed last.
    failed: Option<Instant>,
    has_complained: bool,
    /// Entries since the limits were looked at; at the start they are due.
    untrimmed: usize,
    /// The limits that were looked at last.
    limits: Limits,
}

struct Unsaved {
    store: Store,
    /// The number that this session is told to have.
    number: i64,
}

/// How long to leave a database alone that failed.
const RESPITE: Duration = Duration::from_secs(5);
/// After so many entries the limits are looked at.
const TRIM_EACH: usize = 64;

impl History {
    pub(crate) fn new(options: Options) -> Self {
        Self {
            limits: **options.limits.load(),
            options,
            store: None,
            number: None,
            unsaved: None,
            failed: None,
            has_complained: false,
            untrimmed: TRIM_EACH,
        }
    }

    /// Adds entries to the database, or remembers them until it takes them.
    pub(crate) fn add(&mut self, entries: Vec<Entry>) {
        self.untrimmed += entries.len();
        let limits = **self.options.limits.load();
        if self.limits != limits {
            self.limits = limits;
            self.untrimmed = TRIM_EACH;
        }
        let is_due = self.failed.is_none_or(|failed| failed.elapsed() > RESPITE);
        if !is_due || !self.write(&entries) {
            self.keep(&entries);
        }
    }

    /// The entries that are wanted, oldest first.
    pub(crate) fn select(&mut self, query: &Query) -> Vec<Found> {
        let current = self.number.or(self.unsaved.as_ref().map(|it| it.number));
        if self.failed.is_none()
            && let Err(error) = self.open()
        {
            self.complain(&error);
        }
        let select = |store: &Store| {
            store.select(query, current).unwrap_or_else(|error| {
                tracing::warn!("{error}");
                Vec::new()
            })
        };
        let mut found = self.store.as_ref().map(select).unwrap_or_default();
        let unsaved = self.unsaved.as_ref().map(|it| select(&it.store));
        let unsaved = unsaved.unwrap_or_default();
        if query.unique {
            let again = |old: &Found| unsaved.iter().any(|new| new.entry.input == old.entry.input);
            found.retain(|old| !again(old));
        }
        found.extend(unsaved);
        if let Some(newest) = query.newest {
            found.drain(..found.len().saturating_sub(newest));
        }
        found
    }

    /// Deletes a part of what is beyond the limits. Returns whether there is more.
    pub(crate) fn trim(&mut self) -> bool {
        let (Some(store), None) = (&mut self.store, self.failed) else {
            return false;
        };
        if self.untrimmed < TRIM_EACH {
            return false;
        }
        match store.trim(&self.limits, SystemTime::now()) {
            Ok(true) => true,
            Ok(false) => {
                self.untrimmed = 0;
                false
            }
            Err(error) => {
                self.untrimmed = 0;
                self.complain(&error);
                false
            }
        }
    }

    /// Tries once more to write what is unsaved, and notes the end of the session.
    pub(crate) fn end(mut self) {
        if self.unsaved.is_some() {
            self.write(&[]);
        }
        self.look_for_the_file();
        if let (Some(store), Some(number)) = (&self.store, self.number)
            && let Err(error) = store.end(number, SystemTime::now())
        {
            tracing::debug!("{error}");
        }
    }

    /// Writes what was unsaved and these into the database. Returns whether it took them.
    fn write(&mut self, entries: &[Entry]) -> bool {
        if self.options.place == Place::Memory {
            return false;
        }
        match self.try_write(entries) {
            Ok(()) => {
                self.unsaved = None;
                self.failed = None;
                if mem::take(&mut self.has_complained) {
                    tracing::warn!("the history is written again");
                }
                true
            }
            Err(error) => {
                self.failed = Some(Instant::now());
                self.complain(&error);
                false
            }
        }
    }

    fn try_write(&mut self, entries: &[Entry]) -> Result<(), HistoryError> {
        let mut all = match &self.unsaved {
            Some(unsaved) => unsaved.store.select(&Query::default(), None)?,
            None => Vec::new(),
        };
        let all: Vec<Entry> = all
            .drain(..)
            .map(|found| found.entry)
            .chain(entries.iter().cloned())
            .collect();
        self.open()?;
        if let Some(store) = &mut self.store {
            let number = store.append(&self.options.session, self.number, &all)?;
            self.number = Some(number);
        }
        Ok(())
    }

    fn open(&mut self) -> Result<(), HistoryError> {
        self.look_for_the_file();
        if let (None, Place::File(path)) = (&self.store, &self.options.place) {
            self.store = Some(Store::open(path)?);
        }
        Ok(())
    }

    /// Gives a database up that is not there any more, so that a new one begins.
    fn look_for_the_file(&mut self) {
        if self
            .store
            .as_ref()
            .is_some_and(|store| !store.is_in_place())
        {
            // Closing it would delete files by their names, which are those of a new one by now.
            mem::forget(self.store.take());
            self.number = None;
        }
    }

    /// Remembers entries that the database did not take.
    fn keep(&mut self, entries: &[Entry]) {
        if let Err(error) = self.try_keep(entries) {
            tracing::warn!("the history could not even be kept in memory: {error}");
        }
    }

    fn try_keep(&mut self, entries: &[Entry]) -> Result<(), HistoryError> {
        let unsaved = match &mut self.unsaved {
            Some(unsaved) => unsaved,
            none => {
                let next = || self.store.as_ref()?.next_session().ok();
                let number = self.number.or_else(next).unwrap_or(1);
                let store = Store::in_memory()?;
                none.insert(Unsaved { store, number })
            }
        };
        let Unsaved { store, number } = unsaved;
        store.append(&self.options.session, Some(*number), entries)?;
        while store.trim(&Limits::IN_MEMORY, SystemTime::now())? {}
        Ok(())
    }

    fn complain(&mut self, error: &HistoryError) {
        self.failed = Some(Instant::now());
        if !mem::replace(&mut self.has_complained, true) {
            tracing::warn!("{error}; until then what is run is remembered in memory alone");
        }
    }
}

#[cfg(test)]
mod tests;
