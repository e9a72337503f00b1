mod edit;
mod file;
mod get;
mod info;
mod json;
mod key_argument;
mod path;
mod set;
mod show;
mod unset;
mod validate;

use anyhow::Result;
use clap::Subcommand;

use crate::exit::Exit;

/// `perilune config ...`
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show what is set, as TOML
    Show(show::Arguments),
    /// Show one value
    Get(get::Arguments),
    /// Set a value in a file; its comments stay
    Set(set::Arguments),
    /// Take a value out of a file
    Unset(unset::Arguments),
    /// Explain the settings there are
    Info(info::Arguments),
    /// Find all that is wrong
    Validate(validate::Arguments),
    /// Open a file in an editor, and keep what is valid
    Edit(edit::Arguments),
    /// Say where the files are
    Path(path::Arguments),
}

impl Command {
    pub fn run(self) -> Result<Exit> {
        match self {
            Self::Show(arguments) => arguments.run(),
            Self::Get(arguments) => arguments.run(),
            Self::Set(arguments) => arguments.run(),
            Self::Unset(arguments) => arguments.run(),
            Self::Info(arguments) => arguments.run(),
            Self::Validate(arguments) => arguments.run(),
            Self::Edit(arguments) => arguments.run(),
            Self::Path(arguments) => arguments.run(),
        }
    }
}
