use std::path::PathBuf;

use perilune_client::ClientError;
use perilune_daemon::DaemonError;
use perilune_wire::WireError;

use crate::exit::Exit;

/// Why a command has no kernel to work with.
#[derive(Debug, thiserror::Error)]
pub enum KernelError {
    /// Nothing is known by this name, id or file.
    #[error("no kernel is called {text}, nor has that id or connection file; {}", living(.known))]
    Unknown {
        /// What was given.
        text: String,
        /// The names of those that live.
        known: Vec<String>,
    },
    /// None lives, and none was named.
    #[error("no kernel is running; `perilune kernel start --daemon` starts one")]
    NoneRuns,
    /// None was named, and it is not clear which is meant.
    #[error("several kernels are running, say which: {}", .0.join(", "))]
    Several(Vec<String>),
    /// The start of more than one id.
    #[error("{text} is the start of several ids, of the kernels {}", .names.join(", "))]
    Ambiguous {
        /// What was given.
        text: String,
        /// Whose ids start so.
        names: Vec<String>,
    },
    /// It is known, and is not running.
    #[error("{name} is not running{}", if *.killed { ": it ended without a word, and left something behind (`perilune kernel prune` clears it away)" } else { "" })]
    NotRunning {
        /// The kernel.
        name: String,
        /// Whether it left something.
        killed: bool,
    },
    /// It has its name, and has not said more.
    #[error(
        "{name} is starting and does not listen yet; `perilune kernel wait {name} --for ready` waits for it"
    )]
    Starting {
        /// The kernel.
        name: String,
    },
    /// A connection file cannot be used.
    #[error("{}: {reason}", .path.display())]
    ConnectionFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: WireError,
    },
    /// A connection file cannot be read.
    #[error("reading {}: {reason}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: std::io::Error,
    },
    /// It cannot be talked to.
    #[error("{name}: {reason}")]
    Client {
        /// The kernel.
        name: String,
        /// Why not.
        reason: ClientError,
    },
    /// The registry cannot be read.
    #[error(transparent)]
    Registry(#[from] DaemonError),
}

impl KernelError {
    /// The exit code of a command that could not go on.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Unknown { .. } | Self::NoneRuns | Self::NotRunning { .. } => Exit::NotRunning,
            Self::Several(_) | Self::Ambiguous { .. } => Exit::Usage,
            Self::Starting { .. } => Exit::NoAnswer,
            Self::Client { reason, .. } => match reason {
                ClientError::NobodyThere { .. } => Exit::NotRunning,
                ClientError::Silent { .. }
                | ClientError::Ignored { .. }
                | ClientError::NoKernel { .. }
                | ClientError::NoReply { .. } => Exit::NoAnswer,
                _ => Exit::Failed,
            },
            _ => Exit::Failed,
        }
    }
}

fn living(names: &[String]) -> String {
    if names.is_empty() {
        "none is running".to_owned()
    } else {
        format!("running: {}", names.join(", "))
    }
}
