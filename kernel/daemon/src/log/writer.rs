use std::fmt;
use std::fs::{File, TryLockError};
use std::io::{self, BufRead, BufReader, Read, Seek, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, SystemTime};

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::libc;

use super::clock::{Clock, SystemClock};
use super::entry::Entry;
use super::folder::{FileId, LogFolder};
use super::limits::Limits;
use super::names::Form;
use super::upkeep::Upkeep;
use crate::error::DaemonError;

/// A log on disk, that several threads and processes may write at once.
///
/// A line is written by one call at the file's end, so it is whole and never within another's. The
/// file has one descriptor for as long as the log is open: after a rotation the same number leads
/// to the new file, and so do those that were [led](LogFile::lead) here.
///
/// Whoever has the file open holds a shared lock on it. A rotated file is compressed, and then
/// removed, by who gets it alone: so nobody writes a line any more into what is thrown away.
pub struct LogFile {
    folder: Arc<LogFolder>,
    limits: RwLock<Limits>,
    clock: Box<dyn Clock>,
    /// The line that tells how many were lost.
    notice: Box<dyn Fn(u64) -> Vec<u8> + Send + Sync>,
    upkeep: Upkeep,
    lost: AtomicU64,
    state: Mutex<State>,
}

struct State {
    file: File,
    id: FileId,
    /// When the first line of the file was written.
    begun: SystemTime,
    /// How many lines were lost since the last one that was not.
    untold: u64,
    /// Whether the file's end is a piece of a line.
    torn: bool,
    led: Vec<BorrowedFd<'static>>,
}

/// A file that was opened, with what must be known of it.
struct Opened {
    file: File,
    id: FileId,
    begun: SystemTime,
    torn: bool,
}

/// How a file ends after a write that failed.
#[derive(PartialEq, Eq)]
enum End {
    /// With a whole line.
    Whole,
    /// With a piece of one.
    Torn,
}

/// Others may rotate the file while it is opened; so often it is opened anew.
const OPENINGS: usize = 16;
/// How far a file is searched for the time of its first line.
const SEARCHED: u64 = 64 << 10;

impl LogFile {
    /// Opens the log at a path, or begins it. `notice` makes the line that tells of lost ones.
    ///
    /// # Errors
    ///
    /// [`DaemonError::UnusableLog`] when what is there is nothing to log into;
    /// [`DaemonError::System`] when the system refuses.
    pub fn open(
        path: &Path,
        limits: Limits,
        notice: impl Fn(u64) -> Vec<u8> + Send + Sync + 'static,
    ) -> Result<Self, DaemonError> {
        Self::open_with_clock(path, limits, notice, SystemClock)
    }

