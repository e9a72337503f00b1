use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use nix::unistd::geteuid;
use perilune_lock::OwnLock;

use crate::error::DaemonError;
use crate::private_folder::{Missing, PrivateFolder};
use crate::process::ProcessIdentity;

/// A name that one process has, for as long as it lives.
///
/// The truth is a lock on the file, which the system takes back when its holder ends, however it
/// ends. What is written in the file is information for whoever looks.
#[derive(Debug)]
pub struct PidFile {
    folder: Arc<PrivateFolder>,
    name: String,
    file: OwnLock,
}

/// What became of an attempt to have a name.
#[derive(Debug)]
pub struct Claim {
    /// The name is ours.
    pub pid_file: PidFile,
    /// Who had it before and ended without giving it back, as one that is killed does.
    pub predecessor: Option<ProcessIdentity>,
}

/// How things stand with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// A process has it; which one, where it has said so already.
    Held(Option<ProcessIdentity>),
    /// Nobody has it; who had it last, where that process did not give it back.
    Free(Option<ProcessIdentity>),
}

/// No PID file of ours is larger.
const LARGEST: u64 = 4096;
/// How long a claim waits for a lock whose holder is not written down.
const PATIENCE: Duration = Duration::from_secs(2);
const STEP_ASIDE: Duration = Duration::from_millis(5);

impl PidFile {
    /// Takes a name for this process, and writes down who it is.
    ///
    /// # Errors
    ///
    /// [`DaemonError::Held`] when another process has the name, [`DaemonError::ForeignFile`] when
    /// something else is in the file's place, [`DaemonError::System`] when the system refuses.
    pub fn claim(folder: &Arc<PrivateFolder>, name: &str) -> Result<Claim, DaemonError> {
        let path = path_of(folder, name);
        let deadline = Instant::now() + PATIENCE;
        loop {
            let file = open(folder, name, Missing::IsMade)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    let holder = read(&file).filter(ProcessIdentity::is_alive);
                    // Who is not written down may only be looking, or has not written it yet.
                    if holder.is_none() && Instant::now() < deadline {
                        thread::sleep(STEP_ASIDE);
                        continue;
                    }
                    return Err(DaemonError::Held { path, holder });
                }
                Err(TryLockError::Error(error)) => {
                    return Err(DaemonError::system("locking", &path)(error));
                }
            }
            if !is_in_place(folder, name, &file)
                .map_err(DaemonError::system("looking at", &path))?
            {
                // The one before us removed it between our opening and our locking it.
                continue;
            }
            let predecessor = read(&file);
            let pid_file = Self {
                folder: Arc::clone(folder),
                name: name.to_owned(),
                file: OwnLock::of(file),
            };
            pid_file
                .write(&ProcessIdentity::of_this_process())
                .map_err(DaemonError::system("writing", &path))?;
            return Ok(Claim {
                pid_file,
                predecessor,
            });
        }
    }

    /// How things stand with a name, without taking it.
    ///
    /// # Errors
    ///
    /// As [`PidFile::claim`], but for [`DaemonError::Held`].
    pub fn look(folder: &PrivateFolder, name: &str) -> Result<Standing, DaemonError> {
        let path = path_of(folder, name);
        let file = match open(folder, name, Missing::IsAnError) {
            Err(DaemonError::System { error, .. }) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Standing::Free(None));
            }
            file => file?,
        };
        // Shared, so that those who look are not in each other's way; a claim waits for them.
        match file.try_lock_shared() {
            Ok(()) => Ok(Standing::Free(read(&file))),
            Err(TryLockError::WouldBlock) => Ok(Standing::Held(
                read(&file).filter(ProcessIdentity::is_alive),
            )),
            Err(TryLockError::Error(error)) => Err(DaemonError::system("locking", &path)(error)),
        }
    }

    /// Where it is.
    pub fn path(&self) -> PathBuf {
        path_of(&self.folder, &self.name)
    }

    fn write(&self, identity: &ProcessIdentity) -> io::Result<()> {
        let mut file = &*self.file;
        file.set_len(0)?;
        file.rewind()?;
        file.write_all(identity.to_text().as_bytes())
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        // While it is still locked, so that it is ours that is removed. It may be gone already, and
        // a file that stays is taken over by the next.
        if is_in_place(&self.folder, &self.name, &self.file).unwrap_or(false) {
            let _ = self.folder.remove_file(&self.name);
        }
    }
}

fn path_of(folder: &PrivateFolder, name: &str) -> PathBuf {
    folder.path().join(name)
}

fn open(folder: &PrivateFolder, name: &str, missing: Missing) -> Result<File, DaemonError> {
    let path = path_of(folder, name);
    let foreign = |reason| DaemonError::ForeignFile {
        path: path.clone(),
        reason,
    };
    let file = folder.open_file(name, missing).map_err(|error| {
        match nix::Error::from_raw(error.raw_os_error().unwrap_or_default()) {
            nix::Error::ELOOP => foreign("it is a link"),
            nix::Error::EISDIR => foreign("it is a folder"),
            nix::Error::ENXIO => foreign("it is a socket"),
            _ => DaemonError::system("opening", &path)(error),
        }
    })?;
    let metadata = file
        .metadata()
        .map_err(DaemonError::system("looking at", &path))?;
    if !metadata.is_file() {
        return Err(foreign("it is no plain file"));
    }
    if metadata.uid() != geteuid().as_raw() {
        return Err(foreign("it belongs to another user"));
    }
    if metadata.nlink() > 1 {
        return Err(foreign("it has another name too"));
    }
    if metadata.mode() & 0o022 != 0 {
        return Err(foreign("others may write to it"));
    }
    Ok(file)
}

fn is_in_place(folder: &PrivateFolder, name: &str, file: &File) -> io::Result<bool> {
    let metadata = file.metadata()?;
    match folder.identity_of(name) {
        Ok(identity) => Ok(identity == (metadata.dev(), metadata.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Who has written it; nobody if it is empty or holds something else.
fn read(mut file: &File) -> Option<ProcessIdentity> {
    let mut bytes = Vec::new();
    file.rewind().ok()?;
    file.take(LARGEST).read_to_end(&mut bytes).ok()?;
    ProcessIdentity::from_text(str::from_utf8(&bytes).ok()?)
}

#[cfg(test)]
mod tests;
