use std::collections::VecDeque;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;

use perilune_language::debug::SourceKey;
use uuid::Uuid;

/// What clients hash a cell's code with: `murmur2`, as Jupyter's front ends have it, and the seed
/// of ipykernel.
pub(crate) const HASH_METHOD: &str = "Murmur2";
pub(crate) const HASH_SEED: u32 = 0xC70F_6907;
pub(crate) const SUFFIX: &str = ".lua";

/// The dumped files may be so many, and so many bytes together; older ones make room.
const MOST_FILES: usize = 10_000;
const MOST_BYTES: usize = 64 << 20;

/// The files that clients know cells by.
#[derive(Debug)]
pub(crate) struct Cells {
    folder: PathBuf,
    prefix: String,
    /// What was written: the file and its bytes, the oldest first.
    written: VecDeque<(PathBuf, usize)>,
    bytes: usize,
    has_folder: bool,
    is_removed: bool,
}

impl Cells {
    /// Nothing is written until a cell is dumped.
    pub(crate) fn new() -> Self {
        let temporary = std::env::temp_dir();
        let temporary = temporary.canonicalize().unwrap_or(temporary);
        // JupyterLab shows "Cell [3]" rather than a path only where it finds `ipykernel_` in it.
        // The random part keeps others from making the folder first.
        let random = Uuid::new_v4().simple().to_string();
        let name = format!("ipykernel_lua_{}_{}", std::process::id(), &random[..12]);
        let folder = temporary.join(name);
        Self {
            prefix: format!("{}/", folder.display()),
            folder,
            written: VecDeque::new(),
            bytes: 0,
            has_folder: false,
            is_removed: false,
        }
    }

    /// What all the paths begin with.
    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// What clients know a cell by that has this code.
    pub(crate) fn key(&self, code: &str) -> SourceKey {
        let hash = murmur2::murmur2(code.as_bytes(), HASH_SEED);
        format!("{}{hash}{SUFFIX}", self.prefix).into()
    }

    /// Writes a cell into its file, which nobody but us may read.
    pub(crate) fn dump(&mut self, key: &SourceKey, code: &str) -> io::Result<()> {
        if self.is_removed {
            return Err(io::Error::other("the kernel is ending"));
        }
        if !self.has_folder {
            DirBuilder::new().mode(0o700).create(&self.folder)?;
            self.has_folder = true;
        }
        let path = PathBuf::from(&**key);
        if self.written.iter().any(|(written, _)| *written == path) && path.exists() {
            return Ok(());
        }
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        options.open(&path)?.write_all(code.as_bytes())?;
        self.written.push_back((path, code.len()));
        self.bytes += code.len();
        while self.written.len() > MOST_FILES || self.bytes > MOST_BYTES {
            let Some((oldest, bytes)) = self.written.pop_front() else {
                break;
            };
            self.bytes -= bytes;
            let _ = fs::remove_file(oldest);
        }
        Ok(())
    }

    /// Removes all that was written; nothing is any more.
    pub(crate) fn remove(&mut self) {
        self.is_removed = true;
        if std::mem::take(&mut self.has_folder)
            && let Err(error) = fs::remove_dir_all(&self.folder)
        {
            tracing::warn!(%error, folder = %self.folder.display(), "dumped cells were left behind");
        }
    }
}

impl Drop for Cells {
    fn drop(&mut self) {
        self.remove();
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// Computed by ipykernel's own `murmur2_x86`, for which JupyterLab gets the same.
    const VECTORS: [(&str, u32); 10] = [
        ("", 3_990_065_800),
        ("a", 2_167_009_006),
        ("ab", 2_805_137_849),
        ("abc", 3_350_977_461),
        ("abcd", 804_720_481),
        ("print('hello')", 3_900_465_672),
        ("x = 1\ny = 2\n", 1_929_394_121),
        ("é", 2_171_970_256),
        ("🌙", 3_459_220_513),
        ("local größe = 1 -- 日本語 🌙", 3_367_255_551),
    ];

    #[test]
    fn a_cell_is_known_by_the_hash_that_front_ends_compute() {
        let cells = Cells::new();
        for (code, hash) in VECTORS {
            let path = format!("{}{hash}.lua", cells.prefix());
            assert_eq!(*cells.key(code), *path, "{code}");
        }
        let name = format!("/ipykernel_lua_{}_", std::process::id());
        assert!(cells.prefix().contains(&name) && cells.prefix().ends_with('/'));
    }

    #[test]
    fn dumped_cells_are_nobody_elses_and_gone_at_the_end() {
        let mut cells = Cells::new();
        let folder = cells.folder.clone();
        assert!(!folder.exists());
        let key = cells.key("x = 1");
        cells.dump(&key, "x = 1").unwrap();
        cells.dump(&key, "x = 1").unwrap();
        let mode = |path: &str| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&key), 0o600);
        assert_eq!(mode(cells.prefix()), 0o700);
        assert_eq!(fs::read_to_string(&*key).unwrap(), "x = 1");
        assert_eq!(cells.bytes, 5);
        drop(cells);
        assert!(!folder.exists());
    }

    #[test]
    fn older_files_make_room() {
        let mut cells = Cells::new();
        let long = "-".repeat(MOST_BYTES / 2 + 1);
        let (first, second) = (cells.key("1"), cells.key("2"));
        cells.dump(&first, &long).unwrap();
        cells.dump(&second, &long).unwrap();
        assert!(!fs::exists(&*first).unwrap() && fs::exists(&*second).unwrap());
    }
}
