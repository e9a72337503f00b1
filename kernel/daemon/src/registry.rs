use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;

use nix::unistd::geteuid;

use crate::error::DaemonError;
use crate::folders::Folders;
use crate::name::Name;
use crate::pid_file::{PidFile, Standing};
use crate::private_folder::{Missing, PrivateFolder};
use crate::process::ProcessIdentity;
use crate::record::Record;

/// The user's kernels that live, or ended without a word: for each a PID file, whose lock is the
/// truth, and what the kernel says of itself.
#[derive(Debug, Clone)]
pub struct Registry {
    folder: Arc<PrivateFolder>,
}

/// A kernel's place in the registry, for as long as it is kept. It goes when this is dropped.
#[derive(Debug)]
pub struct Registration {
    name: Name,
    // The record goes first, while the lock is held.
    record: WrittenRecord,
    pid_file: PidFile,
    /// Who had the name before and did not give it back, as one that is killed does.
    pub predecessor: Option<Predecessor>,
}

/// A kernel that ended without giving its name back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Predecessor {
    /// Which process it was, where that can be read.
    pub process: Option<ProcessIdentity>,
    /// What it said of itself, where that can be read.
    pub record: Option<Record>,
}

/// What the registry knows of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The name.
    pub name: Name,
    /// Who has it, if anybody.
    pub standing: Standing,
    /// What the kernel that has it, or had it last, says of itself; nothing if it has not yet.
    pub record: Option<Record>,
}

impl Entry {
    /// Whether a process has the name. Whether it is well only itself can say.
    pub fn is_held(&self) -> bool {
        matches!(self.standing, Standing::Held(_))
    }
}

#[derive(Debug)]
struct WrittenRecord {
    folder: Arc<PrivateFolder>,
    name: Name,
}

/// No record of ours is larger.
const LARGEST: u64 = 1 << 20;

impl Registry {
    /// Opens it; makes its folder where it is not there.
    ///
    /// # Errors
    ///
    /// [`DaemonError::UnsafeFolder`] and [`DaemonError::System`], about the folder.
    pub fn open(folders: &Folders) -> Result<Self, DaemonError> {
        // Both are made for the user alone, whatever is above them.
        PrivateFolder::open(folders.state())?;
        let folder = Arc::new(PrivateFolder::open(&folders.runtime())?);
        Ok(Self { folder })
    }

    /// Takes a name for this process.
    ///
    /// # Errors
    ///
    /// [`DaemonError::Held`] when another process has it; [`DaemonError::ForeignFile`] and
    /// [`DaemonError::System`] about the PID file.
    pub fn claim(&self, name: &Name) -> Result<Registration, DaemonError> {
        let claim = PidFile::claim(&self.folder, &pid_file(name))?;
        let record = self.record(name).ok().flatten();
        let is_taken_over = claim.predecessor.is_some() || record.is_some();
        Ok(Registration {
            name: name.clone(),
            record: WrittenRecord {
                folder: Arc::clone(&self.folder),
                name: name.clone(),
            },
            pid_file: claim.pid_file,
            predecessor: is_taken_over.then_some(Predecessor {
                process: claim.predecessor,
                record,
            }),
        })
    }

    /// What is known of a name.
    ///
    /// # Errors
    ///
    /// [`DaemonError::ForeignFile`] and [`DaemonError::System`] about the PID file. A record that
    /// cannot be read is none.
    pub fn find(&self, name: &Name) -> Result<Entry, DaemonError> {
        let standing = PidFile::look(&self.folder, &pid_file(name))?;
        Ok(Entry {
            name: name.clone(),
            standing,
            record: self.record(name).ok().flatten(),
        })
    }

    /// All names that somebody has, or had and did not give back; in order.
    ///
    /// # Errors
    ///
    /// When the folder cannot be read. What is not a PID file of ours is left out.
    pub fn entries(&self) -> Result<Vec<Entry>, DaemonError> {
        let files = self
            .folder
            .names()
            .map_err(DaemonError::system("reading", self.folder.path()))?;
        let mut names: Vec<Name> = files
            .iter()
            .filter_map(|file| file.strip_suffix(PID_FILE)?.parse().ok())
            .collect();
        names.sort();
        Ok(names
            .iter()
            .filter_map(|name| self.find(name).ok())
            .collect())
    }

    /// Forgets a kernel that ended without giving its name back. Returns what it left, or nothing
    /// where nothing was left.
    ///
    /// # Errors
    ///
    /// As [`Registry::claim`]: [`DaemonError::Held`] when it lives.
    pub fn forget(&self, name: &Name) -> Result<Option<Predecessor>, DaemonError> {
        Ok(self.claim(name)?.predecessor)
    }

    /// What the kernel of a name says of itself.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or is not what a kernel writes.
    pub fn record(&self, name: &Name) -> Result<Option<Record>, DaemonError> {
        let file = record(name);
        let path = self.folder.path().join(&file);
        let unreadable = |reason: &str| DaemonError::Record {
            path: path.clone(),
            reason: reason.to_owned(),
        };
        let file = match self.folder.open_file(&file, Missing::IsAnError) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file.map_err(DaemonError::system("opening", &path))?,
        };
        let metadata = file
            .metadata()
            .map_err(DaemonError::system("looking at", &path))?;
        if !metadata.is_file() || metadata.uid() != geteuid().as_raw() {
            return Err(unreadable("it is no plain file of this user's"));
        }
        let mut text = Vec::new();
        file.take(LARGEST)
            .read_to_end(&mut text)
            .map_err(DaemonError::system("reading", &path))?;
        let record: Record =
            serde_json::from_slice(&text).map_err(|error| unreadable(&error.to_string()))?;
        if record.name != *name {
            return Err(unreadable("it is another kernel's"));
        }
        Ok(Some(record))
    }
}

impl Registration {
    /// The name that is held.
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// Where the PID file is.
    pub fn pid_file(&self) -> PathBuf {
        self.pid_file.path()
    }

    /// Writes down what this kernel says of itself, in the place of what it said before.
    ///
    /// # Errors
    ///
    /// When it cannot be written, as on a full disk, or a path in it is not UTF-8.
    pub fn write(&self, record: &Record) -> Result<(), DaemonError> {
        self.record.write(record)
    }
}

impl WrittenRecord {
    fn write(&self, record: &Record) -> Result<(), DaemonError> {
        let name = self::record(&self.name);
        let path = self.folder.path().join(&name);
        let mut text = serde_json::to_vec_pretty(record)
            .map_err(io::Error::other)
            .map_err(DaemonError::system("writing", &path))?;
        text.push(b'\n');
        self.folder
            .write_file(&name, &draft(&self.name), &text)
            .map_err(DaemonError::system("writing", &path))
    }
}

impl Drop for WrittenRecord {
    fn drop(&mut self) {
        // It may never have been written, and one that stays is replaced by the next.
        let _ = self.folder.remove_file(&record(&self.name));
        let _ = self.folder.remove_file(&draft(&self.name));
    }
}

const PID_FILE: &str = ".pid";

fn pid_file(name: &Name) -> String {
    format!("{name}{PID_FILE}")
}

fn record(name: &Name) -> String {
    format!("{name}.json")
}

fn draft(name: &Name) -> String {
    format!("{name}.new")
}

#[cfg(test)]
mod tests;
