mod completions;
mod config;
mod dap;
mod debuggee;
mod doctor;
mod fmt;
mod history;
mod kernel;
mod lab;
mod library;
mod man;
mod repl;
mod run;
mod service;
mod version;

use std::time::Duration;
#[cfg(test)]
mod tests;

use anyhow::Result;
use clap::Subcommand;

pub use self::completions::complete_for_a_shell;
use crate::exit::Exit;

/// What the program can do. One command is one file of the same name.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print what a shell needs to complete the command line
    Completions(completions::Arguments),
    /// Look at the settings, change and check them
    #[command(subcommand)]
    Config(config::Command),
    /// Debug Lua from an editor, by the Debug Adapter Protocol
    Dap(dap::Arguments),
    /// Run what `perilune dap` debugs
    #[command(hide = true)]
    Debuggee(Box<debuggee::Arguments>),
    /// Find out what may be amiss with this setup, and what to do
    Doctor(doctor::Arguments),
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
    /// Print a page of the manual, or write all of them
    Man(man::Arguments),
    /// Type Lua at a prompt
    Repl(repl::Arguments),
    /// Run a notebook or a script, without Jupyter
    Run(Box<run::Arguments>),
    /// Have systemd run a kernel as a service of this user
    #[command(subcommand)]
    Service(service::Command),
    /// Show the version
    Version(version::Arguments),
}

/// Reads an option that says how long something may take.
fn seconds(text: &str) -> Result<Duration, String> {
    text.parse()
        .ok()
        .filter(|seconds| *seconds > 0.0)
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| "expected a number of seconds above 0, such as 60 or 0.5".to_owned())
}

impl Command {
    /// Does it.
    pub fn run(self) -> Result<Exit> {
        match self {
            Self::Completions(arguments) => arguments.run(),
            Self::Config(command) => command.run(),
            Self::Dap(arguments) => arguments.run(),
            Self::Debuggee(arguments) => arguments.run(),
            Self::Doctor(arguments) => arguments.run(),
            Self::Fmt(arguments) => arguments.run(),
            Self::History(arguments) => arguments.run(),
            Self::Kernel(command) => command.run(),
            Self::Lab(arguments) => arguments.run(),
            Self::Library(arguments) => arguments.run(),
            Self::Man(arguments) => arguments.run(),
            Self::Repl(arguments) => arguments.run(),
            Self::Run(arguments) => arguments.run(),
            Self::Service(command) => command.run(),
            Self::Version(arguments) => arguments.run(),
        }
    }
}
