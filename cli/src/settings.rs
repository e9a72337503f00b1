//! What is set for a command: by its own options, the environment, and files.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use clap::Args;
use perilune_config::{Configuration, Flag, Settings, Sources};
use perilune_daemon::{Folders, Name, PrivateFolder};
use perilune_engine::{Deadlines, Restore, StateOptions};
use perilune_history::{self as history, Limits, Place};
use perilune_journal as journal;

/// The option that sets anything.
#[derive(Debug, Args)]
pub struct SetOption {
    /// A setting for this time, over the environment and the files; `perilune config info` lists
    /// them. May be given several times
    #[arg(long = "set", value_name = "SECTION.KEY=VALUE")]
    set: Vec<Assignment>,
}

/// `log.level=debug`
#[derive(Debug, Clone)]
struct Assignment {
    key: String,
    value: String,
}

impl FromStr for Assignment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (key, value) = text
            .split_once('=')
            .ok_or("expected SECTION.KEY=VALUE, such as log.level=debug")?;
        perilune_config::key_named(key)?.parse(value)?;
        Ok(Self {
            key: key.to_owned(),
            value: value.to_owned(),
        })
    }
}

/// What the command line sets.
#[derive(Debug, Clone, Default)]
pub struct Flags(Vec<Flag>);

impl Flags {
    /// Those of `--set`. Options of their own come after, and win.
    pub fn new(set: &SetOption) -> Self {
        let flag = |it: &Assignment| Flag {
            flag: format!("--set {}", it.key),
            key: it.key.clone(),
            value: it.value.clone(),
        };
        Self(set.set.iter().map(flag).collect())
    }

    /// With an option, if it was given, that sets this key.
    #[must_use]
    pub fn with(mut self, flag: &str, key: &str, value: Option<impl ToString>) -> Self {
        self.0.extend(value.map(|value| Flag {
            flag: flag.to_owned(),
            key: key.to_owned(),
            value: value.to_string(),
        }));
        self
    }
}

/// Where the settings of this process come from: the project is that of the working folder.
///
/// # Errors
///
/// When the working folder is gone.
pub fn sources(flags: Flags) -> Result<Sources> {
    let folder = std::env::current_dir().context("finding the working folder")?;
    Ok(Sources::of_this_process(&folder).with_flags(flags.0))
}

/// Reads them.
///
/// # Errors
///
/// All that is wrong with them: a command that does other than is written would be worse than one
/// that does nothing.
pub fn read(sources: &Sources) -> Result<Configuration> {
    Ok(sources.read()?)
}

/// What a kernel was started with, and from where it can be read anew.
#[derive(Debug, Clone)]
pub struct Configured {
    /// Where it comes from.
    pub sources: Sources,
    /// What it was.
    pub configuration: Configuration,
}

impl Configured {
    /// Reads the settings of the working folder.
    ///
    /// # Errors
    ///
    /// As [`read`].
    pub fn with(flags: Flags) -> Result<Self> {
        let sources = sources(flags)?;
        let configuration = read(&sources)?;
        Ok(Self {
            sources,
            configuration,
        })
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.configuration.settings
    }
}

/// How long each part of a kernel's end may take.
pub fn deadlines(settings: &Settings) -> Deadlines {
    let shutdown = &settings.shutdown;
    Deadlines {
        drain_when_asked: shutdown.drain_on_request.duration(),
        drain_when_signalled: shutdown.drain.duration(),
        interrupt: shutdown.interrupt.duration(),
        save: shutdown.save.duration(),
        flush: shutdown.flush.duration(),
        release: shutdown.release.duration(),
    }
}

/// Where the history is that these settings speak of; in memory if they want none on disk.
pub fn history_place(settings: &Settings) -> Place {
    let file = settings.history.file.as_ref();
    let file: Option<OsString> = file.map(|file| match file.is_empty() {
        true => OsString::new(),
        // A daemon is in another folder by the time it is opened.
        false => std::path::absolute(file.path())
            .unwrap_or_else(|_| file.path())
            .into_os_string(),
    });
    Place::of_this_user(file.as_deref())
}

/// Where a kernel of this name keeps what it publishes; `None` where that is not wanted, or where
/// there is no place for it.
pub fn journal_options(settings: &Settings, name: &Name) -> Option<journal::Options> {
    let folders = Folders::of_this_user().ok()?;
    settings.journal.enabled.then(|| journal::Options {
        folder: journal_folder(&folders.kernel(name)),
        limits: journal_limits(settings).shared(),
        kernels: folders.kernel(name).parent().map(Path::to_owned),
    })
}

/// How much a journal keeps.
pub fn journal_limits(settings: &Settings) -> journal::Limits {
    journal::Limits {
        bytes: settings.journal.max_size.bytes(),
        age: settings.journal.max_age.duration(),
    }
}

/// Where a kernel of this name keeps its session, and when.
///
/// # Errors
///
/// When there is no place for it that is the user's alone.
pub fn state_options(settings: &Settings, name: &Name) -> Result<StateOptions> {
    let folder = PrivateFolder::open(&Folders::of_this_user()?.kernel(name))?;
    Ok(StateOptions {
        file: folder.path().join("state"),
        saves_at_end: settings.state.save,
        restore: match settings.state.restore {
            perilune_config::Restore::Never => Restore::Never,
            perilune_config::Restore::IfSaved => Restore::IfSaved,
            perilune_config::Restore::Always => Restore::Always,
        },
    })
}

/// Where the journal is of a kernel whose state is in this folder.
pub fn journal_folder(kernel: &Path) -> PathBuf {
    kernel.join(journal::FOLDER)
}

/// What a kernel of this name remembers that starts now.
pub fn history_options(
    settings: &Settings,
    kernel: Option<&str>,
    folder: PathBuf,
) -> history::Options {
    history::Options {
        place: match settings.history.enabled {
            true => history_place(settings),
            false => Place::Memory,
        },
        limits: history_limits(settings).shared(),
        session: history::Session {
            kernel: kernel.unwrap_or("lua").to_owned(),
            folder,
            started: SystemTime::now(),
        },
    }
}

/// How much the history keeps.
pub fn history_limits(settings: &Settings) -> Limits {
    let day = Duration::from_secs(24 * 60 * 60);
    let days = |days: u64| u32::try_from(days).unwrap_or(u32::MAX);
    Limits {
        entries: settings.history.entries.get(),
        age: settings.history.days.map(|it| day * days(it.get())),
        ..Limits::default()
    }
}
