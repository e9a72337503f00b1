//! Formatting, with StyLua: Lua files, and the cells of notebooks.
//!
//! Each part takes a text and returns another, and touches no file; only [`files`] and [`Styles`]
//! look at folders.

mod cell;
mod files;
mod notebook;
mod style;

use std::path::Path;

pub use files::{Files, Kind};
pub use style::Styles;
use stylua_lib::{Config, OutputVerification};

/// Why something is left as it is.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// It is not text.
    #[error("not UTF-8")]
    Encoding,
    /// It is not Lua.
    #[error("{0}")]
    Lua(String),
    /// A cell of it is not Lua.
    #[error("cells[{index}]: {message}")]
    Cell {
        /// The cell's place among all cells, from 0.
        index: usize,
        /// What is wrong with it.
        message: String,
    },
    /// It is not a notebook of version 4.
    #[error("not a notebook: {0}")]
    Notebook(String),
    /// It is in another language.
    #[error("this notebook is written in {0}, not in Lua")]
    Language(String),
}

/// A part of a file that formatting changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The cell's place among all cells, from 0; nothing for a whole file.
    pub cell: Option<usize>,
    /// The code as it was.
    pub before: String,
    /// The code as it will be.
    pub after: String,
}

/// A file's new text, and what is different about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Formatted {
    /// All of it.
    pub text: String,
    /// Nothing if it is as it was.
    pub changes: Vec<Change>,
}

/// Formats a file's content.
///
/// # Errors
///
/// See [`FormatError`].
pub fn format(kind: Kind, content: &[u8], style: Config) -> Result<Formatted, FormatError> {
    let text = str::from_utf8(content).map_err(|_| FormatError::Encoding)?;
    match kind {
        Kind::Notebook => notebook::format(text, style),
        Kind::Script => script(text, style),
    }
}

fn script(text: &str, style: Config) -> Result<Formatted, FormatError> {
    const MARK: &str = "\u{feff}";
    let (mark, code) = match text.strip_prefix(MARK) {
        Some(code) => (MARK, code),
        None => ("", text),
    };
    let after = lua(code, style).map_err(FormatError::Lua)?;
    let after = format!("{mark}{after}");
    let changes = if after == text {
        Vec::new()
    } else {
        vec![Change {
            cell: None,
            before: text.to_owned(),
            after: after.clone(),
        }]
    };
    Ok(Formatted {
        text: after,
        changes,
    })
}

/// Formats Lua, and makes sure that it still says the same.
fn lua(code: &str, style: Config) -> Result<String, String> {
    stylua_lib::format_code(code, style, None, OutputVerification::Full).map_err(|error| {
        error
            .to_string()
            .trim_start_matches("error parsing: ")
            .to_owned()
    })
}

/// What a path is by its name; a script, where it says nothing.
pub fn kind_of(path: &Path) -> Kind {
    if path
        .extension()
        .is_some_and(|extension| extension == "ipynb")
    {
        Kind::Notebook
    } else {
        Kind::Script
    }
}
