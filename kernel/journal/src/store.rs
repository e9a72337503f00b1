use std::collections::VecDeque;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use nix::unistd::geteuid;
use perilune_lock::OwnLock;

use crate::clock::{Clock, Stamp};
use crate::error::JournalError;
use crate::limits::Limits;
use crate::message::Message;
use crate::page::{Page, Query};
use crate::record::{Record, Sequence};
use crate::segment::{Segment, write_whole};
use crate::shelf::Shelf;

/// A journal that is written: the one writer of its folder.
#[derive(Debug)]
pub struct Store<C> {
    folder: PathBuf,
    limits: Limits,
    clock: C,
    opened: Stamp,
    segments: Vec<Segment>,
    /// The last segment, to write at its end.
    file: Option<File>,
    /// What could not be written yet, oldest first.
    waiting: VecDeque<Record>,
    waiting_bytes: usize,
    last: Sequence,
    began: Sequence,
    /// What was said of a disk that takes nothing.
    trouble: Option<String>,
    unsynced: bool,
    aged: Option<Stamp>,
    _lock: OwnLock,
}

/// So much is kept in memory while the disk takes nothing.
const MOST_WAITING: usize = 4 << 20;
/// How many names that others have taken are passed over.
const MOST_TAKEN_NAMES: usize = 16;

impl<C: Clock> Store<C> {
    /// Opens the journal of a folder, which is made if it is not there, and goes on behind what is
    /// in it. What an end in the middle of a write left is cut off.
    ///
    /// # Errors
    ///
    /// [`JournalError::InUse`], [`JournalError::UnsafeFolder`], [`JournalError::System`].
    pub fn open(folder: &Path, limits: Limits, clock: C) -> Result<Self, JournalError> {
        make_private(folder)?;
        let lock = lock(folder)?;
        let mut segments =
            Segment::of_folder(folder).map_err(JournalError::system("reading", folder))?;
        segments.retain(Segment::is_ours);
        let mut store = Self {
            folder: folder.to_owned(),
            limits,
            opened: clock.now(),
            clock,
            segments,
            file: None,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            last: Sequence::default(),
            began: Sequence::default(),
            trouble: None,
            unsynced: false,
            aged: None,
            _lock: lock,
        };
        store.find_end()?;
        store.began = store.last;
        store.trim();
        Ok(store)
    }

    /// Finds the last number, and cuts what is torn behind it.
    fn find_end(&mut self) -> Result<(), JournalError> {
        let Some(segment) = self.segments.last_mut() else {
            return Ok(());
        };
        let path = segment.path.clone();
        let mut records = segment
            .read()
            .map_err(JournalError::system("reading", &path))?;
        let mut last = Sequence(segment.begins.0.saturating_sub(1));
        for record in records.by_ref() {
            segment.first.get_or_insert(record.stamp);
            segment.last = Some(record.stamp);
            last = record.sequence;
        }
        let good = records.good() as u64;
        let file = segment
            .append()
            .map_err(JournalError::system("opening", &path))?;
        if good < segment.bytes {
            file.set_len(good)
                .map_err(JournalError::system("mending", &path))?;
            segment.bytes = good;
            // Whoever reads on shall know that something was there.
            last = last.next();
            tracing::warn!(journal = %segment.path.display(), "the journal's torn end was cut off");
        }
        self.file = Some(file);
        self.last = last;
        Ok(())
    }

    /// Adds messages, each behind as many that were lost before it. All that fits is written when
    /// this returns; while the disk takes nothing, the newest wait in memory.
    pub fn append(&mut self, messages: impl IntoIterator<Item = (u64, Message)>) {
        let stamp = self.clock.now();
        for (lost, message) in messages {
            self.last = Sequence(self.last.0.saturating_add(lost)).next();
            let record = Record {
                sequence: self.last,
                stamp,
                message,
            };
            let size = record.size();
            if size > self.limits.message() {
                tracing::warn!(bytes = size, "a message is too large for the journal");
                continue;
            }
            self.waiting_bytes += size;
            self.waiting.push_back(record);
        }
        self.write();
        self.trim();
    }

    /// Does what time brings: writes what waits, lets go what is too old, and sees to it that what
    /// was written outlives the machine's end too.
    pub fn tend(&mut self) {
        self.write();
        self.trim();
        if std::mem::take(&mut self.unsynced)
            && let Some(Err(error)) = self.file.as_ref().map(File::sync_data)
        {
            self.complain(&error);
        }
    }

