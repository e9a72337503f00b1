use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use ignore::WalkBuilder;

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Lua alone.
    Script,
    /// Cells, among other things.
    Notebook,
}

/// The files that are to be formatted.
#[derive(Debug)]
pub struct Files {
    /// In the order of their names, each with whether the user named it.
    pub found: Vec<(PathBuf, bool)>,
}

impl Files {
    /// Those that were named, and in folders all Lua files and notebooks but what `.gitignore`,
    /// `.ignore` and `.styluaignore` exclude.
    ///
    /// # Errors
    ///
    /// When one of them is not there or cannot be read.
    pub fn find(named: &[PathBuf]) -> Result<Self> {
        let mut found = Vec::new();
        for path in named {
            if path.is_dir() {
                found.extend(within(path)?.into_iter().map(|path| (path, false)));
            } else if path.exists() {
                found.push((path.clone(), true));
            } else {
                bail!("{} is not there", path.display());
            }
        }
        Ok(Self { found })
    }
}

fn within(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let walk = WalkBuilder::new(folder)
        .add_custom_ignore_filename(".styluaignore")
        .require_git(false)
        .sort_by_file_path(Path::cmp)
        .build();
    for entry in walk {
        let entry = entry.with_context(|| format!("looking into {}", folder.display()))?;
        let wanted = entry
            .path()
            .extension()
            .is_some_and(|extension| extension == "lua" || extension == "ipynb");
        if wanted && entry.file_type().is_some_and(|kind| kind.is_file()) {
            files.push(entry.into_path());
        }
    }
    Ok(files)
}
