//! Files that are there whole or not at all.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// What may be done with a new file by whom, less what the umask takes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// 0600: it holds a secret.
    Private,
    /// 0666: as any file.
    Shared,
}

/// Writes a file in place of what is there. A file keeps its permissions, and a link its target.
///
/// # Errors
///
/// Those of the file system.
pub fn replace(path: &Path, content: &[u8], access: Access) -> io::Result<()> {
    put(path, content, access, Durability::Eventual)
}

/// As [`replace`], for what nobody has a second copy of: when it returns, a machine that loses its
/// power keeps the new file, and before it the old one.
///
/// # Errors
///
/// Those of the file system.
pub fn replace_durably(path: &Path, content: &[u8], access: Access) -> io::Result<()> {
    put(path, content, access, Durability::AtOnce)
}

/// When a file has reached the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Durability {
    Eventual,
    AtOnce,
}

fn put(path: &Path, content: &[u8], access: Access, durability: Durability) -> io::Result<()> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let file = written(&path, content, access)?;
    if access == Access::Shared
        && let Ok(present) = fs::metadata(&path)
    {
        file.as_file().set_permissions(present.permissions())?;
    }
    if durability == Durability::AtOnce {
        file.as_file().sync_all()?;
    }
    file.persist(&path).map_err(|error| error.error)?;
    if durability == Durability::AtOnce {
        // The name is in the folder.
        File::open(folder_of(&path))?.sync_all()?;
    }
    Ok(())
}

/// Writes a file where there is none.
///
/// # Errors
///
/// Those of the file system; [`io::ErrorKind::AlreadyExists`] when there is one.
pub fn create(path: &Path, content: &[u8], access: Access) -> io::Result<()> {
    let file = written(path, content, access)?;
    file.persist_noclobber(path).map_err(|error| error.error)?;
    Ok(())
}

fn written(path: &Path, content: &[u8], access: Access) -> io::Result<NamedTempFile> {
    let mode = match access {
        Access::Private => 0o600,
        Access::Shared => 0o666,
    };
    let mut file = tempfile::Builder::new()
        .prefix(".perilune-")
        .permissions(Permissions::from_mode(mode))
        .tempfile_in(folder_of(path))?;
    file.write_all(content)?;
    Ok(file)
}

/// The folder that a file is in.
pub fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn secrets_are_for_their_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        create(&path, b"secret", Access::Private).unwrap();
        assert_eq!(mode(&path), 0o600);
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        replace(&path, b"another", Access::Private).unwrap();
        assert_eq!(
            (mode(&path), fs::read(&path).unwrap()),
            (0o600, b"another".to_vec())
        );
    }

    #[test]
    fn creating_leaves_what_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "mine").unwrap();
        let error = create(&path, b"ours", Access::Shared).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(
            fs::read_dir(folder.path()).unwrap().count(),
            1,
            "nothing else is left"
        );
    }

    #[test]
    fn replacing_keeps_links_and_permissions() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        for replace in [replace, replace_durably] {
            fs::write(&path, "old").unwrap();
            replace(&link, b"new", Access::Shared).unwrap();
            assert_eq!(
                (mode(&path), fs::read(&path).unwrap()),
                (0o640, b"new".to_vec())
            );
        }
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }
}
