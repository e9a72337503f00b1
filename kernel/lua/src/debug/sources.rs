//! What code is known by.

use std::collections::{HashMap, VecDeque};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use perilune_language::debug::SourceKey;

/// What cells, files and strings are known by, and which of them were loaded.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    /// By a cell's name.
    cells: HashMap<Arc<str>, KnownCell>,
    /// Their names, the oldest first.
    oldest_cells: VecDeque<Arc<str>>,
    /// By a file's name, as it was loaded.
    files: HashMap<String, SourceKey>,
    /// How often each was, as far as it is remembered.
    loaded: HashMap<SourceKey, u32>,
    /// Whether more was loaded than is remembered.
    loaded_more: bool,
}

#[derive(Debug)]
struct KnownCell {
    key: SourceKey,
    /// How many lines it has; what is compiled has one more.
    lines: u32,
}

/// So many names of files and strings are remembered.
const MOST: usize = 10_000;
/// So many cells are, the latest. Code of older ones goes on to run, and stops nowhere.
const MOST_CELLS: usize = 2_000;

/// What the source of Lua code begins with that is part of the kernel.
const OWN: &[u8] = b"=perilune.";

impl Keys {
    /// A cell is about to run.
    pub(crate) fn remember_cell(&mut self, name: &str, key: SourceKey, code: &str) {
        // Behind the last end of a line there is none.
        let lines = crate::failure::lines(code).count() - usize::from(code.ends_with(['\n', '\r']));
        let lines = u32::try_from(lines.max(1)).unwrap_or(u32::MAX);
        let cell = KnownCell {
            key: Arc::clone(&key),
            lines,
        };
        let name: Arc<str> = name.into();
        match self.cells.insert(Arc::clone(&name), cell) {
            Some(earlier) => self.forget_loaded(&earlier.key),
            None => self.oldest_cells.push_back(name),
        }
        if self.oldest_cells.len() > MOST_CELLS
            && let Some(oldest) = self.oldest_cells.pop_front()
            && let Some(oldest) = self.cells.remove(&oldest)
        {
            self.forget_loaded(&oldest.key);
        }
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
        if self.loaded.len() >= MOST && !self.loaded.contains_key(&key) {
            self.loaded_more = true;
            return true;
        }
        let times = self.loaded.entry(key).or_default();
        *times = times.saturating_add(1);
        *times == 1
    }

    fn forget_loaded(&mut self, key: &SourceKey) {
        if let Some(times) = self.loaded.get_mut(key) {
            *times -= 1;
            if *times == 0 {
                self.loaded.remove(key);
            }
        }
    }

    /// Whether there may be code of it in the state.
    pub(super) fn is_loaded(&self, key: &SourceKey) -> bool {
        self.loaded_more || self.loaded.contains_key(key)
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
        if is_name(source) && self.loaded.contains_key(&*text) {
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
