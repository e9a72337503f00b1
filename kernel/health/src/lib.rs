//! Whether a kernel is well, and how much it does, over HTTP: for supervisors and Prometheus.
//!
//! It is served by a thread of its own, so that who asks never keeps the kernel's I/O thread from
//! its work. On a Unix socket whoever may open it may ask; on the loopback, which every user of the
//! machine reaches, and every page in a browser on it, a token is needed, and a name for this
//! machine in `Host`.

mod connections;
mod error;
mod guard;
mod metrics;
mod process;
mod routes;
mod server;
mod socket;
mod token;

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

pub use error::HealthError;
pub use server::{Options, Server};
pub use socket::{OwnSocket, SocketError};
pub use token::Token;

/// Where health is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A Unix socket, made for its owner alone.
    Unix(PathBuf),
    /// A port of this machine's loopback; 0 is a free one.
    Tcp(SocketAddr),
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(formatter, "unix:{}", path.display()),
            Self::Tcp(address) => write!(formatter, "http://{address}"),
        }
    }
}

/// What is known of a kernel outside its engine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// Lines that its log could not take.
    pub log_lines_lost: u64,
    /// What its journal has on disk.
    pub journal_bytes: Option<u64>,
}