    /// [`LogFile::open`], with another clock than the machine's.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn open_with_clock(
        path: &Path,
        limits: Limits,
        notice: impl Fn(u64) -> Vec<u8> + Send + Sync + 'static,
        clock: impl Clock + 'static,
    ) -> Result<Self, DaemonError> {
        let folder = Arc::new(LogFolder::of(path)?);
        let opened = open(&folder, clock.now())?;
        let log = Self {
            upkeep: Upkeep::of(Arc::clone(&folder)),
            folder,
            limits: RwLock::new(limits),
            clock: Box::new(clock),
            notice: Box::new(notice),
            lost: AtomicU64::new(0),
            state: Mutex::new(State {
                file: opened.file,
                id: opened.id,
                begun: opened.begun,
                untold: 0,
                torn: opened.torn,
                led: Vec::new(),
            }),
        };
        // What a process that was killed left undone.
        log.upkeep.begin(&log.limits(), log.clock.now());
        Ok(log)
    }

    /// Where the file is that is written to.
    pub fn path(&self) -> PathBuf {
        self.folder.current_path()
    }

    /// How many lines could not be written, as when the disk was full.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Changes the limits, also for the files that are there.
    pub fn set_limits(&self, limits: Limits) {
        self.upkeep.begin(&limits, self.clock.now());
        *self.limits.write().unwrap_or_else(PoisonError::into_inner) = limits;
    }

    fn limits(&self) -> RwLockReadGuard<'_, Limits> {
        self.limits.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The descriptor, which leads to the file that is written to for as long as the log is open.
    pub fn descriptor(&self) -> RawFd {
        self.lock().file.as_raw_fd()
    }

    /// Puts this log in the place of standard output and error, for as long as nobody puts something
    /// else there. What C code, a child or a dying process writes there is in the log then.
    ///
    /// # Errors
    ///
    /// When the system refuses.
    pub fn take_standard(&self) -> io::Result<()> {
        let state = self.lock();
        nix::unistd::dup2_stdout(&state.file)?;
        nix::unistd::dup2_stderr(&state.file)?;
        Ok(())
    }

    /// Lets a descriptor lead here too, from now on and after each rotation.
    ///
    /// # Errors
    ///
    /// When the system refuses.
    pub fn lead(&self, descriptor: BorrowedFd<'static>) -> io::Result<()> {
        let mut state = self.lock();
        replace(&state.file, descriptor)?;
        state.led.push(descriptor);
        Ok(())
    }

    /// Writes a line, which ends with a line feed and has no other.
    pub fn write_line(&self, line: &[u8]) {
        let mut state = self.lock();
        let now = self.clock.now();
        let mut lines = Vec::new();
        if state.torn {
            lines.push(b'\n');
        }
        if state.untold > 0 {
            lines.extend((self.notice)(state.untold));
        }
        let line = if lines.is_empty() {
            line
        } else {
            lines.extend(line);
            &lines
        };
        // A file that cannot be looked at may still be written.
        let _ = self.turn(&mut state, line.len(), now);
        match append(&state.file, line) {
            Ok(()) => (state.untold, state.torn) = (0, false),
            Err(end) => {
                state.untold += 1;
                state.torn |= end == End::Torn;
                self.lost.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Ends the file if it must end before so many bytes more, and goes on in the one that is in
    /// its place if another process did.
    fn turn(&self, state: &mut State, length: usize, now: SystemTime) -> io::Result<()> {
        let current = self.folder.names().current();
        let Some(found) = self.folder.look(current)?.filter(|it| it.id == state.id) else {
            return self.move_to_current(state, now);
        };
        // Whose beginning lies in the future was begun before the clock was set back.
        state.begun = state.begun.min(now);
        let age = now.duration_since(state.begun).unwrap_or(Duration::ZERO);
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        if found.size == 0 {
            state.begun = now;
        }
        if !self.limits().are_reached(found.size, length, age) {
            return Ok(());
        }
        // Who has it renames the file for us too: the next line will see it.
        let Some(_locked) = self.folder.try_lock()? else {
            return Ok(());
        };
        match self.folder.look(current)? {
            Some(found) if found.id == state.id => {}
            _ => return self.move_to_current(state, now),
        }
        let last = self.folder.rotated()?.keys().next_back().copied();
        let rotated = self
            .folder
            .names()
            .rotated(last.unwrap_or(0) + 1, Form::Plain);
        self.folder.rename(current, &rotated)?;
        if let Err(error) = self.move_to_current(state, now) {
            // There is no room for a new file: on in the old one.
            self.folder.rename_to_free(&rotated, current)?;
            return Err(error);
        }
        self.upkeep.begin(&self.limits(), now);
        Ok(())
    }

    fn move_to_current(&self, state: &mut State, now: SystemTime) -> io::Result<()> {
        let opened = open(&self.folder, now).map_err(io::Error::other)?;
        for descriptor in &state.led {
            replace(&opened.file, *descriptor)?;
        }
        replace(&opened.file, state.file.as_fd())?;
        (state.id, state.begun, state.torn) = (opened.id, opened.begun, opened.torn);
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for LogFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("LogFile")
            .field("path", &self.path())
            .field("limits", &*self.limits())
            .finish_non_exhaustive()
    }
}

/// Opens the file that is in the current one's place, with a shared lock on it.
fn open(folder: &LogFolder, now: SystemTime) -> Result<Opened, DaemonError> {
    let path = folder.current_path();
    let system = |what| DaemonError::system(what, &path);
    for _ in 0..OPENINGS {
        let file = folder.open_to_write()?;
        match file.try_lock_shared() {
            Ok(()) => {}
            // It was rotated in this moment, and is being compressed.
            Err(TryLockError::WouldBlock) => continue,
            Err(TryLockError::Error(error)) => return Err(system("locking")(error)),
        }
        let id = FileId::of(&file).map_err(system("looking at"))?;
        let found = folder
            .look(folder.names().current())
            .map_err(system("looking at"))?;
        match found {
            Some(found) if found.id == id => {
                let (begun, torn) = if found.size == 0 {
                    (Some(now), false)
                } else {
                    // A file that cannot be read is as good as one that begins now.
                    ends(folder, found.size).unwrap_or((Some(now), false))
                };
                return Ok(Opened {
                    file,
                    id,
                    begun: begun.unwrap_or(found.modified),
                    torn,
                });
            }
            _ => {}
        }
    }
    Err(system("opening")(io::Error::other(
        "somebody else replaces it all the time",
    )))
}

/// When the first line was written, as it says itself, and whether the last one is a piece.
fn ends(folder: &LogFolder, size: u64) -> io::Result<(Option<SystemTime>, bool)> {
    let file = folder.open_to_read(folder.names().current())?;
    let mut last = [b'\n'];
    file.read_exact_at(&mut last, size - 1)?;
    let begun = BufReader::new(file.take(SEARCHED))
        .split(b'\n')
        .map_while(Result::ok)
        .find_map(|line| Entry::parse(&line).time);
    Ok((begun, last != [b'\n']))
}

/// Appends a line. Where it could be written in part only, that part is taken back.
fn append(mut file: &File, line: &[u8]) -> Result<(), End> {
    let mut rest = line;
    while !rest.is_empty() {
        match file.write(rest) {
            Ok(0) => break,
            Ok(written) => rest = &rest[written..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    if rest.is_empty() {
        return Ok(());
    }
    let written = line.len() - rest.len();
    if written == 0 {
        return Err(End::Whole);
    }
    match take_back(file, written) {
        Ok(true) => Err(End::Whole),
        Ok(false) | Err(_) => Err(End::Torn),
    }
}

/// Cuts off what was written last, unless somebody has written behind it.
fn take_back(mut file: &File, written: usize) -> io::Result<bool> {
    let end = file.stream_position()?;
    let written = u64::try_from(written).unwrap_or(u64::MAX);
    if file.metadata()?.len() != end || written > end {
        return Ok(false);
    }
    file.set_len(end - written)?;
    Ok(true)
}

/// Lets a descriptor lead to another file, between two writes to it.
fn replace(file: &File, descriptor: BorrowedFd<'_>) -> io::Result<()> {
    let flags = fcntl(descriptor, FcntlArg::F_GETFD)?;
    // SAFETY: a descriptor that is open, as a borrowed one is, stays open: it only leads elsewhere,
    // to a file that can be written as the one before.
    if unsafe { libc::dup2(file.as_raw_fd(), descriptor.as_raw_fd()) } < 0 {
        return Err(io::Error::last_os_error());
    }
    fcntl(
        descriptor,
        FcntlArg::F_SETFD(FdFlag::from_bits_retain(flags)),
    )?;
    Ok(())
}
