//! The commands a peer may send (RFC 37/ZMTP, "Commands").

use bytes::{Buf, Bytes};

/// The longest context of a PING that is answered (RFC 37).
const CONTEXT_BYTES: usize = 16;

/// What READY says of a peer. Properties we have no use for are left out.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Metadata {
    pub(crate) socket_type: Bytes,
    pub(crate) identity: Bytes,
}

/// A command, read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Ready(Metadata),
    Error(String),
    Subscribe(Bytes),
    Cancel(Bytes),
    Ping { context: Bytes },
    Pong,
    Unknown,
}

impl Command {
    /// `None` if the body is malformed. A name nobody told us about is no error.
    pub(crate) fn parse(body: &Bytes) -> Option<Self> {
        let mut data = body.clone();
        let name = short_string(&mut data)?;
        Some(match &name[..] {
            b"READY" => Self::Ready(metadata(data)?),
            b"ERROR" => {
                let reason = short_string(&mut data)?;
                Self::Error(String::from_utf8_lossy(&reason).escape_debug().to_string())
            }
            b"SUBSCRIBE" => Self::Subscribe(data),
            b"CANCEL" => Self::Cancel(data),
            b"PING" => {
                data.try_get_u16().ok()?;
                data.truncate(CONTEXT_BYTES);
                Self::Ping { context: data }
            }
            b"PONG" => Self::Pong,
            _ => Self::Unknown,
        })
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Ready(_) => "READY",
            Self::Error(_) => "ERROR",
            Self::Subscribe(_) => "SUBSCRIBE",
            Self::Cancel(_) => "CANCEL",
            Self::Ping { .. } => "PING",
            Self::Pong => "PONG",
            Self::Unknown => "an unknown command",
        }
    }
}

fn metadata(mut data: Bytes) -> Option<Metadata> {
    let mut found = Metadata::default();
    while data.has_remaining() {
        let name = short_string(&mut data)?;
        let length = usize::try_from(data.try_get_u32().ok()?).ok()?;
        let value = take(&mut data, length)?;
        if name.eq_ignore_ascii_case(b"Socket-Type") {
            found.socket_type = value;
        } else if name.eq_ignore_ascii_case(b"Identity") {
            found.identity = value;
        }
    }
    Some(found)
}

fn short_string(data: &mut Bytes) -> Option<Bytes> {
    let length = data.try_get_u8().ok()?;
    take(data, usize::from(length))
}

fn take(data: &mut Bytes, length: usize) -> Option<Bytes> {
    (length <= data.len()).then(|| data.split_to(length))
}
