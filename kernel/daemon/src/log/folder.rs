use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use nix::dir::Dir;
use nix::fcntl::{AtFlags, OFlag, openat, renameat};
use nix::sys::stat::{FileStat, Mode, fstatat};
use nix::unistd::{LinkatFlags, UnlinkatFlags, geteuid, linkat, unlinkat};

use super::limits::Old;
use super::names::{Form, Names};
use crate::error::DaemonError;

/// The folder that a log's files are in, held open: what is done here is done in this folder,
/// whatever its path leads to later. No link in it is ever followed.
#[derive(Debug)]
pub(crate) struct LogFolder {
    folder: File,
    path: PathBuf,
    names: Names,
}

/// Which file, whatever it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    pub fn of(file: &File) -> io::Result<Self> {
        let metadata = file.metadata()?;
        Ok(Self {
            device: metadata.dev(),
            inode: metadata.ino(),
        })
    }

    #[allow(
        clippy::useless_conversion,
        clippy::unnecessary_cast,
        reason = "the types differ between systems"
    )]
    fn of_stat(stat: &FileStat) -> Self {
        Self {
            device: stat.st_dev as u64,
            inode: stat.st_ino as u64,
        }
    }
}

/// What has a name in the folder.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    pub id: FileId,
    /// In bytes.
    pub size: u64,
    pub modified: SystemTime,
}

/// A rotated file: in which forms it is there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Forms {
    pub plain: bool,
    pub gzip: bool,
    pub partial: bool,
}

impl LogFolder {
    /// The folder of the log that is, or is to be, at a path.
    pub fn of(log: &Path) -> Result<Self, DaemonError> {
        let unusable = |reason| DaemonError::UnusableLog {
            path: log.to_owned(),
            reason,
        };
        let name = log
            .file_name()
            .and_then(|name| name.to_str())
            .ok_or_else(|| unusable("its name is no text"))?;
        let path = match log.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        let folder = File::open(path).map_err(DaemonError::system("opening", path))?;
        if !folder.metadata().is_ok_and(|metadata| metadata.is_dir()) {
            return Err(unusable("what it should be in is no folder"));
        }
        Ok(Self {
            folder,
            path: path.to_owned(),
            names: Names::of(name),
        })
    }

    pub fn names(&self) -> &Names {
        &self.names
    }

    /// Where the file is that is written to.
    pub fn current_path(&self) -> PathBuf {
        self.path.join(self.names.current())
    }

    /// Opens the file that is written to, at its end; makes it, for its owner alone.
    pub fn open_to_write(&self) -> Result<File, DaemonError> {
        let path = self.current_path();
        let flags = OFlag::O_WRONLY | OFlag::O_APPEND | OFlag::O_CREAT;
        let file = self
            .open(self.names.current(), flags)
            .map_err(|error| match error {
                nix::Error::ELOOP => self.unusable("it is a link"),
                nix::Error::EISDIR => self.unusable("it is a folder"),
                nix::Error::ENXIO => self.unusable("nobody reads it, or it is a socket"),
                error => DaemonError::system("opening", &path)(error),
            })?;
        let metadata = file
            .metadata()
            .map_err(DaemonError::system("looking at", &path))?;
        if !metadata.is_file() {
            return Err(self.unusable("it is no plain file"));
        }
        if metadata.uid() != geteuid().as_raw() {
            return Err(self.unusable("it belongs to another user"));
        }
        if metadata.nlink() > 1 {
            return Err(self.unusable("it has another name too"));
        }
        if metadata.mode() & 0o022 != 0 {
            return Err(self.unusable("others may write to it"));
        }
        Ok(file)
    }

    fn unusable(&self, reason: &'static str) -> DaemonError {
        DaemonError::UnusableLog {
            path: self.current_path(),
            reason,
        }
    }

    pub fn open_to_read(&self, name: &str) -> io::Result<File> {
        Ok(self.open(name, OFlag::O_RDONLY)?)
    }

    /// Makes a file anew, for its owner alone.
    pub fn create(&self, name: &str) -> io::Result<File> {
        Ok(self.open(name, OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_TRUNC)?)
    }

    fn open(&self, name: &str, flags: OFlag) -> nix::Result<File> {
        // Not to be held up by a pipe that somebody put there.
        let flags = flags | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
        let mode = Mode::S_IRUSR | Mode::S_IWUSR;
        Ok(openat(&self.folder, name, flags, mode)?.into())
    }

    /// What has a name; nothing if nothing has.
    pub fn look(&self, name: &str) -> io::Result<Option<Found>> {
        match fstatat(&self.folder, name, AtFlags::AT_SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(Found {
                id: FileId::of_stat(&stat),
                size: stat.st_size.try_into().unwrap_or_default(),
                modified: time(stat.st_mtime, stat.st_mtime_nsec),
            })),
            Err(nix::Error::ENOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        Ok(renameat(&self.folder, from, &self.folder, to)?)
    }

    /// Gives a file another name, unless something has that already.
    pub fn rename_to_free(&self, from: &str, to: &str) -> io::Result<()> {
        let folder = self.folder.as_fd();
        linkat(folder, from, folder, to, LinkatFlags::empty())?;
        self.remove(from)
    }

    /// Removes what has a name, if something has.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        match unlinkat(&self.folder, name, UnlinkatFlags::NoRemoveDir) {
            Ok(()) | Err(nix::Error::ENOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The rotated files, oldest first.
    pub fn rotated(&self) -> io::Result<BTreeMap<u64, Forms>> {
        let mut rotated = BTreeMap::<u64, Forms>::new();
        let mut folder = Dir::openat(
            &self.folder,
            ".",
            OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC,
            Mode::empty(),
        )?;
        for entry in folder.iter() {
            let entry = entry?;
            let Some(found) = entry
                .file_name()
                .to_str()
                .ok()
                .and_then(|name| self.names.parse(name))
            else {
                continue;
            };
            let forms = rotated.entry(found.number).or_default();
            match found.form {
                Form::Plain => forms.plain = true,
                Form::Gzip => forms.gzip = true,
                Form::Partial => forms.partial = true,
            }
        }
        Ok(rotated)
    }

    /// The rotated files as the policy sees them.
    pub fn old(&self) -> io::Result<Vec<Old>> {
        let mut old = Vec::new();
        for (number, forms) in self.rotated()? {
            let form = if forms.plain { Form::Plain } else { Form::Gzip };
            // Others remove files too.
            if let Some(found) = self.look(&self.names.rotated(number, form))? {
                old.push(Old {
                    number,
                    modified: found.modified,
                });
            }
        }
        Ok(old)
    }

    /// Keeps other processes from renaming here, while it is held; nothing if one does.
    pub fn try_lock(&self) -> io::Result<Option<Locked<'_>>> {
        match self.folder.try_lock() {
            Ok(()) => Ok(Some(Locked(&self.folder))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

/// The folder while it is locked.
pub(crate) struct Locked<'a>(&'a File);

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        // The system takes the lock back at the latest when the process ends.
        let _ = self.0.unlock();
    }
}

#[allow(
    clippy::useless_conversion,
    reason = "the types differ between systems"
)]
fn time(seconds: i64, nanoseconds: i64) -> SystemTime {
    let since = Duration::new(
        u64::try_from(seconds).unwrap_or_default(),
        u32::try_from(nanoseconds).unwrap_or_default(),
    );
    SystemTime::UNIX_EPOCH + since
}
