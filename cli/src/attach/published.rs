use std::io;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use perilune_journal::Record;
use perilune_wire::content::JournalMessage;
use perilune_wire::{Header, Message};
use serde_json::Value;

/// A message that went, or goes, to all who listen.
#[derive(Debug)]
pub struct Published {
    /// Its place in the journal, if it came from there.
    pub cursor: Option<String>,
    /// What it is.
    pub message: Message,
}

impl Published {
    /// As it is heard now.
    pub fn live(message: Message) -> Self {
        Self {
            cursor: None,
            message,
        }
    }

    /// Out of a reply of the kernel.
    ///
    /// # Errors
    ///
    /// When it is no message.
    pub fn of_reply(message: &JournalMessage) -> io::Result<Self> {
        let bytes = |part: &serde_json::value::RawValue| Bytes::from(part.get().to_owned());
        let decode = |text: &String| STANDARD.decode(text).map(Bytes::from);
        let buffers = message.buffers.iter().map(decode);
        Ok(Self {
            cursor: Some(message.cursor.clone()),
            message: Message {
                identities: Vec::new(),
                header: read_header(message.header.get().as_bytes())?,
                raw_header: bytes(&message.header),
                raw_parent: bytes(&message.parent_header),
                raw_metadata: bytes(&message.metadata),
                raw_content: bytes(&message.content),
                buffers: buffers
                    .collect::<Result<_, _>>()
                    .map_err(io::Error::other)?,
            },
        })
    }

    /// Out of the journal on disk.
    ///
    /// # Errors
    ///
    /// When it is no message.
    pub fn of_record(record: Record) -> io::Result<Self> {
        let kept = record.message;
        Ok(Self {
            cursor: Some(record.sequence.to_string()),
            message: Message {
                identities: Vec::new(),
                header: read_header(&kept.header)?,
                raw_header: kept.header,
                raw_parent: kept.parent_header,
                raw_metadata: kept.metadata,
                raw_content: kept.content,
                buffers: kept.buffers,
            },
        })
    }

    /// Its id.
    pub fn id(&self) -> &str {
        &self.message.header.msg_id
    }

    /// What kind of message it is.
    pub fn kind(&self) -> &str {
        &self.message.header.msg_type
    }

    /// The id of the request that caused it; empty if none did.
    pub fn request(&self) -> String {
        let parent = self.message.parent_header();
        parent.map_or(String::new(), |header| header.msg_id)
    }

    /// Something that is said about it.
    pub fn metadata(&self, key: &str) -> Option<Value> {
        // Most have none, and need not be read for that.
        if self.message.raw_metadata.len() < key.len() {
            return None;
        }
        let mut metadata: Value = self.message.metadata().ok()?;
        metadata.get_mut(key).map(Value::take)
    }

    /// Whether a journal keeps it.
    pub fn is_kept(&self) -> bool {
        perilune_journal::Message {
            header: self.message.raw_header.clone(),
            parent_header: self.message.raw_parent.clone(),
            metadata: Bytes::new(),
            content: Bytes::new(),
            buffers: Vec::new(),
        }
        .is_worth_keeping()
    }
}

fn read_header(raw: &[u8]) -> io::Result<Header> {
    serde_json::from_slice(raw).map_err(io::Error::other)
}
