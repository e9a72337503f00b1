//! What a process needs to live on without a terminal, and to be found again.

mod detach;
mod error;
mod pid_file;
mod private_folder;
mod process;

pub use detach::{News, Readiness, Side, Start, detach};
pub use error::DaemonError;
pub use pid_file::{Claim, PidFile, Standing};
pub use private_folder::PrivateFolder;
pub use process::ProcessIdentity;
