use std::fs::{DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use nix::dir::Dir;
use nix::fcntl::{OFlag, open, openat, renameat};
use nix::sys::stat::Mode;
use nix::unistd::{UnlinkatFlags, geteuid, unlinkat};

/// So many dumps are kept; the oldest go.
pub(super) const KEPT: usize = 16;

const PREFIX: &str = "dump-";
const SUFFIX: &str = ".json";

/// Writes a dump of this time into a folder, which is made if it is not there, and removes the
/// oldest that are too many. The file is its owner's alone, and there whole or not at all.
pub(super) fn write(folder: &Path, time: DateTime<Utc>, text: &[u8]) -> io::Result<PathBuf> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    let flags = OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_RDONLY | OFlag::O_CLOEXEC;
    let directory = File::from(open(folder, flags, Mode::empty())?);
    if directory.metadata()?.uid() != geteuid().as_raw() {
        let message = "the folder is another user's";
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, message));
    }
    let name = format!("{PREFIX}{}{SUFFIX}", time.format("%Y%m%dT%H%M%S%.6fZ"));
    let partial = format!(".{name}.partial");
    let flags =
        OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_WRONLY | OFlag::O_CLOEXEC;
    let mut file = File::from(openat(
        &directory,
        partial.as_str(),
        flags,
        Mode::S_IRUSR | Mode::S_IWUSR,
    )?);
    // Not forced to the disk, which takes longer than all else: who asks for a dump reads it soon,
    // and one that a power failure takes is no loss that matters.
    let written = file.write_all(text).and_then(|()| {
        Ok(renameat(
            &directory,
            partial.as_str(),
            &directory,
            name.as_str(),
        )?)
    });
    if let Err(error) = written {
        let _ = unlinkat(&directory, partial.as_str(), UnlinkatFlags::NoRemoveDir);
        return Err(error);
    }
    remove_oldest(directory, &name)?;
    Ok(folder.join(name))
}

/// Their names tell their age. Whatever the clock says, the newest is the one just written.
fn remove_oldest(directory: File, newest: &str) -> io::Result<()> {
    let mut directory = Dir::from_fd(directory.into())?;
    let mut dumps: Vec<String> = directory
        .iter()
        .filter_map(|entry| entry.ok()?.file_name().to_str().ok().map(str::to_owned))
        .filter(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX) && name != newest)
        .collect();
    dumps.sort_unstable();
    let excess = (dumps.len() + 1).saturating_sub(KEPT);
    for name in dumps.drain(..excess) {
        unlinkat(&directory, name.as_str(), UnlinkatFlags::NoRemoveDir)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn a_dump_is_its_owners_alone_in_a_folder_of_the_same_kind() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("state/dumps");
        let file = write(&folder, at(0), b"{}").unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&file), mode(&folder)), (0o600, 0o700));
        assert_eq!(std::fs::read(&file).unwrap(), b"{}");
        assert_eq!(names(&folder), ["dump-19700101T000000.000000Z.json"]);
    }

    #[test]
    fn the_oldest_go_and_the_one_just_written_stays_whatever_the_clock_says() {
        let home = tempfile::tempdir().unwrap();
        for second in 1..=20 {
            write(home.path(), at(second), b"{}").unwrap();
        }
        assert_eq!(names(home.path()).len(), KEPT);
        let file = write(home.path(), at(0), b"{}").unwrap();
        assert!(file.exists());
        assert_eq!(names(home.path()).len(), KEPT);
    }

    #[test]
    fn what_is_not_a_dump_is_left_alone() {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("a"), "").unwrap();
        for second in 1..=20 {
            write(home.path(), at(second), b"{}").unwrap();
        }
        assert_eq!(names(home.path()).len(), KEPT + 1);
    }

    #[test]
    fn no_link_is_followed() {
        let home = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let folder = home.path().join("dumps");
        symlink(elsewhere.path(), &folder).unwrap();
        assert!(write(&folder, at(0), b"{}").is_err());
        assert_eq!(names(elsewhere.path()), [""; 0]);

        std::fs::remove_file(&folder).unwrap();
        std::fs::create_dir(&folder).unwrap();
        let victim = elsewhere.path().join("victim");
        symlink(
            &victim,
            folder.join(".dump-19700101T000000.000000Z.json.partial"),
        )
        .unwrap();
        assert!(write(&folder, at(0), b"{}").is_err());
        assert!(!victim.exists());
    }
}
