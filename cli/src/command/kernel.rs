mod install;
mod place;
mod start;
mod uninstall;

use anyhow::Result;
use clap::Subcommand;

use crate::exit::Exit;

/// `perilune kernel ...`
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start a kernel: in the foreground, or as a daemon
    Start(Box<start::Arguments>),
    /// Tell Jupyter about this kernel: write its kernelspec
    Install(install::Arguments),
    /// Remove the kernelspec that `install` wrote
    Uninstall(uninstall::Arguments),
}

impl Command {
    pub fn run(self) -> Result<Exit> {
        match self {
            Self::Start(arguments) => arguments.run(),
            Self::Install(arguments) => arguments.run(),
            Self::Uninstall(arguments) => arguments.run(),
        }
    }
}
