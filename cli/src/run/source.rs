use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};

use crate::notebook::Notebook;

/// What is to be run, and where it came from.
#[derive(Debug)]
pub struct Source {
    /// What messages call it.
    pub name: String,
    /// The folder of a notebook, which Jupyter would run it in; `None` for scripts.
    pub folder: Option<PathBuf>,
    /// Whether its code came by standard input, which is used up then.
    pub is_stdin: bool,
    /// The cells; a script is one.
    pub notebook: Notebook,
}

impl Source {
    /// Reads a notebook (`.ipynb`), a script (anything else), or a script from standard input (`-`).
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or is not what it should be.
    pub fn read(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        if path == Path::new("-") {
            let mut text = Vec::new();
            io::stdin()
                .read_to_end(&mut text)
                .context("reading standard input")?;
            let notebook = script(&text).context("standard input")?;
            return Ok(Self {
                name: "standard input".to_owned(),
                folder: None,
                is_stdin: true,
                notebook,
            });
        }
        let text = fs::read(path).with_context(|| format!("reading {name}"))?;
        let is_notebook = path
            .extension()
            .is_some_and(|extension| extension == "ipynb");
        if !is_notebook {
            let notebook = script(&text).with_context(|| name.clone())?;
            return Ok(Self {
                name,
                folder: None,
                is_stdin: false,
                notebook,
            });
        }
        let notebook = Notebook::parse(&text).with_context(|| name.clone())?;
        let path = fs::canonicalize(path).with_context(|| format!("finding {name}"))?;
        let folder = path.parent().map(Path::to_owned);
        Ok(Self {
            name,
            folder,
            is_stdin: false,
            notebook,
        })
    }

    /// Whether it is a script rather than a notebook.
    pub fn is_script(&self) -> bool {
        self.folder.is_none()
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
