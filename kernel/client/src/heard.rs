use std::time::Duration;

use perilune_transport::Source;
use perilune_wire::Message;

use crate::error::ClientError;
use crate::notice::Notice;

/// What a kernel says, as it was sent.
#[derive(Debug)]
pub enum Heard {
    /// A message, and by which way it came.
    Message(Source, Box<Message>),
    /// The kernel's heart has not beaten for so long.
    Silent(Duration),
    /// The kernel's heart beats again.
    Awake,
}

impl Heard {
    /// What it says, if it is anything that matters to most front ends.
    ///
    /// # Errors
    ///
    /// [`ClientError::Message`] when its content is not what its type promises.
    pub fn notice(&self) -> Result<Option<Notice>, ClientError> {
        Ok(match self {
            Self::Message(source, message) => Notice::read(*source, message)?,
            Self::Silent(since) => Some(Notice::Silent(*since)),
            Self::Awake => Some(Notice::Awake),
        })
    }
}
