mod attach;
mod exec;
mod install;
mod interrupt;
mod list;
mod logs;
mod output;
mod place;
mod prune;
mod reload;
mod restart;
mod save;
mod start;
mod status;
mod stop;
mod uninstall;
mod wait;
mod wording;

use anyhow::Result;
use clap::Subcommand;

use crate::exit::Exit;

pub use self::start::Arguments as StartArguments;

/// `perilune kernel ...`
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start a kernel: in the foreground, or as a daemon
    Start(Box<start::Arguments>),
    /// Stop kernels
    Stop(stop::Arguments),
    /// Stop kernels, and start them anew as they were started, where their clients find them
    Restart(restart::Arguments),
    /// Save the session of kernels, for `start --restore`
    Save(save::Arguments),
    /// Ask kernels how they are
    Status(status::Arguments),
    /// List all kernels of this user
    List(list::Arguments),
    /// Show a kernel's log, also of one that has ended, or change how much it logs
    Logs(logs::Arguments),
    /// Run code or a file in a kernel that runs, and show what it does
    Exec(exec::Arguments),
    /// Show what a kernel published since one last looked, and what it publishes now
    Attach(attach::Arguments),
    /// Show the output of a cell that was run
    Output(output::Arguments),
    /// Interrupt the cell that runs
    Interrupt(interrupt::Arguments),
    /// Let kernels read their settings anew
    Reload(reload::Arguments),
    /// Wait until a kernel is ready, idle or stopped
    Wait(wait::Arguments),
    /// Clear away what kernels left that live no more
    Prune(prune::Arguments),
    /// Tell Jupyter about this kernel: write its kernelspec
    Install(install::Arguments),
    /// Remove the kernelspec that `install` wrote
    Uninstall(uninstall::Arguments),
}

impl Command {
    pub fn run(self) -> Result<Exit> {
        match self {
            Self::Start(arguments) => arguments.run(),
            Self::Stop(arguments) => arguments.run(),
            Self::Restart(arguments) => arguments.run(),
            Self::Save(arguments) => arguments.run(),
            Self::Status(arguments) => arguments.run(),
            Self::List(arguments) => arguments.run(),
            Self::Logs(arguments) => arguments.run(),
            Self::Exec(arguments) => arguments.run(),
            Self::Attach(arguments) => arguments.run(),
            Self::Output(arguments) => arguments.run(),
            Self::Interrupt(arguments) => arguments.run(),
            Self::Reload(arguments) => arguments.run(),
            Self::Wait(arguments) => arguments.run(),
            Self::Prune(arguments) => arguments.run(),
            Self::Install(arguments) => arguments.run(),
            Self::Uninstall(arguments) => arguments.run(),
        }
    }
}
