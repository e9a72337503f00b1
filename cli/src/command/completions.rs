use std::io::{self, Write};

use anyhow::{Context, Result};
use clap::{Args, CommandFactory, ValueEnum};
use clap_complete::CompleteEnv;
use clap_complete::env::Shells;

use crate::exit::Exit;

/// By this a shell's script asks the program what could come next.
const VARIABLE: &str = "_PERILUNE_COMPLETE";

/// `perilune completions`
#[derive(Debug, Args)]
#[command(after_help = "\
The script asks this program each time what could come next, so that it knows the kernels there are
and the settings. It belongs into what the shell reads at its start:

  bash        source <(perilune completions bash)              in ~/.bashrc
  zsh         source <(perilune completions zsh)               in ~/.zshrc, after compinit
  fish        perilune completions fish | source               in ~/.config/fish/config.fish
  elvish      eval (perilune completions elvish | slurp)       in ~/.config/elvish/rc.elv
  powershell  perilune completions powershell | Out-String | Invoke-Expression")]
pub struct Arguments {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
    Elvish,
    Powershell,
}

impl Shell {
    fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Fish => "fish",
            Self::Elvish => "elvish",
            Self::Powershell => "powershell",
        }
    }
}

impl Arguments {
    pub fn run(self) -> Result<Exit> {
        let name = self.shell.name();
        let shells = Shells::builtins();
        let completer = shells
            .completer(name)
            .with_context(|| format!("{name} is not known here"))?;
        let mut script = Vec::new();
        completer.write_registration(VARIABLE, "perilune", "perilune", "perilune", &mut script)?;
        io::stdout().lock().write_all(&script)?;
        Ok(Exit::Success)
    }
}

/// Answers a shell's script, and ends the process, if it is one that asks.
pub fn complete_for_a_shell() {
    CompleteEnv::with_factory(crate::Arguments::command)
        .var(VARIABLE)
        .bin("perilune")
        .complete();
}
