use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use serde_json::json;

use crate::atomic_file::{self, Access};
use crate::exit::Exit;
use crate::jupyter::directories::data_of_this_user;

/// `perilune library`
#[derive(Debug, Args)]
#[command(after_help = "\
Cells have functions beside Lua's own, such as display and perilune.input. This writes files of
LuaCATS, the annotations that lua-language-server and emmylua_ls read, and prints their folder: it
goes into workspace.library of a .luarc.json or an .emmyrc.json. jupyterlab-lsp does it by itself
where the Python package is installed.")]
pub struct Arguments {
    /// Where to write them [default: perilune/library in the user's data folder]
    folder: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Arguments {
    pub fn run(self) -> Result<Exit> {
        let folder = match self.folder {
            Some(folder) => std::path::absolute(&folder)
                .with_context(|| format!("finding the absolute path of {}", folder.display()))?,
            None => data_of_this_user()?.join("perilune/library"),
        };
        fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
        for (name, text) in perilune_lua::MANUAL {
            let path = folder.join(name).with_extension("lua");
            // Whoever watches it shall not be told of a change that is none.
            if fs::read(&path).is_ok_and(|present| present == text.as_bytes()) {
                continue;
            }
            atomic_file::replace(&path, text.as_bytes(), Access::Shared)
                .with_context(|| format!("writing {}", path.display()))?;
        }
        let mut stdout = io::stdout().lock();
        if self.json {
            let document = json!({"schema_version": 1, "path": folder});
            writeln!(stdout, "{document}")?;
        } else {
            writeln!(stdout, "{}", folder.display())?;
        }
        Ok(Exit::Success)
    }
}