    /// Whether [`Store::tend`] has something to do soon.
    pub fn is_unsettled(&self) -> bool {
        self.unsynced || !self.waiting.is_empty()
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

    /// The last number there was when the journal was opened.
    pub fn began(&self) -> Sequence {
        self.began
    }

    /// The last number that was given.
    pub fn last(&self) -> Sequence {
        self.last
    }

    /// The first number that may still be there.
    pub fn first(&self) -> Sequence {
        match (self.segments.first(), self.waiting.front()) {
            (Some(segment), _) => segment.begins,
            (None, Some(record)) => record.sequence,
            (None, None) => self.last.next(),
        }
    }

    /// Bytes on disk.
    pub fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.bytes).sum()
    }

    /// Why the disk takes nothing now, if it does not.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    fn shelf(&self) -> Shelf<'_, std::collections::vec_deque::Iter<'_, Record>> {
        Shelf {
            segments: &self.segments,
            waiting: self.waiting.iter(),
            last: self.last,
        }
    }

    fn write(&mut self) {
        let mut buffer = Vec::new();
        while !self.waiting.is_empty() {
            if let Err(error) = self.write_some(&mut buffer) {
                self.complain(&error);
                break;
            }
            if self.trouble.take().is_some() {
                tracing::info!("the journal is written again");
            }
        }
        while self.waiting_bytes > MOST_WAITING {
            let Some(record) = self.waiting.pop_front() else {
                break;
            };
            self.waiting_bytes -= record.size();
        }
    }

    /// Writes as many records as belong into one segment, at once.
    fn write_some(&mut self, buffer: &mut Vec<u8>) -> io::Result<()> {
        self.make_room()?;
        let (Some(file), Some(segment)) = (&self.file, self.segments.last_mut()) else {
            return Ok(());
        };
        buffer.clear();
        let mut count = 0;
        for record in &self.waiting {
            record.encode(buffer);
            count += 1;
            if segment.bytes + buffer.len() as u64 >= self.limits.segment() {
                break;
            }
        }
        write_whole(file, segment.bytes, buffer)?;
        segment.bytes += buffer.len() as u64;
        self.waiting_bytes -= buffer.len();
        self.unsynced = true;
        for record in self.waiting.drain(..count) {
            segment.first.get_or_insert(record.stamp);
            segment.last = Some(record.stamp);
        }
        Ok(())
    }

    /// Begins another segment where the last one is full or old.
    fn make_room(&mut self) -> io::Result<()> {
        let now = self.clock.now();
        if let Some(segment) = self.segments.last()
            && self.file.is_some()
            && segment.bytes < self.limits.segment()
            && !segment
                .first
                .is_some_and(|first| self.limits.closes(first, now))
        {
            return Ok(());
        }
        if let Some(full) = self.file.take() {
            full.sync_data()?;
        }
        for _ in 0..MOST_TAKEN_NAMES {
            let Some(next) = self.waiting.front() else {
                return Ok(());
            };
            match Segment::create(&self.folder, next.sequence) {
                Ok((segment, file)) => {
                    self.segments.push(segment);
                    self.file = Some(file);
                    return Ok(());
                }
                // Something that is not ours: a number is spent, for its name.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    for record in &mut self.waiting {
                        record.sequence = record.sequence.next();
                    }
                    self.last = self.last.next();
                }
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// Keeps no more than this from now on.
    pub fn limit(&mut self, limits: Limits) {
        if self.limits != limits {
            self.limits = limits;
            self.aged = None;
            self.trim();
        }
    }

    fn trim(&mut self) {
        let now = self.clock.now();
        let judges_age = self
            .aged
            .is_none_or(|aged| aged.age(now).is_none_or(|age| age > self.limits.age / 1000));
        if judges_age {
            self.aged = Some(now);
        }
        while self.segments.len() > 1 {
            if judges_age {
                for segment in &mut self.segments[..2] {
                    // What cannot be read has no age, and goes by its size.
                    let _ = segment.date();
                }
            }
            let extents: Vec<_> = self.segments.iter().map(Segment::extent).collect();
            if self.limits.excess(&extents, self.opened, now) == 0 {
                return;
            }
            let path = &self.segments[0].path;
            match fs::remove_file(path) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => {
                    tracing::warn!(journal = %path.display(), %error, "an old part of the journal could not be removed");
                    return;
                }
            }
            self.segments.remove(0);
        }
    }

    /// Says once what is wrong with the disk.
    fn complain(&mut self, error: &io::Error) {
        if self.trouble.is_none() {
            let folder = self.folder.display();
            tracing::warn!(journal = %folder, %error, "the journal cannot be written; the newest messages are kept in memory until it can");
        }
        self.trouble = Some(error.to_string());
    }
}

/// A folder that only this user may enter.
fn make_private(folder: &Path) -> Result<(), JournalError> {
    let system = |what| JournalError::system(what, folder);
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(system("making"))?;
    let metadata = fs::symlink_metadata(folder).map_err(system("looking at"))?;
    let unsafe_folder = |reason| JournalError::UnsafeFolder {
        path: folder.to_owned(),
        reason,
    };
    if !metadata.is_dir() {
        return Err(unsafe_folder("it is a link"));
    }
    if metadata.uid() != geteuid().as_raw() {
        return Err(unsafe_folder("it belongs to another user"));
    }
    if metadata.permissions().mode() & 0o077 != 0 {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
            .map_err(system("closing to others"))?;
    }
    Ok(())
}

/// What a journal's one writer locks.
pub(crate) const LOCK: &str = "lock";

/// Held for as long as the journal is open; gone with the process, however it ends.
pub(crate) fn lock(folder: &Path) -> Result<OwnLock, JournalError> {
    let path = folder.join(LOCK);
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits())
        .open(&path)
        .map_err(JournalError::system("opening", &path))?;
    held(file, folder)
}

/// The lock on a file that is still in its place: a sweep may have removed it, with the folder,
/// since it was opened, and what is gone keeps nobody away.
fn held(file: File, folder: &Path) -> Result<OwnLock, JournalError> {
    let in_use = || JournalError::InUse(folder.to_owned());
    file.try_lock().map_err(|_| in_use())?;
    let lock = OwnLock::of(file);
    let path = folder.join(LOCK);
    let locked = lock
        .metadata()
        .map_err(JournalError::system("looking at", &path))?;
    let is_in_place = fs::symlink_metadata(&path)
        .is_ok_and(|found| (found.dev(), found.ino()) == (locked.dev(), locked.ino()));
    is_in_place.then_some(lock).ok_or_else(in_use)
}

#[cfg(test)]
mod tests;
