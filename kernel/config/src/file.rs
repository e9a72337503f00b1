use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use crate::error::ConfigError;

/// More than this is no file of settings.
const MOST: u64 = 1 << 20;

/// What is in a file of settings, and whose it is; none where there is no file.
pub(crate) struct SettingsFile {
    pub content: Vec<u8>,
    pub owner: u32,
}

/// Reads a file of settings. Never waits: what is there may be a pipe that nobody writes to.
pub(crate) fn read(path: &Path) -> Result<Option<SettingsFile>, ConfigError> {
    match try_read(path) {
        Ok(read) => Ok(Some(read)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(reason) => Err(ConfigError::Read {
            path: path.to_owned(),
            reason,
        }),
    }
}

fn try_read(path: &Path) -> io::Result<SettingsFile> {
    let file: File = OpenOptions::new()
        .read(true)
        .custom_flags(nix::libc::O_NONBLOCK | nix::libc::O_CLOEXEC)
        .open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    let mut content = Vec::new();
    file.take(MOST + 1).read_to_end(&mut content)?;
    if content.len() as u64 > MOST {
        return Err(io::Error::other(
            "it is longer than 1 MiB, which no file of settings is",
        ));
    }
    Ok(SettingsFile {
        content,
        owner: metadata.uid(),
    })
}
