use thiserror::Error;

/// Why bytes are not a message, or a file is not a connection file.
#[derive(Debug, Error)]
pub enum WireError {
    /// No frame is the delimiter `<IDS|MSG>`.
    #[error("the delimiter <IDS|MSG> is missing")]
    NoDelimiter,
    /// Fewer frames than a signature and four parts follow the delimiter.
    #[error("{0} frames follow the delimiter, at least 5 must")]
    TooFewFrames(usize),
    /// The signature is not the key's.
    #[error("the signature does not fit")]
    BadSignature,
    /// The same signature was seen before.
    #[error("the message was received before")]
    Replayed,
    /// A part is not the JSON it must be.
    #[error("the {part} is not valid: {source}")]
    BadPart {
        /// `header`, `parent_header`, `metadata` or `content`.
        part: &'static str,
        /// What serde_json says.
        source: serde_json::Error,
    },
    /// A header that we could read, but not all who would hear it echoed.
    #[error("the header is {0}")]
    HarmfulHeader(&'static str),
    /// A message could not be written as JSON.
    #[error("the content cannot be written as JSON: {0}")]
    Serialise(serde_json::Error),
    /// A connection file is not JSON of the right shape.
    #[error("it is not a connection file: {0}")]
    BadConnectionFile(serde_json::Error),
    /// A connection file asks for a signature scheme that we do not have.
    #[error("the signature scheme {0:?} is not known; hmac-sha256 is")]
    UnknownSignatureScheme(String),
    /// A connection file names something impossible.
    #[error("{0}")]
    ImpossibleConnection(String),
}
