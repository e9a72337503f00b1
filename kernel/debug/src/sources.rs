use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use perilune_language::Cell;
use perilune_language::debug::{LoadedSource, SourceKey};

use crate::DebugError;
use crate::body::{Module, Source};
use crate::cells::CellPaths;
use crate::request::SourceName;

/// So many sources are remembered, and so many bytes of their code; older ones make room.
const MOST: usize = 2_000;
const MOST_BYTES: usize = 16 << 20;

/// Code in a file is read up to here.
const MOST_OF_A_FILE: u64 = 16 << 20;

/// The code that there is: cells, files, strings.
#[derive(Debug)]
pub(crate) struct Sources {
    cells: CellPaths,
    known: HashMap<SourceKey, Known>,
    by_reference: HashMap<i64, SourceKey>,
    by_age: BTreeMap<u64, SourceKey>,
    newest: u64,
    bytes: usize,
    newest_reference: i64,
}

#[derive(Debug)]
struct Known {
    /// Where it is in no file.
    code: Option<Arc<str>>,
    reference: i64,
    /// What a person calls it, where that is not a part of the key.
    name: Option<String>,
    /// Whether code of it was loaded, and not only shown to us.
    is_loaded: bool,
    /// Whether there is a file for who wants to read it.
    is_dumped: bool,
    age: u64,
}

/// What the loading of a source means to who knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loaded {
    New,
    /// It may be other code.
    Changed,
    /// It is the same code.
    Again,
}

impl Sources {
    pub(crate) fn new(cells: CellPaths) -> Self {
        Self {
            cells,
            known: HashMap::new(),
            by_reference: HashMap::new(),
            by_age: BTreeMap::new(),
            newest: 0,
            bytes: 0,
            newest_reference: 0,
        }
    }

    /// A cell is about to run.
    pub(crate) fn cell(&mut self, cell: &Cell) -> SourceKey {
        let key = self.cells.key(&cell.code);
        self.put(&key, Some(&cell.code));
        if let Some(known) = self.known.get_mut(&key) {
            known.name = Some(cell.name.clone());
        }
        key
    }

    /// What a cell is known by that a client shows us.
    pub(crate) fn shown(&mut self, code: &str) -> SourceKey {
        let key = self.cells.key(code);
        self.put(&key, Some(code));
        key
    }

    /// Notes whether there is a file of a cell.
    pub(crate) fn note_dumped(&mut self, key: &SourceKey, is_dumped: bool) {
        if let Some(known) = self.known.get_mut(key) {
            known.is_dumped = is_dumped;
        }
    }

    /// Code was loaded.
    pub(crate) fn loaded(&mut self, source: &LoadedSource) -> Loaded {
        // What is in a file is read there, by clients too.
        let is_file = !source.key.starts_with(self.cells.prefix())
            && Path::new(&*source.key).is_absolute()
            && Path::new(&*source.key).is_file();
        let code = source.code.as_deref().filter(|_| !is_file);
        let former = self.known.get(&source.key);
        let is_same = code.is_some() && former.is_some_and(|it| it.code.as_deref() == code);
        self.put(&source.key, code);
        let known = self.known.get_mut(&source.key);
        let was_loaded = known.is_some_and(|known| std::mem::replace(&mut known.is_loaded, true));
        match (was_loaded, is_same) {
            (false, _) => Loaded::New,
            (true, true) => Loaded::Again,
            (true, false) => Loaded::Changed,
        }
    }

