//! How a connection begins: greeting, NULL mechanism, READY (RFC 37/ZMTP, "Connection").

use bytes::{BufMut, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::command::{Command, Metadata};
use super::frame::{Decoder, EncodedHeader, FrameError, FrameLimits, Item};
use super::socket::Socket;

const GREETING_BYTES: usize = 64;
const SIGNATURE_BYTES: usize = 10;
const MECHANISM: &[u8] = b"NULL";
/// The longest identity a peer may give itself (RFC 37).
const IDENTITY_BYTES: usize = 255;

/// Why a connection was not accepted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HandshakeError {
    #[error("not a ZMTP peer")]
    NotZmtp,
    #[error("the peer speaks ZMTP {0}; 3.0 or later is needed")]
    TooOld(u8),
    #[error("the peer wants the {0:?} mechanism; only NULL is offered")]
    Mechanism(String),
    #[error("the peer sent a message before READY")]
    MessageBeforeReady,
    #[error("the peer sent {0} instead of READY")]
    UnexpectedCommand(&'static str),
    #[error("the peer's READY cannot be read")]
    MalformedReady,
    #[error("a {peer} socket cannot talk to {ours}")]
    IncompatibleSocket { peer: String, ours: &'static str },
    #[error("the peer's identity is longer than 255 bytes or starts with a zero byte")]
    Identity,
    #[error("the peer refused: {0}")]
    Refused(String),
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// What is known of a peer once its READY was accepted.
#[derive(Debug)]
pub(crate) struct Introduced {
    /// The identity it gave itself; empty when it leaves that to us.
    pub(crate) identity: Bytes,
    /// Holds whatever came behind READY.
    pub(crate) decoder: Decoder,
}

/// Greets the peer and is told who it is. The caller sets the deadline.
pub(crate) async fn shake_hands<R, W>(
    reader: &mut R,
    writer: &mut W,
    socket: Socket,
    limits: FrameLimits,
) -> Result<Introduced, HandshakeError>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    // The whole greeting at once: libzmq sends ten bytes and waits for ours before the rest.
    writer.write_all(&greeting()).await?;
    read_greeting(reader).await?;
    writer.write_all(&ready(socket)).await?;
    let mut decoder = Decoder::new(limits);
    let identity = match read_ready(reader, &mut decoder)
        .await
        .and_then(|it| accept(&it, socket))
    {
        Err(error @ (HandshakeError::IncompatibleSocket { .. } | HandshakeError::Identity)) => {
            writer.write_all(&refusal(&error.to_string())).await?;
            return Err(error);
        }
        other => other?,
    };
    Ok(Introduced { identity, decoder })
}

/// Ours: version 3.1, NULL mechanism. With NULL there is neither client nor server.
fn greeting() -> [u8; GREETING_BYTES] {
    let mut bytes = [0; GREETING_BYTES];
    bytes[0] = 0xff;
    bytes[8] = 1;
    bytes[9] = 0x7f;
    bytes[10] = 3;
    bytes[11] = 1;
    bytes[12..12 + MECHANISM.len()].copy_from_slice(MECHANISM);
    bytes
}

/// Reads it in steps, so that who is not a peer, or is too old to send it all, is known at once.
async fn read_greeting<R: AsyncRead + Unpin>(reader: &mut R) -> Result<(), HandshakeError> {
    if reader.read_u8().await? != 0xff {
        return Err(HandshakeError::NotZmtp);
    }
    let mut signature = [0; SIGNATURE_BYTES - 1];
    reader.read_exact(&mut signature).await?;
    if signature[SIGNATURE_BYTES - 2] & 1 == 0 {
        return Err(HandshakeError::NotZmtp);
    }
    let major = reader.read_u8().await?;
    if major < 3 {
        return Err(HandshakeError::TooOld(major));
    }
    let mut rest = [0; GREETING_BYTES - SIGNATURE_BYTES - 1];
    reader.read_exact(&mut rest).await?;
    let mechanism = rest[1..21]
        .split(|byte| *byte == 0)
        .next()
        .unwrap_or_default();
    if mechanism != MECHANISM {
        return Err(HandshakeError::Mechanism(printable(mechanism)));
    }
    Ok(())
}

async fn read_ready<R: AsyncRead + Unpin>(
    reader: &mut R,
    decoder: &mut Decoder,
) -> Result<Metadata, HandshakeError> {
    loop {
        match decoder.next()? {
            Some(Item::Message(_)) => return Err(HandshakeError::MessageBeforeReady),
            Some(Item::Command(body)) => {
                return match Command::parse(&body) {
                    Some(Command::Ready(metadata)) => Ok(metadata),
                    Some(Command::Error(reason)) => Err(HandshakeError::Refused(reason)),
                    Some(other) => Err(HandshakeError::UnexpectedCommand(other.name())),
                    None => Err(HandshakeError::MalformedReady),
                };
            }
            None => {
                let count = reader.read_buf(&mut decoder.space()).await?;
                if count == 0 {
                    return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
                }
                decoder.filled(count);
            }
        }
    }
}

fn accept(metadata: &Metadata, socket: Socket) -> Result<Bytes, HandshakeError> {
    if !socket.accepts(&metadata.socket_type) {
        return Err(HandshakeError::IncompatibleSocket {
            peer: printable(&metadata.socket_type),
            ours: socket.socket_type(),
        });
    }
    // Identities that start with zero are the ones we make up.
    if metadata.identity.len() > IDENTITY_BYTES || metadata.identity.first() == Some(&0) {
        return Err(HandshakeError::Identity);
    }
    Ok(metadata.identity.clone())
}

/// What a peer calls itself, short and without anything that could upset a terminal or a log.
fn printable(name: &[u8]) -> String {
    name[..name.len().min(32)].escape_ascii().to_string()
}

fn ready(socket: Socket) -> Bytes {
    let mut body = BytesMut::new();
    body.put_slice(b"\x05READY\x0bSocket-Type");
    body.put_u32(socket.socket_type().len() as u32);
    body.put_slice(socket.socket_type().as_bytes());
    body.put_slice(b"\x08Identity\0\0\0\0");
    command(&body)
}

fn refusal(reason: &str) -> Bytes {
    let reason = &reason.as_bytes()[..reason.len().min(255)];
    let mut body = BytesMut::new();
    body.put_slice(b"\x05ERROR");
    body.put_u8(reason.len() as u8);
    body.put_slice(reason);
    command(&body)
}

fn command(body: &[u8]) -> Bytes {
    let mut bytes = BytesMut::new();
    bytes.put_slice(EncodedHeader::command(body.len()).as_bytes());
    bytes.put_slice(body);
    bytes.freeze()
}

#[cfg(test)]
mod tests;
