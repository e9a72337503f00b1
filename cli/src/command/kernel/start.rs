mod connection;
mod detachment;
pub mod flags;
mod registration;
mod serving;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use bytesize::ByteSize;
use clap::Args;
use perilune_config::Settings;
use perilune_daemon::{Name, Supervisor};
use perilune_engine::CaughtSignals;

use self::connection::ConnectionOptions;
use self::flags::{HistoryOptions, StateOptions};
use self::registration::Launch;
use crate::command::seconds;
use crate::exit::Exit;
use crate::log::Log;
use crate::settings::{Configured, SetOption};
use crate::standard;

/// `perilune kernel start`
#[derive(Debug, Args)]
pub struct Arguments {
    /// Detach from the terminal, and return when the kernel answers
    #[arg(long)]
    daemon: bool,
    /// Stay in the foreground, as a service does: a named kernel that tells its supervisor how it is
    #[arg(long, conflicts_with = "daemon")]
    foreground: bool,
    /// What the kernel is called [default: default, with --daemon and --foreground]
    #[arg(long)]
    name: Option<Name>,
    /// Give up when the daemon does not answer in time
    #[arg(
        long,
        value_name = "SECONDS",
        value_parser = seconds,
        default_value = "30",
        requires = "daemon",
        conflicts_with = "foreground"
    )]
    timeout: Duration,
    /// Print one JSON object about the daemon
    #[arg(long, requires = "daemon", conflicts_with = "foreground")]
    json: bool,
    /// Run in this folder [default: that of --project; / with --daemon]
    #[arg(long, value_name = "FOLDER")]
    cwd: Option<PathBuf>,
    #[command(flatten)]
    connection: ConnectionOptions,
    /// How much memory Lua may use, such as 512MiB or 2GiB
    #[arg(long, value_name = "SIZE")]
    memory_limit: Option<ByteSize>,
    /// Let require find no modules in the working directory, nor in a lua_modules in it or above
    #[arg(long)]
    no_project: bool,
    /// Run in this folder, and let require find its modules [default: the working directory's; none
    /// with --daemon and --foreground]
    #[arg(long, value_name = "FOLDER", conflicts_with = "no_project")]
    project: Option<PathBuf>,
    #[command(flatten)]
    history: HistoryOptions,
    #[command(flatten)]
    state: StateOptions,
    /// Serve health and figures over HTTP: on unix:PATH, or on 127.0.0.1:PORT with a token
    #[arg(long, value_name = "ADDRESS")]
    health: Option<String>,
    #[command(flatten)]
    log: Log,
    #[command(flatten)]
    set: SetOption,
}

impl Arguments {
    pub fn run(mut self) -> Result<Exit> {
        if self.daemon {
            return detachment::start(self);
        }
        let supervisor = self.supervisor();
        let signals = CaughtSignals::catch()?;
        let name = match self.name.clone() {
            None if self.foreground => Some(Name::default()),
            name => name,
        };
        let launch = Launch::of_this_process(name, false, self.configured()?);
        self.make_absolute()?;
        self.enter_folder()?;
        serving::serve(&self, &launch, signals, supervisor, |_| {}).or_else(|error| {
            let exit = detachment::exit_of(&error);
            standard::say(&format!("perilune: {error:#}"));
            Ok(exit)
        })
    }

    /// The service manager, where the kernel is the service: whatever else is started in one is not
    /// meant.
    fn supervisor(&self) -> Option<Supervisor> {
        if !self.foreground {
            return None;
        }
        // SAFETY: the program has started no thread yet.
        unsafe { Supervisor::take_from_environment() }.unwrap_or_else(|error| {
            standard::say(&format!(
                "perilune: the service manager hears nothing: {error}"
            ));
            None
        })
    }

    /// Makes what names a file mean the same from any folder.
    fn make_absolute(&mut self) -> Result<()> {
        self.connection.make_absolute()?;
        for path in [&mut self.cwd, &mut self.project].into_iter().flatten() {
            *path = std::path::absolute(&*path)
                .with_context(|| format!("finding the absolute path of {}", path.display()))?;
        }
        Ok(())
    }

    /// The folder to run in, if one was named.
    fn folder(&self) -> Option<&Path> {
        self.cwd.as_deref().or(self.project.as_deref())
    }

    fn enter_folder(&self) -> Result<()> {
        self.folder().map_or(Ok(()), |folder| {
            std::env::set_current_dir(folder)
                .with_context(|| format!("entering {}", folder.display()))
        })
    }

    /// What is set where the command is given: a daemon's own folder is another.
    fn configured(&self) -> Result<Configured> {
        Configured::with(self.flags())
    }

    /// The folder whose modules `require` finds: a front end starts a kernel in the notebook's
    /// folder, but nobody chose the one that a daemon lives in.
    fn project(&self, settings: &Settings) -> Option<PathBuf> {
        let is_chosen = !self.daemon && !self.foreground && settings.lua.project;
        self.project
            .clone()
            .or_else(|| is_chosen.then(std::env::current_dir).and_then(Result::ok))
    }
}
