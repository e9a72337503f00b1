mod delete;
mod export;
mod list;
mod selection;
mod sessions;

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Error, Result, bail};
use clap::{Args, Subcommand};
use perilune_history::{Place, Store};
use serde_json::json;

use crate::exit::Exit;
use crate::settings::{self, Flags};

/// `perilune history`
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Kernels remember the cells that are run in them. They don't remember a cell that begins with
%%nohistory, nor what `perilune run` runs. PATTERN is sought anywhere in a cell and may have * for
any text, ? for any character and [a-z] for one of several; case counts. A PATTERN that is the name
of a command comes after `--`, as in `perilune history -- delete`.

PERILUNE_HISTORY or history.file of the settings names another file; when it is empty, nothing is
kept on disk."
)]
pub struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    list: list::Arguments,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the kernels that ran something
    Sessions(sessions::Arguments),
    /// Delete entries for good
    Delete(delete::Arguments),
    /// Write entries as a notebook or a script
    Export(export::Arguments),
    /// Say where the history is
    Path(PathArguments),
}

impl Arguments {
    pub fn run(self) -> Result<Exit> {
        match self.command {
            None => self.list.run(),
            Some(Command::Sessions(arguments)) => arguments.run(),
            Some(Command::Delete(arguments)) => arguments.run(),
            Some(Command::Export(arguments)) => arguments.run(),
            Some(Command::Path(arguments)) => arguments.run(),
        }
    }
}

/// `perilune history path`
#[derive(Debug, Args)]
struct PathArguments {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl PathArguments {
    fn run(self) -> Result<Exit> {
        let path = path()?;
        let mut stdout = io::stdout().lock();
        if self.json {
            let document = json!({"schema_version": 1, "path": path, "exists": path.exists()});
            writeln!(stdout, "{document}")?;
        } else {
            writeln!(stdout, "{}", path.display())?;
        }
        Ok(Exit::Success)
    }
}

/// Where this user's history is, also if nothing is added to it.
fn path() -> Result<PathBuf> {
    let configuration = settings::read(&settings::sources(Flags::default())?)?;
    let file = &configuration.settings.history.file;
    match settings::history_place(&configuration.settings) {
        Place::File(path) => Ok(path),
        Place::Memory if file.is_some() => {
            let key = perilune_config::key_named("history.file").map_err(Error::msg)?;
            bail!(
                "history.file is empty ({}): no history is kept on disk",
                configuration.origin(key)
            )
        }
        Place::Memory => bail!(
            "finding the history: HOME is not set; set it, or {} to a file",
            Place::VARIABLE
        ),
    }
}

/// This user's history, if there is one already, and where it is or would be.
fn open() -> Result<(PathBuf, Option<Store>)> {
    let path = path()?;
    let store = if path.exists() {
        Some(Store::open(&path)?)
    } else {
        None
    };
    Ok((path, store))
}
