use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use clap_complete::ArgValueCompleter;
use perilune_client::Client;
use perilune_daemon::{Entry, Folders, Name, ProcessIdentity, Record, Registry, Standing};
use perilune_wire::ConnectionFile;

use super::completion::complete;
use super::error::KernelError;
use crate::jupyter::Directories;
use crate::standard;

/// Which kernel a command is about.
#[derive(Debug, Clone, Args)]
pub struct OneKernel {
    /// A kernel's name, its id or the start of it, or its connection file
    /// [default: the one that runs, or `default`]
    #[arg(value_name = "KERNEL", add = ArgValueCompleter::new(complete))]
    kernel: Option<String>,
}

/// Which kernels a command is about.
#[derive(Debug, Clone, Args)]
pub struct SomeKernels {
    /// Names, ids or the start of them, or connection files
    /// [default: the one that runs, or `default`]
    #[arg(value_name = "KERNEL", add = ArgValueCompleter::new(complete))]
    kernels: Vec<String>,
    /// All kernels of this user
    #[arg(long, short, conflicts_with = "kernels")]
    all: bool,
}

impl OneKernel {
    /// Finds it.
    ///
    /// # Errors
    ///
    /// As [`Kernel::find`].
    pub fn find(&self) -> Result<Kernel, KernelError> {
        Kernel::find(self.kernel.as_deref())
    }

    /// What was given.
    pub fn text(&self) -> Option<&str> {
        self.kernel.as_deref()
    }
}

impl SomeKernels {
    /// Finds each of them, or says for each why not.
    ///
    /// # Errors
    ///
    /// When the registry cannot be read.
    pub fn find(&self) -> Result<Vec<Result<Kernel, KernelError>>, KernelError> {
        if self.all {
            return Ok(Kernel::all()?.into_iter().map(Ok).collect());
        }
        if self.kernels.is_empty() {
            return Ok(vec![Kernel::find(None)]);
        }
        Ok(self
            .kernels
            .iter()
            .map(|text| Kernel::find(Some(text)))
            .collect())
    }
}

/// A kernel that a command has found, living or not.
#[derive(Debug, Clone)]
pub struct Kernel {
    name: String,
    /// What the registry knows of it; nothing of kernels of others.
    entry: Option<Entry>,
    connection_file: Option<PathBuf>,
}

impl Kernel {
    /// The kernel of this name, of an id that starts so, or of this connection file: a path, or what
    /// Jupyter's runtime folder has by that name. Without any, the only one that runs, else
    /// `default`.
    ///
    /// # Errors
    ///
    /// [`KernelError::Unknown`], [`KernelError::NoneRuns`], [`KernelError::Several`],
    /// [`KernelError::Ambiguous`], [`KernelError::Registry`].
    pub fn find(text: Option<&str>) -> Result<Self, KernelError> {
        let folders = Folders::of_this_user()?;
        let registry = Registry::open(&folders)?;
        let Some(text) = text else {
            return the_one_that_is_meant(registry.entries()?);
        };
        if let Ok(name) = text.parse::<Name>() {
            let entry = registry.find(&name)?;
            if entry.is_held() || has_left_something(&entry) {
                return Ok(Self::registered(entry));
            }
        }
        let entries = registry.entries()?;
        let path = Path::new(text);
        if (text.contains('/') || path.extension().is_some_and(|it| it == "json")) && path.is_file()
        {
            return Ok(Self::of_file(path, entries));
        }
        let mut by_id: Vec<_> = entries
            .iter()
            .filter(|entry| has_id(entry, text))
            .cloned()
            .collect();
        match by_id.len() {
            0 => {}
            1 => return Ok(Self::registered(by_id.remove(0))),
            _ => {
                return Err(KernelError::Ambiguous {
                    text: text.to_owned(),
                    names: names(&by_id),
                });
            }
        }
        if let Some(path) = in_runtime_folder(text) {
            return Ok(Self::of_file(&path, entries));
        }
        if let Ok(name) = text.parse::<Name>()
            && folders.kernel(&name).is_dir()
        {
            // It has been there, and has left in order.
            return Err(KernelError::NotRunning {
                name: text.to_owned(),
                killed: false,
            });
        }
        let living: Vec<_> = entries.into_iter().filter(Entry::is_held).collect();
        Err(KernelError::Unknown {
            text: text.to_owned(),
            known: names(&living),
        })
    }

