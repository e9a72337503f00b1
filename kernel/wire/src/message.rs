use bytes::Bytes;
use serde::de::DeserializeOwned;

use crate::{DELIMITER, Header, Key, ReplayGuard, Signature, WireError};

/// A message split into its parts, of which nothing is known to be true yet.
#[derive(Debug, Clone)]
pub struct Unverified {
    identities: Vec<Bytes>,
    signature: Bytes,
    parts: [Bytes; 4],
    buffers: Vec<Bytes>,
}

/// A message whose signature was the key's.
#[derive(Debug, Clone)]
pub struct Message {
    /// What stood before the delimiter: the way back to the sender, kept whole.
    pub identities: Vec<Bytes>,
    /// What we understand of the header.
    pub header: Header,
    /// The header's exact bytes, which every message it causes carries as `parent_header`.
    pub raw_header: Bytes,
    /// The parent header's exact bytes.
    pub raw_parent: Bytes,
    /// The metadata's exact bytes.
    pub raw_metadata: Bytes,
    /// The content's exact bytes, parsed when its type is known.
    pub raw_content: Bytes,
    /// Binary attachments, which are not signed.
    pub buffers: Vec<Bytes>,
}

impl Unverified {
    /// Splits frames into parts, parsing nothing.
    ///
    /// # Errors
    ///
    /// [`WireError::NoDelimiter`], [`WireError::TooFewFrames`].
    pub fn split(mut frames: Vec<Bytes>) -> Result<Self, WireError> {
        let delimiter = frames
            .iter()
            .position(|frame| frame.as_ref() == DELIMITER)
            .ok_or(WireError::NoDelimiter)?;
        let mut rest = frames.split_off(delimiter).into_iter().skip(1);
        let count = rest.len();
        match (
            rest.next(),
            rest.next(),
            rest.next(),
            rest.next(),
            rest.next(),
        ) {
            (Some(signature), Some(header), Some(parent), Some(metadata), Some(content)) => {
                Ok(Self {
                    identities: frames,
                    signature,
                    parts: [header, parent, metadata, content],
                    buffers: rest.collect(),
                })
            }
            _ => Err(WireError::TooFewFrames(count)),
        }
    }

    /// Checks the signature, then that it is new, and only then reads the header.
    ///
    /// # Errors
    ///
    /// [`WireError::BadSignature`], [`WireError::Replayed`], [`WireError::BadPart`].
    pub fn verify(self, key: &Key, guard: &mut ReplayGuard) -> Result<Message, WireError> {
        if let Some(signature) = self.check(key)? {
            guard.admit(signature)?;
        }
        self.parse()
    }

    /// As [`Unverified::verify`] for a client, which need not fear replays.
    ///
    /// # Errors
    ///
    /// [`WireError::BadSignature`], [`WireError::BadPart`].
    pub fn verify_once(self, key: &Key) -> Result<Message, WireError> {
        self.check(key)?;
        self.parse()
    }

    fn check(&self, key: &Key) -> Result<Option<Signature>, WireError> {
        let [header, parent, metadata, content] = &self.parts;
        key.verify(&self.signature, [header, parent, metadata, content])
    }

    fn parse(self) -> Result<Message, WireError> {
        let [raw_header, raw_parent, raw_metadata, raw_content] = self.parts;
        let header = Header::read(&raw_header)?;
        Ok(Message {
            identities: self.identities,
            header,
            raw_header,
            raw_parent,
            raw_metadata,
            raw_content,
            buffers: self.buffers,
        })
    }
}

impl Message {
    /// The content as the type that the header promises.
    ///
    /// # Errors
    ///
    /// [`WireError::BadPart`].
    pub fn content<T: DeserializeOwned>(&self) -> Result<T, WireError> {
        parse_part("content", &self.raw_content)
    }

    /// The metadata.
    ///
    /// # Errors
    ///
    /// [`WireError::BadPart`].
    pub fn metadata<T: DeserializeOwned>(&self) -> Result<T, WireError> {
        parse_part("metadata", &self.raw_metadata)
    }

    /// The header of the message that caused this one, if one did.
    pub fn parent_header(&self) -> Option<Header> {
        serde_json::from_slice(&self.raw_parent).ok()
    }
}

