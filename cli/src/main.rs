//! The one binary: arguments in, calls down, text or JSON out.

mod atomic_file;
mod attach;
mod caretaker;
mod color;
mod command;
mod dap;
mod doctor;
mod embedded;
mod exit;
mod format;
mod health;
mod jupyter;
mod kernels;
mod lab;
mod log;
mod notebook;
mod open_files;
mod repl;
mod run;
mod settings;
mod standard;
mod supervision;
mod terminal;

use std::io;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser};

use crate::command::Command;
use crate::exit::Exit;

/// A Lua kernel for Jupyter, and what belongs to it.
#[derive(Debug, Parser)]
#[command(name = "perilune", version, after_help = exit::HELP)]
struct Arguments {
    #[command(flatten)]
    color: color::ColorOption,
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    command::complete_for_a_shell();
    let arguments = Arguments::command().color(color::of_help(std::env::args_os()));
    let arguments = Arguments::from_arg_matches(&arguments.get_matches());
    let arguments = arguments.unwrap_or_else(|error| error.exit());
    arguments.color.begin();
    let exit = match arguments.command.run() {
        Ok(exit) => exit,
        Err(error) if is_broken_pipe(&error) => Exit::BrokenPipe,
        Err(error) => {
            standard::say(&format!("perilune: {error:#}"));
            kernels::exit_of(&error)
        }
    };
    exit.into()
}

/// Whether what read our output has gone, as `head` does: no failure worth a word.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    })
}
