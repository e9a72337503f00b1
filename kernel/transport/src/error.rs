//! What can go wrong with a transport.

use std::io;

/// Why a transport could not be set up. Once it stands, a peer's errors are that peer's.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The address cannot be listened on: taken, not of this machine, not permitted, too long.
    #[error("cannot bind {channel} to {address}: {reason}")]
    Bind {
        /// Which of the five.
        channel: String,
        /// Where it was to be, as ZeroMQ writes it.
        address: String,
        /// Why it cannot be there.
        reason: BindError,
    },
}

/// Why one socket cannot be bound.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Somebody listens there.
    #[error("it is in use by another process")]
    InUse,
    /// There is a file, and it is not a socket.
    #[error("a file that is not a socket is there")]
    NotASocket,
    /// What the operating system says.
    #[error("{0}")]
    Io(#[from] io::Error),
}