fn parse_part<T: DeserializeOwned>(part: &'static str, bytes: &[u8]) -> Result<T, WireError> {
    serde_json::from_slice(bytes).map_err(|source| WireError::BadPart { part, source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frames(parts: &[&str]) -> Vec<Bytes> {
        parts
            .iter()
            .map(|part| Bytes::copy_from_slice(part.as_bytes()))
            .collect()
    }

    fn signed(key: &Key, header: &str, content: &str) -> Vec<Bytes> {
        let parts = [header.as_bytes(), b"{}", b"{}", content.as_bytes()];
        frames(&[
            "id",
            "<IDS|MSG>",
            &key.sign(parts),
            header,
            "{}",
            "{}",
            content,
        ])
    }

    #[test]
    fn identities_and_buffers_survive_whole() {
        let key = Key::new(b"k");
        let mut all = signed(&key, r#"{"msg_type":"x"}"#, "{}");
        all.insert(0, Bytes::from_static(b"hop"));
        all.push(Bytes::from_static(&[0xff, 0, 1]));
        let message = Unverified::split(all)
            .unwrap()
            .verify(&key, &mut ReplayGuard::new())
            .unwrap();
        assert_eq!(message.identities, frames(&["hop", "id"]));
        assert_eq!(message.buffers, [Bytes::from_static(&[0xff, 0, 1])]);
    }

    #[test]
    fn the_raw_header_keeps_order_spacing_and_unknown_keys() {
        let key = Key::new(b"k");
        let header = r#"{ "x": 1e3, "msg_type" : "y", "msg_id":"\u0061" }"#;
        let message = Unverified::split(signed(&key, header, "{}"))
            .unwrap()
            .verify(&key, &mut ReplayGuard::new())
            .unwrap();
        assert_eq!(message.raw_header, header.as_bytes());
        assert_eq!(message.header.msg_id, "a");
    }

    #[test]
    fn a_bad_signature_is_told_before_bad_json() {
        let key = Key::new(b"k");
        let frames = frames(&["id", "<IDS|MSG>", "00", "not json", "{}", "{}", "{}"]);
        let error = Unverified::split(frames)
            .unwrap()
            .verify(&key, &mut ReplayGuard::new())
            .unwrap_err();
        assert!(matches!(error, WireError::BadSignature));
    }

    #[test]
    fn a_bad_signature_is_not_remembered() {
        let key = Key::new(b"k");
        let mut guard = ReplayGuard::new();
        let good = signed(&key, r#"{"msg_type":"x"}"#, "{}");
        let mut bad = good.clone();
        bad[6] = Bytes::from_static(b"{\"evil\":1}");
        assert!(
            Unverified::split(bad)
                .unwrap()
                .verify(&key, &mut guard)
                .is_err()
        );
        assert!(
            Unverified::split(good.clone())
                .unwrap()
                .verify(&key, &mut guard)
                .is_ok()
        );
        let again = Unverified::split(good).unwrap().verify(&key, &mut guard);
        assert!(matches!(again, Err(WireError::Replayed)));
    }

    #[test]
    fn short_messages_are_refused_whatever_is_missing() {
        assert!(matches!(
            Unverified::split(vec![]),
            Err(WireError::NoDelimiter)
        ));
        let all = frames(&["<IDS|MSG>", "", "{}", "{}", "{}"]);
        assert!(matches!(
            Unverified::split(all),
            Err(WireError::TooFewFrames(4))
        ));
        let delimiter_last = frames(&["id", "<IDS|MSG>"]);
        assert!(matches!(
            Unverified::split(delimiter_last),
            Err(WireError::TooFewFrames(0))
        ));
    }

    #[test]
    fn a_header_that_would_hurt_who_hears_its_echo_is_refused() {
        let key = Key::new(b"k");
        let read = |header: &[u8]| {
            let parts = [header, b"{}", b"{}", b"{}"];
            let mut frames = frames(&["<IDS|MSG>", &key.sign(parts)]);
            frames.extend(parts.map(Bytes::copy_from_slice));
            Unverified::split(frames).unwrap().verify_once(&key)
        };
        let with = |value: &str| format!(r#"{{"msg_type":"x","x":{value}}}"#).into_bytes();
        let nested = |depth: usize| with(&("[".repeat(depth) + &"]".repeat(depth)));
        assert!(read(&with(r#""[[[\"[[[""#)).is_ok());
        assert!(read(&nested(60)).is_ok());
        assert!(read(&with("[{}]".repeat(100).replace("][", ",").as_str())).is_ok());
        let long = with(&format!("\"{}\"", "x".repeat(1 << 17)));
        let not_utf8 = b"{\"msg_type\":\"x\",\"x\":\"\xff\"}".to_vec();
        for header in [nested(100), long, not_utf8] {
            assert!(matches!(read(&header), Err(WireError::HarmfulHeader(_))));
        }
    }

    proptest! {
        #[test]
        fn no_frames_at_all_can_harm(
            frames in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..9),
            delimiter in 0usize..9,
        ) {
            let mut frames: Vec<Bytes> = frames.into_iter().map(Bytes::from).collect();
            if delimiter < frames.len() {
                frames[delimiter] = Bytes::from_static(DELIMITER);
            }
            for key in [Key::new(b"k"), Key::new(b"")] {
                if let Ok(unverified) = Unverified::split(frames.clone()) {
                    let verified = unverified.verify(&key, &mut ReplayGuard::new());
                    prop_assert!(verified.is_err() || !key.signs());
                }
            }
        }
    }
}
