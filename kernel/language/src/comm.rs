use bytes::Bytes;
use serde_json::{Map, Value};

/// The name of one comm, unique in a kernel.
pub type CommId = String;

/// What passes over a comm, in either direction.
#[derive(Debug, Clone, PartialEq)]
pub enum CommMessage {
    /// A comm begins.
    Open {
        /// The new comm.
        id: CommId,
        /// Who should answer on the other side.
        target: String,
        /// What the opener says first.
        data: Map<String, Value>,
        /// The message's metadata.
        metadata: Map<String, Value>,
        /// Binary attachments.
        buffers: Vec<Bytes>,
    },
    /// A comm carries something.
    Data {
        /// Over which comm.
        id: CommId,
        /// What is said.
        data: Map<String, Value>,
        /// The message's metadata.
        metadata: Map<String, Value>,
        /// Binary attachments.
        buffers: Vec<Bytes>,
    },
    /// A comm ends.
    Close {
        /// Which.
        id: CommId,
        /// The last words.
        data: Map<String, Value>,
        /// The message's metadata.
        metadata: Map<String, Value>,
        /// Binary attachments.
        buffers: Vec<Bytes>,
    },
}

impl CommMessage {
    /// The comm that this message is of.
    pub fn id(&self) -> &str {
        match self {
            Self::Open { id, .. } | Self::Data { id, .. } | Self::Close { id, .. } => id,
        }
    }
}
