//! Jupyter messages: their types, their frames, their signatures, and connection files.
//!
//! No I/O, no async: bytes in, messages out, and back. The protocol is the one of
//! <https://jupyter-client.readthedocs.io/en/stable/messaging.html>, version [`PROTOCOL_VERSION`].

pub mod content;

mod connection;
mod error;
mod header;
mod message;
mod replay;
mod session;
mod signature;

pub use connection::{ConnectionFile, Endpoints, Ports, TransportKind};
pub use error::WireError;
pub use header::Header;
pub use message::{Message, Unverified};
pub use replay::ReplayGuard;
pub use session::{Outgoing, Parent, Session};
pub use signature::{Key, Signature};

/// The version of the messaging specification that these messages follow.
pub const PROTOCOL_VERSION: &str = "5.5";

/// What stands between the identities of a message and its signature.
pub const DELIMITER: &[u8] = b"<IDS|MSG>";
