use std::io;

use crate::Address;

/// Why health cannot be asked for.
#[derive(Debug, thiserror::Error)]
pub enum HealthError {
    /// Others than this machine's users could ask.
    #[error(
        "health is not served on {0}: others could reach it there, and it is not encrypted; \
             use 127.0.0.1 or a Unix socket"
    )]
    NotLocal(Address),
    /// Something is in the socket's place that is none, or that somebody listens on.
    #[error("health cannot be served on {address}: {reason}")]
    Occupied {
        /// Where.
        address: Address,
        /// What is there.
        reason: &'static str,
    },
    /// The operating system refused something.
    #[error("health cannot be served on {address}: {source}")]
    System {
        /// Where.
        address: Address,
        /// What the system said.
        source: io::Error,
    },
}
