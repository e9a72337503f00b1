use std::io;
use std::path::PathBuf;

use crate::process::ProcessIdentity;

/// Why a process cannot become, or find, a daemon.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// There is nowhere to keep anything.
    #[error("finding a folder for perilune's files: neither {0} nor HOME is set; set one of them")]
    NoHome(&'static str),
    /// What a kernel says of itself cannot be read.
    #[error("{path} is not what a kernel of this version wrote of itself: {reason}")]
    Record {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Somebody else could change what is in the folder.
    #[error("{path} is not safe to use: {reason}")]
    UnsafeFolder {
        /// The folder.
        path: PathBuf,
        /// What is wrong with it, and what mends it.
        reason: String,
    },
    /// What is there in the PID file's place is not one that we made.
    #[error("{path} is not a PID file of ours: {reason}; remove it if you know what it is")]
    ForeignFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// There is something that cannot be logged into.
    #[error("{path} cannot be a log: {reason}; name another file")]
    UnusableLog {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Another process lives under this name.
    #[error("{}", held(.path, .holder.as_ref()))]
    Held {
        /// The PID file.
        path: PathBuf,
        /// Who, where it has said so already.
        holder: Option<ProcessIdentity>,
    },
    /// The operating system refused something.
    #[error("{what} {path}: {error}")]
    System {
        /// What was to be done.
        what: &'static str,
        /// With what.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

fn held(path: &std::path::Path, holder: Option<&ProcessIdentity>) -> String {
    match holder {
        Some(holder) => format!(
            "it is running already, as process {}, which holds {}",
            holder.pid,
            path.display()
        ),
        None => format!(
            "it is starting already, in a process that holds {}",
            path.display()
        ),
    }
}

impl DaemonError {
    /// For `map_err`: what was to be done, with what.
    pub(crate) fn system<E: Into<io::Error>>(
        what: &'static str,
        path: &std::path::Path,
    ) -> impl FnOnce(E) -> Self {
        let path = path.to_owned();
        move |error| Self::System {
            what,
            path,
            error: error.into(),
        }
    }
}
