mod install;
mod status;
mod systemctl;
mod uninstall;
mod unit;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use perilune_daemon::Name;

use self::unit::UnitFile;
use crate::exit::Exit;

/// `perilune service ...`
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Have systemd start a kernel with the user's session, and keep it alive
    Install(install::Arguments),
    /// Take back what `install` did
    Uninstall(uninstall::Arguments),
    /// Show whether a service is installed, and how it is
    Status(status::Arguments),
}

impl Command {
    pub fn run(self) -> Result<Exit> {
        match self {
            Self::Install(arguments) => arguments.run(),
            Self::Uninstall(arguments) => arguments.run(),
            Self::Status(arguments) => arguments.run(),
        }
    }
}

/// Which service is meant.
#[derive(Debug, Args)]
struct Service {
    /// A service of this user, which needs no rights; there is no other
    #[arg(long)]
    user: bool,
    /// What the kernel is called
    #[arg(long, default_value = "default")]
    name: Name,
}

impl Service {
    /// The unit's name, as systemctl knows it.
    fn unit(&self) -> String {
        format!("perilune-{}.service", self.name)
    }

    /// The unit's file, in the user's own folder of units (systemd.unit(5)).
    fn file(&self) -> Result<UnitFile> {
        let config = std::env::var_os("XDG_CONFIG_HOME")
            .map(std::path::PathBuf::from)
            .filter(|path| path.is_absolute())
            .or_else(|| Some(std::env::home_dir()?.join(".config")))
            .context("finding the folder of units: neither XDG_CONFIG_HOME nor HOME is set")?;
        Ok(UnitFile(config.join("systemd/user").join(self.unit())))
    }
}
