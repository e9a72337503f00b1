use serde::{Deserialize, Deserializer, Serialize};

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
