//! What code is known by.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use perilune_language::debug::SourceKey;

/// What cells, files and strings are known by, and which of them were loaded.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    /// By a cell's name.
    cells: HashMap<String, KnownCell>,
    /// By a file's name, as it was loaded.
    files: HashMap<String, SourceKey>,
    loaded: HashSet<SourceKey>,
    /// Whether more was loaded than is remembered.
    loaded_more: bool,
}

#[derive(Debug)]
struct KnownCell {
    key: SourceKey,
    /// How many lines it has; what is compiled has one more.
    lines: u32,
}

/// So many names are remembered.
const MOST: usize = 10_000;

/// What the source of Lua code begins with that is part of the kernel.
const OWN: &[u8] = b"=perilune.";

impl Keys {
    /// A cell is about to run.
    pub(crate) fn remember_cell(&mut self, name: &str, key: SourceKey, code: &str) {
        if self.cells.len() >= MOST {
            self.cells.clear();
        }
        let lines = u32::try_from(code.lines().count().max(1)).unwrap_or(u32::MAX);
        self.cells.insert(
            name.to_owned(),
            KnownCell {
                key: Arc::clone(&key),
                lines,
            },
        );
        self.remember_loaded(key);
    }

    /// A file was loaded, or a string that has a name. Tells what it is known by, and whether it
    /// is news.
    pub(super) fn remember_chunk(&mut self, source: &[u8]) -> (SourceKey, bool) {
        let key = if matches!(source.first(), Some(b'=' | b'@')) {
            self.of(source)
        } else {
            SourceKey::from(String::from_utf8_lossy(source))
        };
        let is_news = self.remember_loaded(Arc::clone(&key));
        (key, is_news)
    }

    /// Remembers that there is code of it in the state; tells whether that is news.
    fn remember_loaded(&mut self, key: SourceKey) -> bool {
        if self.loaded.len() >= MOST && !self.loaded.contains(&key) {
            self.loaded_more = true;
            return true;
        }
        self.loaded.insert(key)
    }

    /// Whether there may be code of it in the state.
    pub(super) fn is_loaded(&self, key: &SourceKey) -> bool {
        self.loaded_more || self.loaded.contains(key)
    }

    /// The number of a cell's lines, if the chunk is one: behind them the kernel has its own.
    pub(super) fn lines_of_cell(&self, source: &[u8]) -> Option<u32> {
        let name = str::from_utf8(source.strip_prefix(b"=")?).ok()?;
        self.cells.get(name).map(|cell| cell.lines)
    }

    /// What a chunk is known by, from what `lua_Debug` says is its source.
    pub(crate) fn of(&mut self, source: &[u8]) -> SourceKey {
        let text = String::from_utf8_lossy(source);
        if let Some(name) = text.strip_prefix('=') {
            return self
                .cells
                .get(name)
                .map_or_else(|| SourceKey::from(name), |cell| Arc::clone(&cell.key));
        }
        if let Some(path) = text.strip_prefix('@') {
            if let Some(known) = self.files.get(path) {
                return SourceKey::clone(known);
            }
            let key = match fs::canonicalize(path) {
                Ok(whole) => SourceKey::from(whole.to_string_lossy()),
                Err(_) => SourceKey::from(path),
            };
            if self.files.len() >= MOST {
                self.files.clear();
            }
            self.files.insert(path.to_owned(), SourceKey::clone(&key));
            return key;
        }
        if is_name(source) && self.loaded.contains(&*text) {
            return SourceKey::from(&*text);
        }
        let mut hasher = DefaultHasher::new();
        source.hash(&mut hasher);
        SourceKey::from(format!("[string]#{:016x}", hasher.finish()))
    }
}

/// Names without a sign are told apart from code by their length alone: nobody calls code so.
fn is_name(source: &[u8]) -> bool {
    source.len() <= 1024 && !source.contains(&b'\n')
}

/// Whether a chunk is part of the kernel, though written in Lua.
pub(super) fn is_own(source: &[u8]) -> bool {
    source.starts_with(OWN)
}
