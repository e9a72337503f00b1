use std::io;
use std::path::{Path, PathBuf};

/// Why a journal cannot be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Another process writes there.
    #[error("another kernel writes the journal {0}")]
    InUse(PathBuf),
    /// It is not a folder, or not this user's.
    #[error("{path} cannot hold a journal: {reason}")]
    UnsafeFolder {
        /// The folder.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// No message of that id is there, any more or at all.
    #[error("the journal has no message {0}")]
    NoSuchMessage(String),
    /// The kernel keeps none, or no longer.
    #[error("this kernel keeps no journal")]
    Off,
    /// So many wait for an answer already.
    #[error("too many wait for the journal's answer")]
    Busy,
    /// The operating system refused something.
    #[error("{what} {path}: {source}")]
    System {
        /// What was to be done.
        what: &'static str,
        /// With what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl JournalError {
    /// For `map_err`: what was to be done, with what.
    pub(crate) fn system<E: Into<io::Error>>(
        what: &'static str,
        path: &Path,
    ) -> impl FnOnce(E) -> Self {
        let path = path.to_owned();
        move |source| Self::System {
            what,
            path,
            source: source.into(),
        }
    }
}
