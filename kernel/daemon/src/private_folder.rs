use std::fs::{DirBuilder, File};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use nix::dir::Dir;
use nix::fcntl::{OFlag, open, openat, renameat};
use nix::sys::stat::{Mode, fchmod};
use nix::unistd::geteuid;

use crate::error::DaemonError;

/// What opening does where there is no file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    /// It makes one.
    IsMade,
    /// It fails.
    IsAnError,
}

/// A folder that nobody but its owner, us, may enter. It is held open: what is done in it is done in
/// this folder, whatever its path leads to later.
#[derive(Debug)]
pub struct PrivateFolder {
    folder: File,
    path: PathBuf,
}

impl PrivateFolder {
    /// Opens it; makes it where it is not there, with all above it.
    ///
    /// # Errors
    ///
    /// [`DaemonError::UnsafeFolder`] when it is a link, or somebody else's;
    /// [`DaemonError::System`] when it cannot be made or opened.
    pub fn open(path: &Path) -> Result<Self, DaemonError> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(DaemonError::system("making the folder", path))?;
        let flags = OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_RDONLY | OFlag::O_CLOEXEC;
        let folder = match open(path, flags, Mode::empty()) {
            Ok(folder) => File::from(folder),
            Err(nix::Error::ELOOP | nix::Error::ENOTDIR) => {
                return Err(DaemonError::UnsafeFolder {
                    path: path.to_owned(),
                    reason: "it is a link, or no folder; put a folder in its place".to_owned(),
                });
            }
            Err(error) => return Err(DaemonError::system("opening", path)(error)),
        };
        let metadata = folder
            .metadata()
            .map_err(DaemonError::system("looking at", path))?;
        if metadata.uid() != geteuid().as_raw() {
            return Err(DaemonError::UnsafeFolder {
                path: path.to_owned(),
                reason: format!(
                    "it belongs to the user {}; name another folder",
                    metadata.uid()
                ),
            });
        }
        // Ours, but open to others: made by another program, or by hand.
        if metadata.mode() & 0o077 != 0 {
            fchmod(folder.as_fd(), Mode::S_IRWXU)
                .map_err(DaemonError::system("closing to others", path))?;
        }
        Ok(Self {
            folder,
            path: path.to_owned(),
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens a file in it to write at its end, without following a link; one that is made is its
    /// owner's alone.
    ///
    /// # Errors
    ///
    /// When it cannot be opened, as on a full disk or where a link is in its place.
    pub fn append(&self, name: &str) -> Result<File, DaemonError> {
        let flags = OFlag::O_WRONLY
            | OFlag::O_APPEND
            | OFlag::O_CREAT
            | OFlag::O_NOFOLLOW
            | OFlag::O_CLOEXEC;
        let mode = Mode::S_IRUSR | Mode::S_IWUSR;
        openat(self.folder.as_fd(), name, flags, mode)
            .map(File::from)
            .map_err(DaemonError::system("opening", &self.path.join(name)))
    }

    /// Opens a file in it, without following a link; one that is made is its owner's alone.
    pub(crate) fn open_file(&self, name: &str, missing: Missing) -> io::Result<File> {
        let more = match missing {
            Missing::IsMade => OFlag::O_CREAT,
            Missing::IsAnError => OFlag::empty(),
        };
        // Neither a link nor a named pipe that nobody writes to leads astray.
        let flags = OFlag::O_RDWR | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC | more;
        let mode = Mode::S_IRUSR | Mode::S_IWUSR;
        let file = openat(self.folder.as_fd(), name, flags, mode)?;
        Ok(File::from(file))
    }

    /// Writes a file in it that is there whole or not at all, for its owner alone. `draft` is the
    /// name it has until it is whole; no two may write the same draft at once.
    pub(crate) fn write_file(&self, name: &str, draft: &str, content: &[u8]) -> io::Result<()> {
        let _ = self.remove_file(draft);
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_CLOEXEC;
        let mode = Mode::S_IRUSR | Mode::S_IWUSR;
        let mut file = File::from(openat(self.folder.as_fd(), draft, flags, mode)?);
        let written = file.write_all(content).and_then(|()| {
            Ok(renameat(
                self.folder.as_fd(),
                draft,
                self.folder.as_fd(),
                name,
            )?)
        });
        if written.is_err() {
            let _ = self.remove_file(draft);
        }
        written
    }

    /// What the files in it are called; those whose names are no text are not ours.
    pub(crate) fn names(&self) -> io::Result<Vec<String>> {
        let mut folder = Dir::openat(
            self.folder.as_fd(),
            ".",
            OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC,
            Mode::empty(),
        )?;
        let mut names = Vec::new();
        for entry in folder.iter() {
            names.extend(entry?.file_name().to_str().ok().map(str::to_owned));
        }
        Ok(names)
    }

    /// Removes a file in it.
    pub(crate) fn remove_file(&self, name: &str) -> io::Result<()> {
        let flag = nix::unistd::UnlinkatFlags::NoRemoveDir;
        Ok(nix::unistd::unlinkat(self.folder.as_fd(), name, flag)?)
    }

    /// Which file has a name in it, by device and inode.
    pub(crate) fn identity_of(&self, name: &str) -> io::Result<(u64, u64)> {
        let flags = nix::fcntl::AtFlags::AT_SYMLINK_NOFOLLOW;
        let stat = nix::sys::stat::fstatat(self.folder.as_fd(), name, flags)?;
        Ok((stat.st_dev, stat.st_ino))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn it_is_made_for_its_owner_alone() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("a/b");
        PrivateFolder::open(&path).unwrap();
        assert_eq!(mode(&path), 0o700);
        assert_eq!(mode(&parent.path().join("a")), 0o700);
    }

    #[test]
    fn one_that_is_open_to_others_is_closed_to_them() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("open");
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).unwrap();
        PrivateFolder::open(&path).unwrap();
        assert_eq!(mode(&path), 0o700);
    }

    #[test]
    fn a_link_is_not_followed() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("link");
        symlink(parent.path(), &path).unwrap();
        let error = PrivateFolder::open(&path).unwrap_err();
        assert!(matches!(error, DaemonError::UnsafeFolder { .. }), "{error}");
    }
}
