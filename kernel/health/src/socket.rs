use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use nix::sys::stat::{Mode, umask};

/// The file of a Unix socket that only its owner may open. It goes when this is dropped.
#[derive(Debug)]
pub struct OwnSocket {
    path: PathBuf,
    /// Its device and inode.
    id: Option<(u64, u64)>,
}

/// Why there is no socket.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// Something is in its place that is none, or that somebody listens on.
    #[error("{0}")]
    Occupied(&'static str),
    /// The operating system refused.
    #[error(transparent)]
    System(#[from] io::Error),
}

impl OwnSocket {
    /// Listens there. What a process that was killed left in its place is removed; nothing else.
    ///
    /// # Errors
    ///
    /// [`SocketError`].
    pub fn bind(path: &Path) -> Result<(UnixListener, Self), SocketError> {
        make_room(path)?;
        let listener = bind_for_owner(path)?;
        let socket = Self {
            path: path.to_owned(),
            id: id_of(path),
        };
        Ok((listener, socket))
    }
}

impl Drop for OwnSocket {
    fn drop(&mut self) {
        // Another may be in its place by now.
        if self.id.is_some() && id_of(&self.path) == self.id {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn make_room(path: &Path) -> Result<(), SocketError> {
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    if !metadata.file_type().is_socket() {
        return Err(SocketError::Occupied(
            "there is something that is no socket",
        ));
    }
    match UnixStream::connect(path) {
        Ok(_) => Err(SocketError::Occupied("somebody listens there already")),
        Err(_) => Ok(fs::remove_file(path)?),
    }
}

/// Binds a socket that nobody else can open, not even for a moment.
fn bind_for_owner(path: &Path) -> io::Result<UnixListener> {
    // The mask is the process's. What other threads make in this moment is private too, at worst.
    let before = umask(Mode::S_IRWXG | Mode::S_IRWXO);
    let bound = UnixListener::bind(path);
    umask(before);
    let bound = bound?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    Ok(bound)
}

fn id_of(path: &Path) -> Option<(u64, u64)> {
    let metadata = fs::symlink_metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}
