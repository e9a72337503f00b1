use std::io::{self, Write};

use perilune_client::ClientError;
use serde::Deserialize;
use serde_json::{Value, json};

use super::framing;

/// A client's request.
#[derive(Debug, Clone, Deserialize)]
pub struct Request {
    /// Its number, by which the answer names it.
    pub seq: i64,
    /// What is wanted.
    pub command: String,
    /// More of it.
    #[serde(default)]
    pub arguments: Value,
}

impl Request {
    /// Reads a message; `None` if it asks nothing.
    ///
    /// # Errors
    ///
    /// When it is no message of the protocol: there is no telling whom an answer would be for.
    pub fn read(content: &[u8]) -> Result<Option<Self>, serde_json::Error> {
        #[derive(Deserialize)]
        struct Kind {
            r#type: String,
        }
        let kind: Kind = serde_json::from_slice(content)?;
        match &*kind.r#type {
            "request" => serde_json::from_slice(content).map(Some),
            // Nothing is asked of clients, so there is nothing for them to answer.
            "response" | "event" => Ok(None),
            other => Err(serde::de::Error::custom(format!(
                "a message's type is {other:?} instead of \"request\""
            ))),
        }
    }
}

/// Why a request is not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// In words for a person.
    reason: String,
    /// Whether the person is to be told by all means.
    is_news: bool,
}

impl Refusal {
    /// For this reason, which the person is told.
    pub fn new(reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self {
            reason,
            is_news: true,
        }
    }

    /// Since what was asked about is over, which the person knows.
    pub fn over(reason: impl Into<String>) -> Self {
        Self {
            is_news: false,
            ..Self::new(reason)
        }
    }
}

impl From<anyhow::Error> for Refusal {
    fn from(error: anyhow::Error) -> Self {
        Self::new(format!("{error:#}"))
    }
}

impl From<ClientError> for Refusal {
    fn from(error: ClientError) -> Self {
        Self::new(error.to_string())
    }
}

/// What goes to a client, numbered.
pub struct Outgoing {
    writer: Box<dyn Write + Send>,
    seq: i64,
}

impl Outgoing {
    /// Writes it there.
    pub fn new(writer: Box<dyn Write + Send>) -> Self {
        Self { writer, seq: 0 }
    }

    /// Something has happened.
    ///
    /// # Errors
    ///
    /// When nobody reads.
    pub fn event(&mut self, event: &str, body: Value) -> io::Result<()> {
        let mut message = json!({"type": "event", "event": event});
        if !body.is_null() {
            message["body"] = body;
        }
        self.send(message)
    }

    /// Text for the debug console; `category` is one of the protocol's.
    ///
    /// # Errors
    ///
    /// When nobody reads.
    pub fn text(&mut self, category: &str, text: &str) -> io::Result<()> {
        self.event("output", json!({"category": category, "output": text}))
    }

    /// A request was done, or not.
    ///
    /// # Errors
    ///
    /// When nobody reads.
    pub fn answer(&mut self, to: &Request, answer: Result<Value, Refusal>) -> io::Result<()> {
        let mut message = json!({
            "type": "response",
            "request_seq": to.seq,
            "command": to.command,
            "success": answer.is_ok(),
        });
        match answer {
            Ok(Value::Null) => {}
            Ok(body) => message["body"] = body,
            Err(Refusal { reason, is_news }) => {
                message["body"] = json!({"error": {
                    "id": 1,
                    // As it stands: braces in it name no variables.
                    "format": "{reason}",
                    "variables": {"reason": reason},
                    "showUser": is_news,
                }});
                message["message"] = reason.into();
            }
        }
        self.send(message)
    }

    /// A message that another wrote, but for its number.
    ///
    /// # Errors
    ///
    /// When nobody reads.
    pub fn send(&mut self, mut message: Value) -> io::Result<()> {
        self.seq += 1;
        message["seq"] = self.seq.into();
        framing::write(&mut self.writer, message.to_string().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_request_asks() {
        let read = |text: &str| Request::read(text.as_bytes());
        let request = read(r#"{"seq":3,"type":"request","command":"threads"}"#);
        let request = request.unwrap().unwrap();
        assert_eq!((request.seq, &*request.command), (3, "threads"));
        assert!(
            read(r#"{"seq":1,"type":"response","success":true}"#)
                .unwrap()
                .is_none()
        );
        for nonsense in [
            "",
            "[]",
            "7",
            "{}",
            r#"{"type":"request"}"#,
            r#"{"type":"x"}"#,
        ] {
            assert!(read(nonsense).is_err(), "{nonsense}");
        }
    }
}
