//! What is said of Lua's own functions and of ours: the files in `manual`, in LuaCATS.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use super::documentation::Documentation;
use super::signature::parameters;
use super::source::{Path, Root, Source};
use super::types::parameter_list;
use crate::syntax::{CommentId, Expression, ExpressionId};

macro_rules! files {
    ($($name:literal)*) => {
        [$(($name, include_str!(concat!("../manual/", $name, ".lua")))),*]
    };
}

/// All files of the folder.
pub const FILES: [(&str, &str); 17] = files!("base" "comm" "coroutine" "debug" "display" "ilua" "io" "math" "os" "package" "perilune" "plot" "progress" "string" "table" "utf8" "widgets");

/// The manual, read when somebody asks for the first time.
static MANUAL: LazyLock<Manual> = LazyLock::new(Manual::read);

pub(super) struct Manual {
    sources: Vec<Arc<Source>>,
    /// Where `string.rep` and its like are.
    places: HashMap<String, Place>,
}

struct Place {
    source: usize,
    value: ExpressionId,
    comment: Option<CommentId>,
}

/// What the manual says of a name.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) source: Arc<Source>,
    /// What it is: a function, or a value.
    pub(super) value: ExpressionId,
    pub(super) documentation: Documentation,
}

/// The libraries that the manual has a file of, without reading it.
pub(super) fn documented_modules() -> impl Iterator<Item = &'static str> {
    FILES
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| *name != "base")
}

/// The functions that the manual has of no library, without reading it.
pub(super) fn documented_globals() -> impl Iterator<Item = &'static str> {
    let base = FILES.iter().filter(|(name, _)| *name == "base");
    base.flat_map(|(_, text)| text.lines())
        .filter_map(|line| Some(line.strip_prefix("function ")?.split_once('(')?.0))
}

pub(super) fn manual() -> &'static Manual {
    &MANUAL
}

impl Manual {
    fn read() -> Self {
        let mut places = HashMap::new();
        let sources: Vec<_> = FILES
            .iter()
            .map(|(name, code)| Arc::new(Source::read(name, Arc::from(*code))))
            .collect();
        for (index, source) in sources.iter().enumerate() {
            for (path, assignment) in source.assignments() {
                let place = Place {
                    source: index,
                    value: assignment.value,
                    comment: assignment.comment,
                };
                places.insert(written(source, &path), place);
            }
        }
        Self { sources, places }
    }

    /// What is said of `string.rep`, or of the method `file:close`.
    pub(super) fn entry(&self, name: &str) -> Option<Entry> {
        let place = self.places.get(name)?;
        let source = &self.sources[place.source];
        Some(Entry {
            source: Arc::clone(source),
            value: place.value,
            documentation: source.documentation(place.comment),
        })
    }

    pub(super) fn sources(&self) -> &[Arc<Source>] {
        &self.sources
    }
}

/// `string.rep`; the methods of a class are called by the local that holds them: `file:close`.
fn written(source: &Source, path: &Path) -> String {
    let (root, separator) = match &path.root {
        Root::Global(name) => (name.as_str(), "."),
        Root::Local(id) => (source.text(source.tree.declaration(*id).name), ":"),
    };
    let mut text = root.to_owned();
    for name in &path.names {
        text.push_str(separator);
        text.push_str(name);
    }
    text
}

impl Entry {
    /// `(s, n, sep?)`; behind a colon without what stands before it.
    pub(super) fn signature(&self, is_method: bool) -> Option<String> {
        let Expression::Function(function) = self.source.tree.expression(self.value) else {
            return None;
        };
        let mut parameters = parameters(&self.source, *function, &self.documentation, false);
        let is_declared_so = self.source.tree.function(*function).is_method;
        if is_method && !is_declared_so && !parameters.is_empty() {
            parameters.remove(0);
        }
        Some(format!("({})", parameter_list(&parameters)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folder_is_read() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/manual");
        let mut found: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
            .collect();
        found.sort();
        let known: Vec<_> = FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(
            found, known,
            "the list in code/manual.rs has all of them, sorted"
        );
    }

    #[test]
    fn every_entry_says_what_it_does_and_what_its_parameters_are() {
        let mut lacking = Vec::new();
        for (name, place) in &manual().places {
            let entry = manual().entry(name).unwrap();
            if entry.documentation.text.is_empty() && entry.documentation.class.is_none() {
                lacking.push(format!("{name} says nothing"));
            }
            let Expression::Function(function) = entry.source.tree.expression(place.value) else {
                continue;
            };
            let function = entry.source.tree.function(*function);
            for parameter in &function.parameters {
                let parameter = entry
                    .source
                    .tree
                    .declaration(*parameter)
                    .name(&entry.source.code);
                if entry.documentation.parameter(parameter).is_none() {
                    lacking.push(format!("{name} says nothing of {parameter}"));
                }
            }
            for documented in &entry.documentation.parameters {
                let is_declared = documented.name == "..." && function.is_variadic
                    || function.parameters.iter().any(|parameter| {
                        entry
                            .source
                            .tree
                            .declaration(*parameter)
                            .name(&entry.source.code)
                            == documented.name
                    });
                if !is_declared {
                    lacking.push(format!("{name} has no parameter {}", documented.name));
                }
            }
        }
        assert_eq!(lacking, Vec::<String>::new());
    }

    #[test]
    fn methods_are_found_by_their_class() {
        let entry = manual().entry("file:seek").unwrap();
        assert_eq!(
            entry.signature(false).as_deref(),
            Some("(whence?, offset?)")
        );
        let entry = manual().entry("string.rep").unwrap();
        assert_eq!(entry.signature(false).as_deref(), Some("(s, n, sep?)"));
        assert_eq!(entry.signature(true).as_deref(), Some("(n, sep?)"));
    }
}
