use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use nix::fcntl::OFlag;

use crate::clock::Stamp;
use crate::limits::{Extent, LARGEST_FILE};
use crate::record::{MARK, Records, Sequence};

/// A file of records, named after the first number that may be in it.
#[derive(Debug, Clone)]
pub(crate) struct Segment {
    pub(crate) path: PathBuf,
    pub(crate) begins: Sequence,
    pub(crate) bytes: u64,
    pub(crate) first: Option<Stamp>,
    pub(crate) last: Option<Stamp>,
}

const EXTENSION: &str = "journal";

impl Segment {
    /// The segments of a folder, oldest first. What has no such name, or is no file, is not ours.
    pub(crate) fn of_folder(folder: &Path) -> io::Result<Vec<Self>> {
        let mut segments = Vec::new();
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let Some(begins) = number(&path) else {
                continue;
            };
            match fs::symlink_metadata(&path) {
                Ok(metadata) if metadata.is_file() => segments.push(Self {
                    path,
                    begins,
                    bytes: metadata.len(),
                    first: None,
                    last: None,
                }),
                // Removed meanwhile, or none of ours.
                _ => {}
            }
        }
        segments.sort_unstable_by_key(|segment| segment.begins);
        Ok(segments)
    }

    /// Makes a new one.
    pub(crate) fn create(folder: &Path, begins: Sequence) -> io::Result<(Self, File)> {
        let path = folder.join(format!("{:020}.{EXTENSION}", begins.0));
        // At the end wherever that is: what could be written in part only is cut off again.
        let file = options().append(true).create_new(true).open(&path)?;
        let segment = Self {
            path,
            begins,
            bytes: 0,
            first: None,
            last: None,
        };
        Ok((segment, file))
    }

    /// Opens it to write at its end.
    pub(crate) fn append(&self) -> io::Result<File> {
        options().append(true).open(&self.path)
    }

    /// Whether a journal made it: else it has our name by chance, and is left alone.
    pub(crate) fn is_ours(&self) -> bool {
        let Ok(file) = options().read(true).open(&self.path) else {
            return false;
        };
        let mut begin = Vec::new();
        let length = MARK.len() as u64;
        file.take(length).read_to_end(&mut begin).is_ok_and(|_| {
            MARK.starts_with(&begin)
                // Its first record is damaged.
                || self.read().is_ok_and(|mut records| records.next().is_some())
        })
    }

    /// All that is in it.
    pub(crate) fn read(&self) -> io::Result<Records> {
        let mut bytes = Vec::new();
        options()
            .read(true)
            .open(&self.path)?
            .take(LARGEST_FILE)
            .read_to_end(&mut bytes)?;
        Ok(Records::of(Bytes::from(bytes)))
    }

    /// Reads when its messages were written, unless that is known.
    pub(crate) fn date(&mut self) -> io::Result<()> {
        if self.first.is_none() {
            for record in self.read()? {
                self.first.get_or_insert(record.stamp);
                self.last = Some(record.stamp);
            }
        }
        Ok(())
    }

    pub(crate) fn extent(&self) -> Extent {
        Extent {
            bytes: self.bytes,
            first: self.first,
            last: self.last,
        }
    }
}

/// Writes all, or as good as nothing: what came of it is taken back.
pub(crate) fn write_whole(mut file: &File, at: u64, bytes: &[u8]) -> io::Result<()> {
    file.write_all(bytes).inspect_err(|_| {
        // Where even that fails, a reader stops at the torn record, and so does the next writer.
        let _ = file.set_len(at);
    })
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options
        .mode(0o600)
        .custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits());
    options
}

fn number(path: &Path) -> Option<Sequence> {
    let stem = path.file_stem()?.to_str()?;
    let is_ours = path.extension() == Some(OsStr::new(EXTENSION))
        && stem.len() == 20
        && stem.bytes().all(|byte| byte.is_ascii_digit());
    is_ours.then(|| stem.parse().ok().map(Sequence))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_behind_something_that_was_taken_back_stands_in_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let (segment, file) = Segment::create(folder.path(), Sequence(1)).unwrap();
        write_whole(&file, 0, b"whole").unwrap();
        // As a disk does that is full in the middle of a write.
        (&file).write_all(b"torn").unwrap();
        file.set_len(5).unwrap();
        write_whole(&file, 5, b" and whole").unwrap();
        assert_eq!(fs::read(&segment.path).unwrap(), b"whole and whole");
    }
}