    fn put(&mut self, key: &SourceKey, code: Option<&str>) {
        self.newest += 1;
        let age = self.newest;
        match self.known.get_mut(key) {
            Some(known) => {
                self.by_age.remove(&known.age);
                known.age = age;
                if known.code.as_deref() != code && code.is_some() {
                    self.bytes -= known.code.as_ref().map_or(0, |code| code.len());
                    self.bytes += code.map_or(0, str::len);
                    known.code = code.map(Arc::from);
                }
            }
            None => {
                self.newest_reference += 1;
                self.bytes += code.map_or(0, str::len);
                let known = Known {
                    code: code.map(Arc::from),
                    reference: self.newest_reference,
                    name: None,
                    is_loaded: false,
                    is_dumped: false,
                    age,
                };
                let reference = known.reference;
                self.known.insert(SourceKey::clone(key), known);
                self.by_reference.insert(reference, SourceKey::clone(key));
            }
        }
        self.by_age.insert(age, SourceKey::clone(key));
        while self.known.len() > MOST || self.bytes > MOST_BYTES {
            // The one that has just come stays, whatever its length.
            if self.by_age.len() < 2 {
                break;
            }
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        let Some((_, oldest)) = self.by_age.pop_first() else {
            return;
        };
        if let Some(known) = self.known.remove(&oldest) {
            self.bytes -= known.code.map_or(0, |code| code.len());
            self.by_reference.remove(&known.reference);
        }
    }

    /// By what a source is known that a client names.
    pub(crate) fn key(&self, source: &SourceName) -> Result<SourceKey, DebugError> {
        // A reference says more than a path, where there are both.
        let reference = source.source_reference.unwrap_or(0);
        if let Some(key) = self.by_reference.get(&reference) {
            return Ok(SourceKey::clone(key));
        }
        if let Some(path) = source.path.as_deref().filter(|path| !path.is_empty()) {
            return Ok(key_of_path(path, self.cells.prefix()));
        }
        match source.name.as_deref().filter(|name| !name.is_empty()) {
            Some(name) if reference == 0 => Ok(name.into()),
            _ => Err(no_source(&format!("source {reference}"), "")),
        }
    }

    /// The code of a source, where it is remembered.
    pub(crate) fn code(&self, key: &SourceKey) -> Option<Arc<str>> {
        self.known.get(key)?.code.clone()
    }

    /// How clients are told of a source.
    pub(crate) fn told(&self, key: &SourceKey) -> Source {
        let known = self.known.get(key);
        let is_path = key.starts_with('/');
        let name = known.and_then(|known| known.name.clone());
        let file = || key.rsplit('/').next().unwrap_or_default().to_owned();
        Source {
            name: name.unwrap_or_else(|| if is_path { file() } else { (**key).to_owned() }),
            path: is_path.then(|| (**key).to_owned()),
            // Clients that open paths would look for a file in vain.
            source_reference: known
                .filter(|known| known.code.is_some() && !known.is_dumped)
                .map(|known| known.reference),
            presentation_hint: None,
        }
    }

    /// What a person calls a source.
    pub(crate) fn name(&self, key: &SourceKey) -> String {
        let name = self.known.get(key).and_then(|known| known.name.clone());
        name.unwrap_or_else(|| (**key).to_owned())
    }

    /// All that was loaded, in the order in which it was last heard of.
    pub(crate) fn all_loaded(&self) -> impl Iterator<Item = &SourceKey> {
        let loaded = |key: &&SourceKey| self.known.get(*key).is_some_and(|it| it.is_loaded);
        self.by_age.values().filter(loaded)
    }

    /// The source as a module, if it is one: a file.
    pub(crate) fn module(&self, key: &SourceKey) -> Option<Module> {
        let known = self.known.get(key)?;
        let file = key.rsplit('/').next().unwrap_or_default();
        (known.is_loaded && known.code.is_none() && key.starts_with('/')).then(|| Module {
            id: known.reference,
            name: file.strip_suffix(".lua").unwrap_or(file).to_owned(),
            path: (**key).to_owned(),
        })
    }
}

/// By what a file is known, or a cell.
pub(crate) fn key_of_path(path: &str, prefix: &str) -> SourceKey {
    if path.starts_with(prefix) {
        return path.into();
    }
    match Path::new(path).canonicalize() {
        Ok(path) => path.to_string_lossy().into(),
        Err(_) => path.into(),
    }
}

/// The code in a file.
pub(crate) fn read(key: &SourceKey) -> Result<String, DebugError> {
    let path = Path::new(&**key);
    if !path.is_absolute() {
        return Err(no_source(key, ""));
    }
    let because = |error: std::io::Error| no_source(key, &format!(": {error}"));
    let size = path.metadata().map_err(because)?;
    if !size.is_file() {
        return Err(no_source(key, ": it is not a file"));
    }
    if size.len() > MOST_OF_A_FILE {
        return Err(no_source(key, ": it is too long"));
    }
    let bytes = std::fs::read(path).map_err(because)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

pub(crate) fn no_source(name: &str, because: &str) -> DebugError {
    DebugError::NoSource {
        source_name: name.chars().take(300).collect(),
        because: because.to_owned(),
    }
}
