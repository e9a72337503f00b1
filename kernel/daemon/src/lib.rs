//! What a process needs to live on without a terminal, and to be found again.

mod detach;
mod error;
mod folders;
mod handle;
pub mod log;
mod name;
mod pid_file;
mod private_folder;
mod process;
mod readiness;
mod record;
mod registry;
mod supervisor;

pub use detach::{Side, detach};
pub use error::DaemonError;
pub use folders::Folders;
pub use handle::{Ask, ProcessHandle};
pub use name::{Name, NameError};
pub use pid_file::Standing;
pub use private_folder::PrivateFolder;
pub use process::ProcessIdentity;
pub use readiness::{News, Readiness, Start};
pub use record::Record;
pub use registry::{Entry, Predecessor, Registration, Registry};
pub use supervisor::{Supervisor, Tidings};
