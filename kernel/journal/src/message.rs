use std::borrow::Cow;

use bytes::Bytes;
use perilune_wire::DELIMITER;
use serde::Deserialize;

/// A message as it was published, without topic and signature. Its parts are JSON, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its own header.
    pub header: Bytes,
    /// The header of the request that caused it, or `{}`.
    pub parent_header: Bytes,
    /// What is said about it.
    pub metadata: Bytes,
    /// What it says.
    pub content: Bytes,
    /// Binary attachments.
    pub buffers: Vec<Bytes>,
}

/// What is looked for in a header.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow, default)]
    msg_id: Cow<'a, str>,
    #[serde(borrow, default)]
    msg_type: Cow<'a, str>,
}

fn head(raw: &[u8]) -> Head<'_> {
    serde_json::from_slice(raw).unwrap_or(Head {
        msg_id: Cow::Borrowed(""),
        msg_type: Cow::Borrowed(""),
    })
}

impl Message {
    /// A message out of its frames; `None` if they are not the frames of one. Nothing is copied.
    pub fn of_frames(frames: &[Bytes]) -> Option<Self> {
        let delimiter = frames.iter().position(|frame| frame == DELIMITER)?;
        // The signature is not kept: it says nothing to who reads without the kernel's key.
        let [header, parent_header, metadata, content, buffers @ ..] =
            frames.get(delimiter + 2..)?
        else {
            return None;
        };
        Some(Self {
            header: header.clone(),
            parent_header: parent_header.clone(),
            metadata: metadata.clone(),
            content: content.clone(),
            buffers: buffers.to_vec(),
        })
    }

    /// Its id; empty if it has none.
    pub fn msg_id(&self) -> Cow<'_, str> {
        head(&self.header).msg_id
    }

    /// `stream`, `status`, ...
    pub fn msg_type(&self) -> Cow<'_, str> {
        head(&self.header).msg_type
    }

    /// The id of the request that caused it; empty if none did.
    pub fn parent_id(&self) -> Cow<'_, str> {
        head(&self.parent_header).msg_id
    }

    /// Whether somebody who comes back may miss it: all but the busy and idle of requests that run
    /// no code, of which monitors and editors send so many that they would drive out what matters;
    /// and but what a debugger says, which means something only when it is said.
    pub fn is_worth_keeping(&self) -> bool {
        match &*self.msg_type() {
            "status" => {}
            "debug_event" => return false,
            _ => return true,
        }
        let parent = head(&self.parent_header);
        parent.msg_id.is_empty()
            || parent.msg_type == "execute_request"
            || parent.msg_type.starts_with("comm_") && parent.msg_type != "comm_info_request"
    }

    pub(crate) fn parts(&self) -> impl Iterator<Item = &Bytes> {
        [
            &self.header,
            &self.parent_header,
            &self.metadata,
            &self.content,
        ]
        .into_iter()
        .chain(&self.buffers)
    }

    /// Bytes of all parts.
    pub fn size(&self) -> usize {
        self.parts().map(Bytes::len).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(parts: &[&'static [u8]]) -> Vec<Bytes> {
        parts.iter().map(|part| Bytes::from_static(part)).collect()
    }

    #[test]
    fn topic_and_signature_are_left_out_and_the_rest_is_kept_byte_for_byte() {
        let frames = frames(&[
            b"topic",
            b"<IDS|MSG>",
            b"signature",
            br#"{ "msg_id":"a" , "msg_type":"stream"}"#,
            br#"{"msg_id":"p"}"#,
            b"{}",
            b"{\"text\": 1}",
            b"\xff\0",
        ]);
        let message = Message::of_frames(&frames).unwrap();
        assert_eq!(message.msg_id(), "a");
        assert_eq!(message.parent_id(), "p");
        assert_eq!(message.content, "{\"text\": 1}");
        assert_eq!(message.buffers, [Bytes::from_static(b"\xff\0")]);
        assert!(Message::of_frames(&frames[..6]).is_none());
        assert!(Message::of_frames(&frames[2..]).is_none());
    }

    #[test]
    fn of_statuses_only_those_of_code_and_of_the_kernel_itself_are_kept() {
        let kept = |msg_type: &str, parent: &str| {
            Message {
                header: format!(r#"{{"msg_id":"1","msg_type":"{msg_type}"}}"#).into(),
                parent_header: parent.to_owned().into(),
                metadata: Bytes::new(),
                content: Bytes::new(),
                buffers: Vec::new(),
            }
            .is_worth_keeping()
        };
        let of = |msg_type: &str| format!(r#"{{"msg_id":"0","msg_type":"{msg_type}"}}"#);
        assert!(kept("status", "{}"));
        assert!(kept("status", &of("execute_request")));
        assert!(kept("status", &of("comm_msg")));
        for request in ["kernel_info_request", "comm_info_request", "usage_request"] {
            assert!(!kept("status", &of(request)), "{request}");
            assert!(kept("stream", &of(request)), "{request}");
        }
    }
}
