use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use chrono::Utc;
use perilune_daemon::log::LogFile;
use perilune_daemon::{DaemonError, Folders, Name, PrivateFolder, Record, Registration, Registry};

use crate::log;
use crate::settings::Configured;

/// What is known of a kernel before it has a connection.
pub struct Launch {
    /// What the user called it.
    pub name: Option<Name>,
    /// Whether it has left its terminal.
    pub daemon: bool,
    /// What is set, by the files of the folder where it was started.
    pub configured: Configured,
    /// What it was started with.
    arguments: Vec<String>,
    /// Where it was started.
    working_folder: PathBuf,
}

impl Launch {
    /// Of this process.
    pub fn of_this_process(name: Option<Name>, daemon: bool, configured: Configured) -> Self {
        Self {
            name,
            daemon,
            configured,
            arguments: std::env::args_os()
                .skip(1)
                .map(|argument| argument.to_string_lossy().into_owned())
                .collect(),
            working_folder: std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/")),
        }
    }

    /// Takes the kernel's name. One that the user gave no other kernel may have; one that Jupyter
    /// launched is called after its connection file, and lives on without a name if need be.
    ///
    /// # Errors
    ///
    /// When the user's name is not to be had.
    pub fn register(&self, connection_file: &Path) -> Result<Option<Registration>> {
        if let Some(name) = &self.name {
            let registration = claim(name).with_context(|| format!("the kernel {name}"))?;
            return Ok(Some(registration));
        }
        let name = Name::of_connection_file(connection_file);
        match claim(&name) {
            // Many clients call each of their files the same, in a folder of its own.
            Err(DaemonError::Held { .. }) => {
                let pid = std::process::id();
                let own = connection_file.with_file_name(format!("{name}-{pid}.json"));
                Ok(claim(&Name::of_connection_file(&own)).ok())
            }
            Err(error) => {
                tracing::warn!(%error, "other programs will not find this kernel by its name");
                Ok(None)
            }
            Ok(registration) => Ok(Some(registration)),
        }
    }

    /// What is the kernel's own, and outlives it.
    ///
    /// # Errors
    ///
    /// When there is nowhere to keep anything.
    pub fn folder(&self, name: &Name) -> Result<PathBuf> {
        Ok(Folders::of_this_user()?.kernel(name))
    }

    /// The file that the kernel logs into, if it does.
    ///
    /// # Errors
    ///
    /// When there is nowhere to keep anything.
    pub fn log(&self, name: &Name) -> Result<Option<PathBuf>> {
        let usual = match self.daemon {
            true => Some(Folders::of_this_user()?.kernel(name).join(log::NAME)),
            false => None,
        };
        // A daemon has no standard error to speak of.
        Ok(log::place(self.configured.settings(), usual.clone()).or(usual))
    }

    /// Opens it; a daemon's is its standard output and error from now on.
    ///
    /// # Errors
    ///
    /// When it cannot be opened.
    pub fn open_log(&self, registration: Option<&Registration>) -> Result<Option<Arc<LogFile>>> {
        let path = match registration {
            Some(registration) if self.daemon => {
                PrivateFolder::open(&Folders::of_this_user()?.kernel(registration.name()))?;
                self.log(registration.name())?
            }
            _ => log::place(self.configured.settings(), None),
        };
        let Some(path) = path else {
            return Ok(None);
        };
        let file = log::open(self.configured.settings(), &path)?;
        if self.daemon {
            file.take_standard()
                .context("logging standard output and error")?;
        }
        Ok(Some(file))
    }

    /// What the kernel says of itself to whoever looks for it.
    ///
    /// # Errors
    ///
    /// When there is nowhere to keep anything.
    pub fn record(&self, name: &Name, connection_file: &Path, owns_it: bool) -> Result<Record> {
        let folder = Folders::of_this_user()?.kernel(name);
        Ok(Record {
            schema_version: Record::SCHEMA_VERSION,
            name: name.clone(),
            id: uuid::Uuid::new_v4().to_string(),
            pid: std::process::id(),
            started: Utc::now(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            connection_file: connection_file.to_owned(),
            owns_connection_file: owns_it,
            log: self.log(name)?,
            folder,
            arguments: self.arguments.clone(),
            working_folder: self.working_folder.clone(),
            daemon: self.daemon,
            health: None,
            health_token_file: None,
        })
    }
}

fn claim(name: &Name) -> Result<Registration, DaemonError> {
    Registry::open(&Folders::of_this_user()?)?.claim(name)
}
