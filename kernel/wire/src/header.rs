use serde::{Deserialize, Deserializer, Serialize};

use crate::WireError;

/// Real headers have some 300 bytes and no nesting.
const LONGEST: usize = 64 << 10;
const DEEPEST: usize = 64;

/// What we need to know of a message's header.
///
/// Everything but the type may be missing or null, since clients differ; whoever echoes a header
/// echoes its bytes, not this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Unique to the message.
    #[serde(default, deserialize_with = "lenient")]
    pub msg_id: String,
    /// The sender's session.
    #[serde(default, deserialize_with = "lenient")]
    pub session: String,
    /// Who sends.
    #[serde(default, deserialize_with = "lenient")]
    pub username: String,
    /// ISO 8601, with at most six digits of a second.
    #[serde(default, deserialize_with = "lenient")]
    pub date: String,
    /// `execute_request`, `status`, ...
    pub msg_type: String,
    /// The specification's version that the sender follows.
    #[serde(default, deserialize_with = "lenient")]
    pub version: String,
    /// The subshell that a shell message is for (JEP 91).
    #[serde(
        default,
        deserialize_with = "lenient_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub subshell_id: Option<String>,
}

impl Header {
    /// Reads a header. Its bytes go out again as the parent header of whatever it causes, to every
    /// subscriber, so it must be harmless to all of them: UTF-8, short, and flat.
    pub(crate) fn read(raw: &[u8]) -> Result<Self, WireError> {
        if raw.len() > LONGEST {
            return Err(WireError::HarmfulHeader("too long"));
        }
        let text = std::str::from_utf8(raw).map_err(|_| WireError::HarmfulHeader("not UTF-8"))?;
        let header = serde_json::from_str(text).map_err(|source| WireError::BadPart {
            part: "header",
            source,
        })?;
        if depth(text) > DEEPEST {
            return Err(WireError::HarmfulHeader("nested too deeply"));
        }
        Ok(header)
    }
}

/// How deeply valid JSON is nested.
fn depth(json: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut bytes = json.bytes();
    let mut in_string = false;
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => in_string = !in_string,
            b'\\' if in_string => {
                bytes.next();
            }
            b'[' | b'{' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// A string; anything else counts as an empty one.
fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    lenient_option(deserializer).map(Option::unwrap_or_default)
}

fn lenient_option<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Text {
        Text(String),
        Other(serde::de::IgnoredAny),
    }
    Ok(match Text::deserialize(deserializer)? {
        Text::Text(text) => Some(text),
        Text::Other(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_type_is_needed() {
        let header: Header = serde_json::from_str(
            r#"{"msg_type":"execute_request","msg_id":7,"date":null,"subshell_id":null,"x":{}}"#,
        )
        .unwrap();
        assert_eq!(header.msg_type, "execute_request");
        assert_eq!(header.msg_id, "");
        assert_eq!(header.subshell_id, None);
        assert!(serde_json::from_str::<Header>(r#"{"msg_id":"a"}"#).is_err());
    }
}
