//! Notebooks on disk: the nbformat 4 document, changed only where running it changes it.
//!
//! The document stays the JSON that was read, with its order and with every field nobody here
//! knows; only outputs, execution counts and what nbformat 4.5 demands are touched.

mod outputs;
mod overwriting;
mod widgets;

use std::collections::HashSet;

use serde::Serialize;
use serde_json::{Map, Value, json};

pub use outputs::Outputs;
pub use widgets::Widgets;

/// The newest minor version of nbformat 4 that is written.
const MINOR: u64 = 5;

/// Why a file is not a notebook that can be run.
#[derive(Debug, thiserror::Error)]
pub enum NotebookError {
    /// It is not even JSON.
    #[error("not a notebook")]
    Json(#[source] serde_json::Error),
    /// It is of a format from before 2015, or one from the future.
    #[error(
        "notebook format {0} is not supported, only 4; \
         convert it with `jupyter nbconvert --to notebook --nbformat 4`"
    )]
    Format(String),
    /// A part of it is not what nbformat says.
    #[error("not a valid notebook: {place} must be {expected}")]
    Shape {
        /// Where, as a path from the top.
        place: String,
        /// What nbformat says.
        expected: &'static str,
    },
    /// It is written in another language.
    #[error("this notebook is written in {0}, not in Lua (metadata.kernelspec.language)")]
    Language(String),
}

/// A notebook.
#[derive(Debug, Clone)]
pub struct Notebook {
    document: Map<String, Value>,
}

/// A cell with code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeCell {
    /// Its place among all cells, from 0.
    pub index: usize,
    /// Its id, which no other cell has.
    pub id: String,
    /// The code.
    pub source: String,
    /// Whether it is tagged `raises-exception`.
    pub may_fail: bool,
}

impl Notebook {
    /// Reads a notebook, and mends what nbformat 4.5 demands and older notebooks lack.
    ///
    /// # Errors
    ///
    /// See [`NotebookError`].
    pub fn parse(text: &[u8]) -> Result<Self, NotebookError> {
        let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
        let document = match serde_json::from_slice(text).map_err(NotebookError::Json)? {
            Value::Object(document) => document,
            _ => return Err(shape("the file", "an object")),
        };
        let mut notebook = Self { document };
        notebook.check_format()?;
        notebook.check_language()?;
        notebook.mend()?;
        Ok(notebook)
    }

    /// A notebook of one cell: a script.
    pub fn of_script(source: &str) -> Self {
        Self::of_cells([source])
    }

