//! The file that a session is saved in.
//!
//! It is there whole or not at all, whenever the process or the machine ends: it is written beside,
//! made durable, and then renamed. Its last 32 bytes are the SHA-256 of all that is before them,
//! since what it holds is code, and Lua would crash on code that is damaged. In order:
//!
//! - the line `perilune state 1`, whose number is that of this format;
//! - what the language has written;
//! - a [`Description`] as JSON, the length of it in four bytes, little-endian;
//! - the SHA-256.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::ops::Range;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::unistd::Uid;
use perilune_language::SaveError;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What a saved session is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Description {
    /// The language.
    pub(crate) language: String,
    /// Its version.
    pub(crate) language_version: String,
    /// The kernel's version.
    pub(crate) version: String,
    /// When it was saved: ISO 8601, in UTC.
    pub(crate) saved: String,
    /// How many cells had been counted.
    pub(crate) execution_count: u64,
    /// How many variables the user had.
    pub(crate) variables: u64,
    /// What could not be saved, the first of it: its path and what it is.
    pub(crate) losses: Vec<(String, String)>,
    /// How much could not be saved.
    pub(crate) losses_total: u64,
}

/// A session that was saved, and is whole.
pub(crate) struct SavedState {
    pub(crate) description: Description,
    bytes: Vec<u8>,
    body: Range<usize>,
}

/// Why there is no saved session, or none that may be restored.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StateFileError {
    #[error("there is no saved state at {}", .0.display())]
    Missing(PathBuf),
    #[error("{} is not a regular file, and so no saved state", .0.display())]
    NotAFile(PathBuf),
    #[error("{path} belongs to another user (uid {owner}): a saved state is code, and only your own is run", path = .path.display())]
    Foreign { path: PathBuf, owner: u32 },
    #[error("others may change or read {path} (its mode is {mode:o}): a saved state is code; if it is yours and nobody has changed it, chmod 600 lets it be restored", path = .path.display())]
    Open { path: PathBuf, mode: u32 },
    #[error("{path} is not a state that this kernel can restore: {what}", path = .path.display())]
    Unusable { path: PathBuf, what: String },
    #[error("{}: {source}", .path.display())]
    System { path: PathBuf, source: io::Error },
}

const MAGIC: &[u8] = b"perilune state ";
const FORMAT: &[u8] = b"1\n";
/// The checksum's bytes.
const SUM: usize = 32;
/// The bytes of the description's length.
const LENGTH: usize = 4;

/// Sums up what is written.
struct Summing {
    file: BufWriter<File>,
    sum: Sha256,
    bytes: u64,
}

impl Write for Summing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.sum.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Writes a session in place of the one that is there, and returns how many bytes it is. What is
/// there stays until all is written, or for ever if that fails.
///
/// With `keep_old` the one that is there stays beside it, as `NAME.old`.
pub(crate) fn write(
    path: &Path,
    keep_old: bool,
    content: impl FnOnce(&mut dyn Write) -> Result<Description, SaveError>,
) -> Result<u64, SaveError> {
    let new = beside(path, "new");
    let result = write_new(&new, content).and_then(|bytes| {
        if keep_old {
            keep(path);
        }
        fs::rename(&new, path)?;
        if let Some(folder) = path.parent() {
            File::open(folder)?.sync_all()?;
        }
        Ok(bytes)
    });
    if result.is_err() {
        // It may not be there; there is nothing more to do about it either way.
        let _ = fs::remove_file(&new);
    }
    result
}