    /// All kernels of this user, living and dead, in the order of their names.
    ///
    /// # Errors
    ///
    /// [`KernelError::Registry`].
    pub fn all() -> Result<Vec<Self>, KernelError> {
        let registry = Registry::open(&Folders::of_this_user()?)?;
        Ok(registry
            .entries()?
            .into_iter()
            .filter(|entry| entry.is_held() || has_left_something(entry))
            .map(Self::registered)
            .collect())
    }

    fn registered(entry: Entry) -> Self {
        Self {
            name: entry.name.to_string(),
            connection_file: entry
                .record
                .as_ref()
                .map(|record| record.connection_file.clone()),
            entry: Some(entry),
        }
    }

    /// One of ours, if a record names this file.
    fn of_file(path: &Path, entries: Vec<Entry>) -> Self {
        let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let is_its = |entry: &Entry| {
            entry.record.as_ref().is_some_and(|record| {
                fs::canonicalize(&record.connection_file).is_ok_and(|it| it == real)
            })
        };
        if let Some(entry) = entries.into_iter().find(is_its) {
            return Self::registered(entry);
        }
        Self {
            name: path
                .file_stem()
                .unwrap_or(path.as_os_str())
                .to_string_lossy()
                .into_owned(),
            entry: None,
            connection_file: Some(real),
        }
    }

    /// What it is called, also in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What no other kernel ever is called, if that is known.
    pub fn id(&self) -> Option<&str> {
        Some(&self.record()?.id)
    }

    /// What it says of itself, if it is of this user and has said it.
    pub fn record(&self) -> Option<&Record> {
        self.entry.as_ref()?.record.as_ref()
    }

    /// Where its sockets are written down.
    pub fn connection_file(&self) -> Option<&Path> {
        self.connection_file.as_deref()
    }

    /// The name by which the registry knows it; nothing of kernels of others.
    pub fn registered_name(&self) -> Option<&Name> {
        Some(&self.entry.as_ref()?.name)
    }

    /// Looks anew: what is on disk, and who holds the name.
    ///
    /// # Errors
    ///
    /// [`KernelError::Registry`].
    pub fn look_again(&mut self) -> Result<(), KernelError> {
        if let Some(entry) = &self.entry {
            let registry = Registry::open(&Folders::of_this_user()?)?;
            *self = Self::registered(registry.find(&entry.name)?);
        }
        Ok(())
    }

    /// Whether its process lives: its lock is held. Nobody knows of kernels of others.
    pub fn is_alive(&self) -> Option<bool> {
        self.entry.as_ref().map(Entry::is_held)
    }

    /// Whether it ended without a word, and left something.
    pub fn is_dead(&self) -> bool {
        self.entry
            .as_ref()
            .is_some_and(|entry| !entry.is_held() && has_left_something(entry))
    }

    /// Its process, where it has one and that is known.
    pub fn process(&self) -> Option<&ProcessIdentity> {
        match &self.entry.as_ref()?.standing {
            Standing::Held(process) => process.as_ref(),
            Standing::Free(_) => None,
        }
    }

    /// Its number, or that of its last process.
    pub fn pid(&self) -> Option<u32> {
        match &self.entry.as_ref()?.standing {
            Standing::Held(process) | Standing::Free(process) => process
                .as_ref()
                .map(|process| process.pid)
                .or_else(|| Some(self.record()?.pid)),
        }
    }

