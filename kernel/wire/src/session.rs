use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use chrono::{SecondsFormat, Utc};
use serde::Serialize;

use crate::{DELIMITER, Header, Key, PROTOCOL_VERSION, WireError};

/// The header that a message answers, byte for byte; or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parent(Bytes);

impl Parent {
    /// Of a message that nothing caused.
    pub fn none() -> Self {
        Self(Bytes::from_static(b"{}"))
    }

    /// Of a message caused by the one with this header.
    pub fn of(raw_header: &Bytes) -> Self {
        Self(raw_header.clone())
    }

    /// The id of the message that caused it; empty where nothing did.
    pub fn msg_id(&self) -> String {
        Header::read(&self.0).map_or_else(|_| String::new(), |header| header.msg_id)
    }
}

/// One side of a conversation: it names, dates and signs what it sends.
#[derive(Debug, Clone)]
pub struct Session(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    id: String,
    username: String,
    key: Key,
    sent: AtomicU64,
}

/// A message to send, before it has an id, a date and a signature.
#[derive(Debug, Clone)]
pub struct Outgoing<C> {
    /// `status`, `execute_reply`, ...
    pub msg_type: &'static str,
    /// What caused it.
    pub parent: Parent,
    /// What it says.
    pub content: C,
    /// What is said about it; an empty object when `None`.
    pub metadata: Option<serde_json::Map<String, serde_json::Value>>,
    /// Binary attachments.
    pub buffers: Vec<Bytes>,
}

impl<C> Outgoing<C> {
    /// A message without metadata or attachments.
    pub fn new(msg_type: &'static str, parent: Parent, content: C) -> Self {
        Self {
            msg_type,
            parent,
            content,
            metadata: None,
            buffers: Vec::new(),
        }
    }
}

#[derive(Serialize)]
struct OwnHeader<'a> {
    msg_id: String,
    session: &'a str,
    username: &'a str,
    date: String,
    msg_type: &'a str,
    version: &'a str,
}

impl Session {
    /// A new session, different from any other.
    pub fn new(key: Key, username: impl Into<String>) -> Self {
        Self(Arc::new(Inner {
            id: uuid::Uuid::new_v4().to_string(),
            username: username.into(),
            key,
            sent: AtomicU64::new(0),
        }))
    }

    /// The session's id.
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// The key that signs.
    pub fn key(&self) -> &Key {
        &self.0.key
    }

    /// The frames of a message, behind the given identities (or topic).
    ///
    /// # Errors
    ///
    /// [`WireError::Serialise`].
    pub fn frames<C: Serialize>(
        &self,
        identities: Vec<Bytes>,
        message: Outgoing<C>,
    ) -> Result<Vec<Bytes>, WireError> {
        self.frames_with_id(identities, message)
            .map(|(frames, _)| frames)
    }

    /// As [`Session::frames`], and the message's id.
    ///
    /// # Errors
    ///
    /// [`WireError::Serialise`].
    pub fn frames_with_id<C: Serialize>(
        &self,
        identities: Vec<Bytes>,
        message: Outgoing<C>,
    ) -> Result<(Vec<Bytes>, String), WireError> {
        let msg_id = format!(
            "{}_{}",
            self.0.id,
            self.0.sent.fetch_add(1, Ordering::Relaxed)
        );
        let header = to_json(&OwnHeader {
            msg_id: msg_id.clone(),
            session: &self.0.id,
            username: &self.0.username,
            // jupyter_client takes at most six digits of a second for a date.
            date: Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true),
            msg_type: message.msg_type,
            version: PROTOCOL_VERSION,
        })?;
        let metadata = match &message.metadata {
            Some(metadata) => to_json(metadata)?,
            None => Bytes::from_static(b"{}"),
        };
        let content = to_json(&message.content)?;
        let parent = message.parent.0;
        let signature = self.0.key.sign([&header, &parent, &metadata, &content]);

        let mut frames = identities;
        frames.reserve(6 + message.buffers.len());
        frames.extend([
            Bytes::from_static(DELIMITER),
            Bytes::from(signature),
            header,
            parent,
            metadata,
            content,
        ]);
        frames.extend(message.buffers);
        Ok((frames, msg_id))
    }
}

fn to_json<T: Serialize>(value: &T) -> Result<Bytes, WireError> {
    serde_json::to_vec(value)
        .map(Bytes::from)
        .map_err(WireError::Serialise)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Message, ReplayGuard, Unverified};

    fn read(frames: Vec<Bytes>, key: &Key) -> Message {
        Unverified::split(frames)
            .unwrap()
            .verify(key, &mut ReplayGuard::new())
            .unwrap()
    }

    #[test]
    fn what_one_side_sends_the_other_reads() {
        let key = Key::new(b"k");
        let session = Session::new(key.clone(), "me");
        let parent = Bytes::from_static(b"{ \"msg_type\" : \"a\", \"odd\": [1, 2] }");
        let mut outgoing = Outgoing::new(
            "status",
            Parent::of(&parent),
            serde_json::json!({"a": "\u{1F319}"}),
        );
        outgoing.buffers.push(Bytes::from_static(b"\x00\xff"));
        let message = read(
            session
                .frames(vec![Bytes::from_static(b"t")], outgoing)
                .unwrap(),
            &key,
        );
        assert_eq!(message.identities, [Bytes::from_static(b"t")]);
        assert_eq!(message.header.msg_type, "status");
        assert_eq!(message.header.session, session.id());
        assert_eq!(message.header.username, "me");
        assert_eq!(message.header.version, PROTOCOL_VERSION);
        assert_eq!(message.raw_parent, parent);
        assert_eq!(message.raw_metadata.as_ref(), b"{}");
        assert_eq!(message.buffers, [Bytes::from_static(b"\x00\xff")]);
    }

    #[test]
    fn ids_differ_and_dates_have_at_most_six_digits_of_a_second() {
        let key = Key::new(b"");
        let session = Session::new(key.clone(), "me");
        let send = || {
            let outgoing = Outgoing::new("status", Parent::none(), serde_json::json!({}));
            read(session.frames(vec![], outgoing).unwrap(), &key).header
        };
        let (first, second) = (send(), send());
        assert_ne!(first.msg_id, second.msg_id);
        let fraction = first.date.split_once('.').unwrap().1.trim_end_matches('Z');
        assert_eq!(fraction.len(), 6, "{}", first.date);
        chrono::DateTime::parse_from_rfc3339(&first.date).unwrap();
    }
}
