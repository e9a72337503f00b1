//! The files that hold settings, and changes to them that lose nothing.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use nix::fcntl::{Flock, FlockArg};
use perilune_config::{ConfigError, Configuration, PROJECT_FILE, Problem, Problems, Sources};

use crate::atomic_file::{self, Access};
use crate::settings::{self, Flags};

/// Which file: the same flags for all that change one.
#[derive(Debug, Args)]
pub struct Choice {
    /// This user's file (the default)
    #[arg(long, group = "file")]
    user: bool,
    /// The project's file: the nearest perilune.toml in this folder or above, else one here
    #[arg(long, group = "file")]
    project: bool,
}

/// A file of settings that is or will be there.
#[derive(Debug)]
pub struct SettingsFile {
    pub path: PathBuf,
    pub is_project: bool,
    sources: Sources,
}

impl Choice {
    /// The file.
    pub fn file(&self) -> Result<SettingsFile> {
        let sources = settings::sources(Flags::default())?;
        let path = if self.project {
            match sources.files().1 {
                Some(path) => path,
                None => std::env::current_dir()
                    .context("finding the working folder")?
                    .join(PROJECT_FILE),
            }
        } else {
            user_file(&sources)?
        };
        Ok(SettingsFile {
            path,
            is_project: self.project,
            sources,
        })
    }
}

/// The user's file, which need not be there.
pub fn user_file(sources: &Sources) -> Result<PathBuf> {
    sources.user.clone().context(
        "finding the file of settings: HOME is not set; set it, or XDG_CONFIG_HOME to a folder",
    )
}

impl SettingsFile {
    /// What is in the file; nothing if it is not there.
    pub fn text(&self) -> Result<String> {
        let place = || format!("reading {}", self.path.display());
        match fs::metadata(&self.path) {
            Ok(metadata) if !metadata.is_file() => {
                bail!("{} is not a file", self.path.display())
            }
            _ => {}
        }
        match fs::read_to_string(&self.path) {
            Ok(text) => Ok(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
            Err(error) => Err(error).with_context(place),
        }
    }

    /// What would be wrong if this were in it.
    pub fn problems(&self, text: &str) -> Vec<Problem> {
        let checked = if self.is_project {
            // What is wrong in the user's own file is told by what reads both.
            let user = self.sources.user_alone();
            let user = user.unwrap_or_else(|_| Configuration::of_defaults());
            perilune_config::check_project(&user.settings, &self.path, text.as_bytes())
        } else {
            perilune_config::check(&self.path, text.as_bytes())
        };
        checked.map_or_else(|Problems(problems)| problems, |()| Vec::new())
    }

    /// Replaces the file's text by what `change` makes of it, in one go: who reads the file finds
    /// the old or the new, and of two changes at once none is lost. Where `change` gives nothing,
    /// nothing is done; false then.
    pub fn update(&self, change: impl FnOnce(&str) -> Result<Option<String>>) -> Result<bool> {
        let folder = atomic_file::folder_of(&self.real_path());
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)
            .with_context(|| format!("making {}", folder.display()))?;
        let _lock = lock(&folder)?;
        let changed = change(&self.text()?).map_err(|error| match error.downcast_ref() {
            Some(ConfigError::Edit(_)) => error.context(self.path.display().to_string()),
            _ => error,
        })?;
        match changed {
            None => Ok(false),
            Some(text) => {
                self.write(&text)?;
                Ok(true)
            }
        }
    }

    /// A file that is new is for the user alone, unless it is a project's.
    fn write(&self, text: &str) -> Result<()> {
        let access = if self.is_project || self.path.exists() {
            Access::Shared
        } else {
            Access::Private
        };
        atomic_file::replace_durably(&self.path, text.as_bytes(), access)
            .with_context(|| format!("writing {}", self.path.display()))
    }

    /// Where the file is, if it is a link to one as those are who keep their settings elsewhere.
    pub fn real_path(&self) -> PathBuf {
        fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone())
    }

    /// All settings as they are now.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }
}

/// A lock on the folder itself, since the file is replaced, and since a file of locks would be one
/// more file in a project.
fn lock(folder: &Path) -> Result<Flock<File>> {
    let place = || format!("locking {}", folder.display());
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(nix::libc::O_DIRECTORY)
        .open(folder)
        .with_context(place)?;
    Flock::lock(file, FlockArg::LockExclusive)
        .map_err(|(_, errno)| errno)
        .with_context(place)
}
