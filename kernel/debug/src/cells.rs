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

/// The paths that clients know cells by.
#[derive(Debug, Clone)]
pub(crate) struct CellPaths {
    prefix: String,
}

/// The files at those paths, for clients that read files.
#[derive(Debug)]
pub(crate) struct Dump {
    folder: PathBuf,
    /// The files and their bytes, the oldest first.
    written: VecDeque<(PathBuf, usize)>,
    bytes: usize,
    has_folder: bool,
    is_removed: bool,
}

impl CellPaths {
    /// Other paths than those of any other kernel.
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
        }
    }

    /// What all of them begin with.
    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// What clients know a cell by that has this code.
    pub(crate) fn key(&self, code: &str) -> SourceKey {
        let hash = murmur2::murmur2(code.as_bytes(), HASH_SEED);
        format!("{}{hash}{SUFFIX}", self.prefix).into()
    }
}

impl Dump {
    /// Nothing is written until a cell is.
    pub(crate) fn new(paths: &CellPaths) -> Self {
        Self {
            folder: paths.prefix().into(),
            written: VecDeque::new(),
            bytes: 0,
            has_folder: false,
            is_removed: false,
        }
    }

    /// Writes a cell into its file, which nobody but us may read.
    pub(crate) fn write(&mut self, key: &SourceKey, code: &str) -> io::Result<()> {
        if self.is_removed {
            return Err(io::Error::other("the kernel is ending"));
        }
        let path = PathBuf::from(&**key);
        let was_written = self.written.iter().any(|(written, _)| *written == path);
        if was_written && path.exists() {
            return Ok(());
        }
        // Somebody who tidies up may have removed it.
        if !self.has_folder || !self.folder.exists() {
            DirBuilder::new().mode(0o700).create(&self.folder)?;
            self.has_folder = true;
        }
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        options.open(&path)?.write_all(code.as_bytes())?;
        if was_written {
            return Ok(());
        }
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

impl Drop for Dump {
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
        let paths = CellPaths::new();
        for (code, hash) in VECTORS {
            let path = format!("{}{hash}.lua", paths.prefix());
            assert_eq!(*paths.key(code), *path, "{code}");
        }
        let name = format!("/ipykernel_lua_{}_", std::process::id());
        assert!(paths.prefix().contains(&name) && paths.prefix().ends_with('/'));
    }

    #[test]
    fn dumped_cells_are_nobody_elses_and_gone_at_the_end() {
        let paths = CellPaths::new();
        let mut dump = Dump::new(&paths);
        assert!(!fs::exists(paths.prefix()).unwrap());
        let key = paths.key("x = 1");
        dump.write(&key, "x = 1").unwrap();
        dump.write(&key, "x = 1").unwrap();
        let mode = |path: &str| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&key), 0o600);
        assert_eq!(mode(paths.prefix()), 0o700);
        assert_eq!(fs::read_to_string(&*key).unwrap(), "x = 1");
        assert_eq!(dump.bytes, 5);
        drop(dump);
        assert!(!fs::exists(paths.prefix()).unwrap());
    }

    #[test]
    fn what_somebody_has_removed_is_written_again() {
        let paths = CellPaths::new();
        let mut dump = Dump::new(&paths);
        let key = paths.key("x = 1");
        dump.write(&key, "x = 1").unwrap();
        fs::remove_dir_all(paths.prefix()).unwrap();
        dump.write(&key, "x = 1").unwrap();
        assert_eq!(fs::read_to_string(&*key).unwrap(), "x = 1");
        assert_eq!(dump.bytes, 5);
    }

    #[test]
    fn older_files_make_room() {
        let paths = CellPaths::new();
        let mut dump = Dump::new(&paths);
        let long = "-".repeat(MOST_BYTES / 2 + 1);
        let (first, second) = (paths.key("1"), paths.key("2"));
        dump.write(&first, &long).unwrap();
        dump.write(&second, &long).unwrap();
        assert!(!fs::exists(&*first).unwrap() && fs::exists(&*second).unwrap());
    }

    #[test]
    fn nothing_is_written_after_the_end() {
        let paths = CellPaths::new();
        let mut dump = Dump::new(&paths);
        dump.remove();
        assert!(dump.write(&paths.key(""), "").is_err());
        assert!(!fs::exists(paths.prefix()).unwrap());
    }
}