    /// A notebook of cells with code.
    pub fn of_cells<'a>(sources: impl IntoIterator<Item = &'a str>) -> Self {
        let cell = |source| {
            json!({
                "cell_type": "code",
                "execution_count": null,
                "id": new_id(),
                "metadata": {},
                "outputs": [],
                "source": split_lines(source),
            })
        };
        let cells = sources.into_iter().map(cell).collect();
        let document = Map::from_iter([
            ("cells".to_owned(), Value::Array(cells)),
            (
                "metadata".to_owned(),
                json!({"kernelspec": {"display_name": "Lua", "language": "lua", "name": "lua"}}),
            ),
            ("nbformat".to_owned(), json!(4)),
            ("nbformat_minor".to_owned(), json!(MINOR)),
        ]);
        Self { document }
    }

    /// The cells with code, in order.
    pub fn code_cells(&self) -> Vec<CodeCell> {
        self.cells()
            .iter()
            .enumerate()
            .filter(|(_, cell)| is_code(cell))
            .map(|(index, cell)| CodeCell {
                index,
                id: cell["id"].as_str().unwrap_or_default().to_owned(),
                source: joined(&cell["source"]).unwrap_or_default(),
                may_fail: cell["metadata"]["tags"]
                    .as_array()
                    .is_some_and(|tags| tags.iter().any(|tag| tag == "raises-exception")),
            })
            .collect()
    }

    /// Forgets what earlier runs left: outputs, execution counts and widgets.
    pub fn clear_outputs(&mut self) {
        self.set_widgets(&Widgets::default());
        for cell in self.cells_mut().iter_mut().filter(|cell| is_code(cell)) {
            cell["outputs"] = json!([]);
            cell["execution_count"] = Value::Null;
        }
    }

    /// Writes what a cell left into it.
    pub fn set_outputs(&mut self, index: usize, outputs: &Outputs) {
        if let Some(cell) = self.cells_mut().get_mut(index) {
            cell["outputs"] = outputs.to_json();
            cell["execution_count"] = json!(outputs.execution_count());
        }
    }

    /// Writes the widgets' states into it; without any, it says nothing of them.
    pub fn set_widgets(&mut self, widgets: &Widgets) {
        let Some(Value::Object(metadata)) = self.document.get_mut("metadata") else {
            return;
        };
        if let Some(states) = widgets.to_json() {
            metadata.insert("widgets".to_owned(), json!({widgets::MIME: states}));
        } else {
            metadata.remove("widgets");
        }
    }

    /// Says which language the cells are in, unless the notebook knows.
    pub fn set_language_info(&mut self, language_info: Value) {
        if let Some(Value::Object(metadata)) = self.document.get_mut("metadata") {
            metadata.entry("language_info").or_insert(language_info);
        }
    }

    /// The file's text, laid out as Jupyter does.
    ///
    /// # Errors
    ///
    /// None that could happen: every value came from JSON.
    pub fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        let mut text = Vec::new();
        let layout = serde_json::ser::PrettyFormatter::with_indent(b" ");
        let mut serializer = serde_json::Serializer::with_formatter(&mut text, layout);
        self.document.serialize(&mut serializer)?;
        text.push(b'\n');
        Ok(text)
    }

    fn check_format(&self) -> Result<(), NotebookError> {
        match self.document.get("nbformat") {
            Some(format) if format.as_u64() == Some(4) => Ok(()),
            Some(format) => Err(NotebookError::Format(format.to_string())),
            None => Err(shape("nbformat", "4, and it is missing")),
        }
    }

    fn check_language(&self) -> Result<(), NotebookError> {
        let Some(metadata) = self.document.get("metadata") else {
            return Ok(());
        };
        match foreign_language(metadata) {
            Some(language) => Err(NotebookError::Language(language.to_owned())),
            None => Ok(()),
        }
    }

    /// Checks every cell, and gives the document what 4.5 demands: an id for each cell.
    fn mend(&mut self) -> Result<(), NotebookError> {
        let minor = match self.document.get("nbformat_minor") {
            Some(minor) => minor
                .as_u64()
                .ok_or_else(|| shape("nbformat_minor", "a number"))?,
            None => 0,
        };
        self.document
            .insert("nbformat_minor".to_owned(), json!(minor.max(MINOR)));
        if !self
            .document
            .entry("metadata")
            .or_insert_with(|| json!({}))
            .is_object()
        {
            return Err(shape("metadata", "an object"));
        }

        let Some(Value::Array(cells)) = self.document.get_mut("cells") else {
            return Err(shape("cells", "a list"));
        };
        let mut ids = HashSet::new();
        for (index, cell) in cells.iter_mut().enumerate() {
            let at = |field: &str| format!("cells[{index}]{field}");
            let Value::Object(cell) = cell else {
                return Err(shape(at(""), "an object"));
            };
            let Some(kind) = cell.get("cell_type").and_then(Value::as_str) else {
                return Err(shape(at(".cell_type"), "a string"));
            };
            let is_code = kind == "code";
            if cell.get("source").and_then(joined).is_none() {
                return Err(shape(at(".source"), "a string or a list of strings"));
            }
            if !cell
                .entry("metadata")
                .or_insert_with(|| json!({}))
                .is_object()
            {
                return Err(shape(at(".metadata"), "an object"));
            }
            if is_code {
                cell.entry("execution_count").or_insert(Value::Null);
                cell.entry("outputs").or_insert_with(|| json!([]));
            }
            match cell.get("id").and_then(Value::as_str) {
                Some(id) if is_valid_id(id) && ids.insert(id.to_owned()) => {}
                _ => {
                    let id = new_id();
                    ids.insert(id.clone());
                    cell.insert("id".to_owned(), json!(id));
                }
            }
        }
        Ok(())
    }

    fn cells(&self) -> &[Value] {
        self.document
            .get("cells")
            .and_then(Value::as_array)
            .map_or(&[], Vec::as_slice)
    }

    fn cells_mut(&mut self) -> &mut [Value] {
        self.document
            .get_mut("cells")
            .and_then(Value::as_array_mut)
            .map_or(&mut [], Vec::as_mut_slice)
    }
}

fn shape(place: impl Into<String>, expected: &'static str) -> NotebookError {
    NotebookError::Shape {
        place: place.into(),
        expected,
    }
}

fn is_code(cell: &Value) -> bool {
    cell["cell_type"] == "code"
}

/// An id as nbformat makes them: 8 hexadecimal digits.
fn new_id() -> String {
    let mut id = uuid::Uuid::new_v4().simple().to_string();
    id.truncate(8);
    id
}

fn is_valid_id(id: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    (1..=64).contains(&id.len()) && id.chars().all(allowed)
}

/// The text of a multi-line string, which may be one string or its lines.
fn joined(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(lines) => lines.iter().map(Value::as_str).collect(),
        _ => None,
    }
}

/// A multi-line string as its lines, each with its newline: how Jupyter writes them.
fn split_lines(text: &str) -> Value {
    text.split_inclusive('\n').collect()
}

/// The language of a notebook's cells by its metadata, if they say one that is not Lua.
pub fn foreign_language(metadata: &Value) -> Option<&str> {
    metadata
        .pointer("/kernelspec/language")
        .or_else(|| metadata.pointer("/language_info/name"))
        .and_then(Value::as_str)
        .filter(|language| !language.eq_ignore_ascii_case("lua"))
}

#[cfg(test)]
mod tests;