    /// Reads its connection file.
    ///
    /// # Errors
    ///
    /// [`KernelError::NotRunning`], [`KernelError::Starting`], [`KernelError::ConnectionFile`],
    /// [`KernelError::Unreadable`].
    pub fn connection(&self) -> Result<ConnectionFile, KernelError> {
        let name = || self.name.clone();
        if self.is_alive() == Some(false) {
            return Err(KernelError::NotRunning {
                name: name(),
                killed: self.is_dead(),
            });
        }
        let Some(path) = &self.connection_file else {
            return Err(KernelError::Starting { name: name() });
        };
        let text = fs::read(path).map_err(|reason| match reason.kind() {
            // Its record is there before its sockets are, or when they are gone.
            io::ErrorKind::NotFound if self.entry.is_some() => {
                KernelError::Starting { name: name() }
            }
            _ => KernelError::Unreadable {
                path: path.clone(),
                reason,
            },
        })?;
        ConnectionFile::parse(&text).map_err(|reason| KernelError::ConnectionFile {
            path: path.clone(),
            reason,
        })
    }

    /// Connects to it. Says so when it is another version of perilune.
    ///
    /// # Errors
    ///
    /// As [`Kernel::connection`], and [`KernelError::Client`], within `patience`.
    pub async fn connect(&self, patience: Duration) -> Result<Client, KernelError> {
        let client = self.connect_quietly(patience).await?;
        if let Some(info) = client.info()
            && info.is_perilune()
            && info.implementation_version != env!("CARGO_PKG_VERSION")
        {
            standard::say(&format!(
                "perilune: {} is perilune {}, and this command is {}; some of what it asks may not \
                 be answered until `perilune kernel restart {0}`",
                self.name,
                info.implementation_version,
                env!("CARGO_PKG_VERSION"),
            ));
        }
        Ok(client)
    }

    /// As [`Kernel::connect`], without a word about versions.
    ///
    /// # Errors
    ///
    /// As [`Kernel::connect`].
    pub async fn connect_quietly(&self, patience: Duration) -> Result<Client, KernelError> {
        Client::connect(&self.connection()?, patience)
            .await
            .map_err(|reason| self.error(reason))
    }

    /// What went wrong with this kernel.
    pub fn error(&self, reason: perilune_client::ClientError) -> KernelError {
        KernelError::Client {
            name: self.name.clone(),
            reason,
        }
    }
}

fn the_one_that_is_meant(entries: Vec<Entry>) -> Result<Kernel, KernelError> {
    let default = Name::default();
    let (mut living, dead): (Vec<_>, Vec<_>) = entries.into_iter().partition(Entry::is_held);
    if let Some(place) = living.iter().position(|entry| entry.name == default) {
        return Ok(Kernel::registered(living.swap_remove(place)));
    }
    match living.len() {
        0 => dead
            .into_iter()
            .find(|entry| entry.name == default && has_left_something(entry))
            .map(Kernel::registered)
            .ok_or(KernelError::NoneRuns),
        1 => Ok(Kernel::registered(living.remove(0))),
        _ => Err(KernelError::Several(names(&living))),
    }
}

fn has_left_something(entry: &Entry) -> bool {
    entry.record.is_some() || matches!(entry.standing, Standing::Free(Some(_)))
}

/// Four characters are enough for a person, and fewer are a slip.
fn has_id(entry: &Entry, text: &str) -> bool {
    text.len() >= 4
        && entry
            .record
            .as_ref()
            .is_some_and(|record| record.id.starts_with(text))
}

/// The connection file that Jupyter's clients mean by this.
fn in_runtime_folder(text: &str) -> Option<PathBuf> {
    if text.contains('/') {
        return None;
    }
    let folder = Directories::of_this_user().ok()?.runtime;
    [
        text.to_owned(),
        format!("{text}.json"),
        format!("kernel-{text}.json"),
    ]
    .into_iter()
    .map(|name| folder.join(name))
    .find(|path| path.is_file())
}

fn names(entries: &[Entry]) -> Vec<String> {
    entries.iter().map(|entry| entry.name.to_string()).collect()
}