fn write_new(
    new: &Path,
    content: impl FnOnce(&mut dyn Write) -> Result<Description, SaveError>,
) -> Result<u64, SaveError> {
    remove(new)?;
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(new)?;
    let mut to = Summing {
        file: BufWriter::new(file),
        sum: Sha256::new(),
        bytes: 0,
    };
    to.write_all(MAGIC)?;
    to.write_all(FORMAT)?;
    let description = content(&mut to)?;
    let description = serde_json::to_vec(&description).map_err(io::Error::from)?;
    to.write_all(&description)?;
    to.write_all(&(description.len() as u32).to_le_bytes())?;
    let Summing {
        mut file,
        sum,
        bytes,
    } = to;
    file.write_all(&sum.finalize())?;
    let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    Ok(bytes + SUM as u64)
}

/// Lets the session that is there have a second name. That it has none is no reason not to save.
fn keep(path: &Path) {
    let (old, link) = (beside(path, "old"), beside(path, "old.new"));
    let kept = remove(&link)
        .and_then(|()| fs::hard_link(path, &link))
        .and_then(|()| fs::rename(&link, old));
    match kept {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(path = %path.display(), %error, "the state of the session before is not kept");
        }
        _ => {}
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The path with something added to its name.
fn beside(path: &Path, with: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(with);
    name.into()
}

/// Reads the session that was saved there, for this language.
pub(crate) fn read(
    path: &Path,
    language: &str,
    version: &str,
) -> Result<SavedState, StateFileError> {
    let system = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => StateFileError::Missing(path.to_owned()),
        // What `O_NOFOLLOW` says of a link.
        _ if source.raw_os_error() == Some(libc::ELOOP) => {
            StateFileError::NotAFile(path.to_owned())
        }
        _ => StateFileError::System {
            path: path.to_owned(),
            source,
        },
    };
    // Nor wait for the other end of a FIFO.
    let mut file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(path)
        .map_err(system)?;
    let metadata = file.metadata().map_err(system)?;
    if !metadata.is_file() {
        return Err(StateFileError::NotAFile(path.to_owned()));
    }
    if metadata.uid() != Uid::effective().as_raw() {
        return Err(StateFileError::Foreign {
            path: path.to_owned(),
            owner: metadata.uid(),
        });
    }
    if metadata.mode() & 0o077 != 0 {
        return Err(StateFileError::Open {
            path: path.to_owned(),
            mode: metadata.mode() & 0o777,
        });
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(system)?;
    let unusable = |what: String| StateFileError::Unusable {
        path: path.to_owned(),
        what,
    };
    let (description, body) = parse(&bytes).map_err(|what| unusable(what.to_owned()))?;
    if (
        description.language.as_str(),
        description.language_version.as_str(),
    ) != (language, version)
    {
        return Err(unusable(format!(
            "it was saved by {} {}, and this is {language} {version}",
            description.language, description.language_version,
        )));
    }
    Ok(SavedState {
        description,
        bytes,
        body,
    })
}

fn parse(bytes: &[u8]) -> Result<(Description, Range<usize>), &'static str> {
    const DAMAGED: &str = "it is damaged: its checksum is not that of what it holds";
    let format = bytes
        .strip_prefix(MAGIC)
        .ok_or("it does not begin as one does")?;
    if !format.starts_with(FORMAT) {
        return Err("it has a format that this version of perilune does not know");
    }
    let start = MAGIC.len() + FORMAT.len();
    let (summed, sum) = bytes.split_last_chunk::<SUM>().ok_or(DAMAGED)?;
    if Sha256::digest(summed).as_slice() != sum {
        return Err(DAMAGED);
    }
    let (rest, length) = summed.split_last_chunk::<LENGTH>().ok_or(DAMAGED)?;
    let end = rest
        .len()
        .checked_sub(u32::from_le_bytes(*length) as usize)
        .filter(|end| *end >= start)
        .ok_or(DAMAGED)?;
    let description = serde_json::from_slice(&rest[end..]).map_err(|_| DAMAGED)?;
    Ok((description, start..end))
}

impl SavedState {
    /// What the language has written.
    pub(crate) fn body(&self) -> &[u8] {
        &self.bytes[self.body.clone()]
    }
}

#[cfg(test)]
mod tests;
