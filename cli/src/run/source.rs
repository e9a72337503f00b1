use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};

use crate::notebook::Notebook;

/// What is to be run, and where it came from.
#[derive(Debug)]
pub struct Source {
    /// What messages call it.
    pub name: String,
    /// What it is.
    pub kind: SourceKind,
    /// Where Jupyter would run it: a notebook's folder.
    pub folder: Option<PathBuf>,
    /// The cells; a script is one.
    pub notebook: Notebook,
}

/// What is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    /// A notebook, which shows the values of its cells.
    Notebook,
    /// A program in a file, which writes what it wants to be seen.
    Script,
    /// What came by standard input, which is used up then, and is like a cell.
    Typed,
}

impl Source {
    /// Reads a notebook (`.ipynb`), a script (`.lua`, or no extension), or a script from standard
    /// input (`-`).
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or is not what it should be.
    pub fn read(path: &Path) -> Result<Self> {
        if path == Path::new("-") {
            let mut text = Vec::new();
            io::stdin()
                .read_to_end(&mut text)
                .context("reading standard input")?;
            return Ok(Self {
                name: "standard input".to_owned(),
                kind: SourceKind::Typed,
                folder: None,
                notebook: script(&text).context("standard input")?,
            });
        }
        let name = path.display().to_string();
        let text = fs::read(path).with_context(|| format!("reading {name}"))?;
        match path.extension().map(OsStr::as_encoded_bytes) {
            Some(b"ipynb") => {
                let notebook = Notebook::parse(&text).with_context(|| name.clone())?;
                let path = fs::canonicalize(path).with_context(|| format!("finding {name}"))?;
                let folder = path.parent().map(Path::to_owned);
                Ok(Self {
                    name,
                    kind: SourceKind::Notebook,
                    folder,
                    notebook,
                })
            }
            Some(b"lua") | None => {
                let notebook = script(&text).with_context(|| name.clone())?;
                Ok(Self {
                    name,
                    kind: SourceKind::Script,
                    folder: None,
                    notebook,
                })
            }
            Some(_) => bail!(
                "{name} is neither a notebook (.ipynb) nor a Lua script (.lua); \
                 `perilune run - < {name}` runs it as a script all the same"
            ),
        }
    }

    /// Code that was given as it is.
    pub fn code(code: &str) -> Self {
        Self {
            name: "the code".to_owned(),
            kind: SourceKind::Typed,
            folder: None,
            notebook: Notebook::of_script(code),
        }
    }
}

fn script(text: &[u8]) -> Result<Notebook> {
    let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    let text = str::from_utf8(text).map_err(|error| {
        let line = 1 + text[..error.valid_up_to()]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count();
        anyhow!("line {line} is not UTF-8; bytes that are not text can be written as \"\\xff\"")
    })?;
    Ok(Notebook::of_script(without_shebang(text)))
}

/// As `lua` does: a first line that starts with `#` is for the system. Its newline stays, so that
/// errors name the right line.
fn without_shebang(text: &str) -> &str {
    if !text.starts_with('#') {
        return text;
    }
    text.find('\n').map_or("", |newline| &text[newline..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &[u8]) -> String {
        script(text).unwrap().code_cells()[0].source.clone()
    }

    #[test]
    fn a_shebang_is_no_code_but_a_line() {
        assert_eq!(code(b"#!/usr/bin/lua\nprint(1)\n"), "\nprint(1)\n");
        assert_eq!(code(b"#"), "");
        assert_eq!(code(b"\xEF\xBB\xBFreturn #t"), "return #t");
    }

    #[test]
    fn a_script_that_is_not_text_is_refused_with_its_line() {
        let error = script(b"a\nb\xFF").unwrap_err().to_string();
        assert!(error.starts_with("line 2 is not UTF-8"), "{error}");
    }
}
