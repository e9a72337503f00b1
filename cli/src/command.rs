mod fmt;
mod history;
mod kernel;
mod lab;
mod library;
mod run;
mod version;

use anyhow::Result;
use clap::Subcommand;

use crate::exit::Exit;

/// What the program can do. One command is one file of the same name.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Format Lua files and the cells of notebooks
    Fmt(fmt::Arguments),
    /// Look at what was run, in all kernels, or delete of it
    History(Box<history::Arguments>),
    /// Start the kernel, or tell Jupyter about it
    #[command(subcommand)]
    Kernel(kernel::Command),
    /// Open a notebook in JupyterLab, which is installed if it is missing
    Lab(lab::Arguments),
    /// Describe the functions that cells have, for language servers
    Library(library::Arguments),
    /// Run a notebook or a script, without Jupyter
    Run(Box<run::Arguments>),
    /// Show the version
    Version(version::Arguments),
}

impl Command {
    /// Does it.
    pub fn run(self) -> Result<Exit> {
        match self {
            Self::Fmt(arguments) => arguments.run(),
            Self::History(arguments) => arguments.run(),
            Self::Kernel(command) => command.run(),
            Self::Lab(arguments) => arguments.run(),
            Self::Library(arguments) => arguments.run(),
            Self::Run(arguments) => arguments.run(),
            Self::Version(arguments) => arguments.run(),
        }
    }
}
