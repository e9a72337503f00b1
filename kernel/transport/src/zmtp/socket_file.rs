//! Unix socket files: made for this user alone, and removed by whoever made them.

use std::fs::{self, Permissions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixListener as StdListener;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, UnixAddr, bind, connect, listen, socket,
};
use tokio::net::UnixListener;

use super::listener::BACKLOG;
use crate::BindError;

/// A socket file of ours; dropping it removes it.
#[derive(Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    /// Device and inode, so that nobody else's file of the same name is removed.
    made: (u64, u64),
}

impl SocketFile {
    /// Listens on a file that only this user can connect to. What a kernel that is no more left
    /// there is replaced.
    pub(crate) fn bind(path: &str) -> Result<(UnixListener, Self), BindError> {
        remove_if_stale(path)?;
        // The directory may be changed later, and the file must still be found.
        let absolute = std::path::absolute(path)?;
        let address = UnixAddr::new(path).map_err(io::Error::from)?;
        let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
        let socket =
            socket(AddressFamily::Unix, SockType::Stream, flags, None).map_err(io::Error::from)?;
        match bind(socket.as_raw_fd(), &address) {
            Err(Errno::EADDRINUSE) => return Err(BindError::InUse),
            other => other.map_err(io::Error::from)?,
        }
        let metadata = fs::metadata(&absolute)?;
        let file = Self {
            path: absolute,
            made: (metadata.dev(), metadata.ino()),
        };
        // Nobody can connect before `listen`, so there is no moment with other permissions.
        fs::set_permissions(&file.path, Permissions::from_mode(0o600))?;
        let backlog = Backlog::new(BACKLOG as i32).map_err(io::Error::from)?;
        listen(&socket, backlog).map_err(io::Error::from)?;
        Ok((UnixListener::from_std(StdListener::from(socket))?, file))
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let there = fs::symlink_metadata(&self.path);
        if there.is_ok_and(|metadata| (metadata.dev(), metadata.ino()) == self.made)
            && let Err(error) = fs::remove_file(&self.path)
        {
            tracing::debug!(%error, path = %self.path.display(), "socket file stays");
        }
    }
}

fn remove_if_stale(path: &str) -> Result<(), BindError> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.into()),
        Ok(metadata) if !metadata.file_type().is_socket() => return Err(BindError::NotASocket),
        Ok(_) => {}
    }
    if somebody_listens(Path::new(path))? {
        return Err(BindError::InUse);
    }
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// Anything but a refusal means that somebody may be there, a full backlog too.
fn somebody_listens(path: &Path) -> io::Result<bool> {
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    let probe = socket(AddressFamily::Unix, SockType::Stream, flags, None)?;
    Ok(connect(probe.as_raw_fd(), &UnixAddr::new(path)?) != Err(Errno::ECONNREFUSED))
}

#[cfg(test)]
mod tests;
