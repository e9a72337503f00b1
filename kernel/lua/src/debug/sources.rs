//! What code is known by.

use std::collections::HashMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};

use perilune_language::debug::SourceKey;

/// What cells and files are known by.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    /// By a cell's name.
    cells: HashMap<String, SourceKey>,
    /// By a file's name, as it was loaded.
    files: HashMap<String, SourceKey>,
}

/// So many names are remembered.
const MOST: usize = 10_000;

impl Keys {
    /// A cell is about to run.
    pub(crate) fn remember_cell(&mut self, name: &str, key: SourceKey) {
        if self.cells.len() >= MOST {
            self.cells.clear();
        }
        self.cells.insert(name.to_owned(), key);
    }

    /// What a chunk is known by, from what `lua_Debug` says is its source.
    pub(crate) fn of(&mut self, source: &[u8]) -> SourceKey {
        let text = String::from_utf8_lossy(source);
        if let Some(name) = text.strip_prefix('=') {
            return self
                .cells
                .get(name)
                .cloned()
                .unwrap_or_else(|| SourceKey::from(name));
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
        let mut hasher = DefaultHasher::new();
        source.hash(&mut hasher);
        SourceKey::from(format!("[string]#{:016x}", hasher.finish()))
    }
}
