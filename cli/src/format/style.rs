use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use stylua_lib::{Config, LuaVersion, editorconfig};

/// How files are to look: by the nearest `stylua.toml` above each, else by `.editorconfig`, else
/// as StyLua has it.
#[derive(Debug, Default)]
pub struct Styles {
    /// What was found for each folder.
    found: HashMap<PathBuf, Option<Config>>,
}

const NAMES: [&str; 2] = ["stylua.toml", ".stylua.toml"];

impl Styles {
    /// The style of a file, which need not be there.
    ///
    /// # Errors
    ///
    /// When a file that says it cannot be read.
    pub fn of(&mut self, path: &Path) -> Result<Config> {
        let path = std::path::absolute(path)
            .with_context(|| format!("finding the absolute path of {}", path.display()))?;
        let folder = path.parent().unwrap_or(Path::new("/"));
        let mut style = match self.by_stylua(folder)? {
            Some(style) => style,
            None => editorconfig::parse(Config::new(), &path)
                .map_err(|error| anyhow::anyhow!("{error}"))
                .with_context(|| format!("reading .editorconfig for {}", path.display()))?,
        };
        if style.syntax == LuaVersion::All {
            style.syntax = LuaVersion::Lua54;
        }
        Ok(style)
    }

    fn by_stylua(&mut self, folder: &Path) -> Result<Option<Config>> {
        if let Some(found) = self.found.get(folder) {
            return Ok(*found);
        }
        let file = NAMES
            .iter()
            .map(|name| folder.join(name))
            .find(|path| path.is_file());
        let style = match (file, folder.parent()) {
            (Some(file), _) => Some(read(&file)?),
            (None, Some(parent)) => self.by_stylua(parent)?,
            (None, None) => None,
        };
        self.found.insert(folder.to_owned(), style);
        Ok(style)
    }
}

fn read(file: &Path) -> Result<Config> {
    let place = || format!("reading {}", file.display());
    let text = fs::read_to_string(file).with_context(place)?;
    toml::from_str(&text).with_context(place)
}
