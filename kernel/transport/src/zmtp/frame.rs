//! ZMTP frames: bytes in, messages and commands out, and back (RFC 37/ZMTP, "Framing").
//!
//! Nothing here reads or writes. What a frame's header claims is checked against the limits first,
//! and even then memory is only taken as bytes arrive.

use bytes::{Buf, BufMut, Bytes, BytesMut, buf::Limit};

use crate::Frames;

const MORE: u8 = 0b001;
const LONG: u8 = 0b010;
const COMMAND: u8 = 0b100;

/// The longest command body we read; READY, SUBSCRIBE, PING and the like are far shorter.
const COMMAND_BYTES: u64 = 8 * 1024;
/// What is read at a time while little comes.
const SMALL_READ: usize = 8 * 1024;
/// What is read at a time while much comes.
const LARGE_READ: usize = 128 * 1024;
/// A frame longer than this gets a buffer of its own, so that it is copied at most once.
const OWN_BUFFER: usize = 16 * 1024;
/// The first allocation for such a frame, whatever it claims; then it doubles with what arrives.
const FIRST_BODY: usize = 256 * 1024;

/// How much of a message is taken.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FrameLimits {
    /// All frames of a message together, in bytes.
    pub(crate) message_bytes: usize,
    /// Frames in a message.
    pub(crate) frames: usize,
}

/// What the bytes said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Item {
    /// A whole message, at least one frame.
    Message(Frames),
    /// A command's body: its name and data.
    Command(Bytes),
}

/// Why the bytes cannot be understood any further.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum FrameError {
    #[error("a frame with unknown flags {0:#04x}")]
    Flags(u8),
    #[error("a command of {0} bytes")]
    CommandTooLong(u64),
    #[error("a message longer than {limit} bytes (a frame of {claimed} was announced)")]
    MessageTooLong { claimed: u64, limit: usize },
    #[error("a message of more than {0} frames")]
    TooManyFrames(usize),
}

#[derive(Debug, Clone, Copy)]
struct Header {
    flags: u8,
    length: usize,
}

#[derive(Debug)]
struct Body {
    header: Header,
    bytes: BytesMut,
}

/// Turns bytes, however they are split, into [`Item`]s.
#[derive(Debug)]
pub(crate) struct Decoder {
    limits: FrameLimits,
    /// Arrived and not yet understood.
    buffer: BytesMut,
    /// How much room `buffer` gets at a time.
    read_size: usize,
    /// A long frame that is still arriving; `buffer` is empty then.
    body: Option<Body>,
    /// The frames of a message that is not complete.
    parts: Frames,
    part_bytes: usize,
}

impl Decoder {
    pub(crate) fn new(limits: FrameLimits) -> Self {
        Self {
            limits,
            buffer: BytesMut::new(),
            read_size: SMALL_READ,
            body: None,
            parts: Frames::new(),
            part_bytes: 0,
        }
    }

    /// Where the next bytes are to be put; never empty. Tell [`Decoder::filled`] how many came.
    pub(crate) fn space(&mut self) -> Limit<&mut BytesMut> {
        if let Some(Body { header, bytes }) = &mut self.body {
            let missing = header.length - bytes.len();
            if bytes.capacity() == bytes.len() {
                bytes.reserve(missing.min(bytes.len().max(FIRST_BODY)));
            }
            let room = missing.min(bytes.capacity() - bytes.len());
            return bytes.limit(room);
        }
        if self.buffer.is_empty() && self.read_size == SMALL_READ {
            // A large buffer is not kept for a peer that has become quiet.
            if self.buffer.capacity() > LARGE_READ / 2 {
                self.buffer = BytesMut::new();
            }
        }
        if self.buffer.capacity() - self.buffer.len() < self.read_size / 4 {
            self.buffer.reserve(self.read_size);
        }
        let room = self.buffer.capacity() - self.buffer.len();
        (&mut self.buffer).limit(room)
    }

    /// `count` bytes were put into [`Decoder::space`].
    pub(crate) fn filled(&mut self, count: usize) {
        if self.body.is_some() {
            return;
        }
        if count >= self.read_size {
            self.read_size = (2 * self.read_size).min(LARGE_READ);
        } else if count < self.read_size / 8 {
            self.read_size = SMALL_READ;
        }
    }

    /// Bytes of a message that is not complete yet, beyond what a read brings.
    pub(crate) fn unfinished_bytes(&self) -> usize {
        self.part_bytes + self.body.as_ref().map_or(0, |body| body.bytes.len())
    }

    /// The next item, or `None` when more bytes are needed.
    pub(crate) fn next(&mut self) -> Result<Option<Item>, FrameError> {
        loop {
            let Some((header, frame)) = self.next_frame()? else {
                return Ok(None);
            };
            if header.flags & COMMAND != 0 {
                return Ok(Some(Item::Command(frame)));
            }
            self.part_bytes += frame.len();
            if self.parts.capacity() == 0 {
                // Most messages are an identity, which the router adds, and seven frames.
                self.parts.reserve_exact(8);
            }
            self.parts.push(frame);
            if header.flags & MORE == 0 {
                self.part_bytes = 0;
                return Ok(Some(Item::Message(std::mem::take(&mut self.parts))));
            }
        }
    }

    fn next_frame(&mut self) -> Result<Option<(Header, Bytes)>, FrameError> {
        if let Some(body) = self
            .body
            .take_if(|body| body.bytes.len() == body.header.length)
        {
            return Ok(Some((body.header, body.bytes.freeze())));
        }
        if self.body.is_some() {
            return Ok(None);
        }
        let Some((header, header_length)) = self.header()? else {
            return Ok(None);
        };
        let arrived = self.buffer.len() - header_length;
        if arrived >= header.length {
            self.buffer.advance(header_length);
            return Ok(Some((header, self.buffer.split_to(header.length).freeze())));
        }
        if header.length > OWN_BUFFER {
            self.buffer.advance(header_length);
            let mut bytes = BytesMut::with_capacity(header.length.min(FIRST_BODY.max(2 * arrived)));
            bytes.put(&mut self.buffer);
            self.body = Some(Body { header, bytes });
        }
        Ok(None)
    }

    /// The header at the front of the buffer and its own length, checked.
    fn header(&self) -> Result<Option<(Header, usize)>, FrameError> {
        let Some(&flags) = self.buffer.first() else {
            return Ok(None);
        };
        if flags & !(MORE | LONG | COMMAND) != 0 || flags & (MORE | COMMAND) == (MORE | COMMAND) {
            return Err(FrameError::Flags(flags));
        }
        let (claimed, header_length) = if flags & LONG == 0 {
            let Some(&length) = self.buffer.get(1) else {
                return Ok(None);
            };
            (u64::from(length), 2)
        } else {
            let Some(length) = self.buffer.get(1..).and_then(<[u8]>::first_chunk) else {
                return Ok(None);
            };
            (u64::from_be_bytes(*length), 9)
        };
        let length = self.checked_length(flags, claimed)?;
        Ok(Some((Header { flags, length }, header_length)))
    }

    fn checked_length(&self, flags: u8, claimed: u64) -> Result<usize, FrameError> {
        let limit = self.limits.message_bytes;
        if flags & COMMAND != 0 {
            if claimed > COMMAND_BYTES {
                return Err(FrameError::CommandTooLong(claimed));
            }
        } else if self.parts.len() >= self.limits.frames {
            return Err(FrameError::TooManyFrames(self.limits.frames));
        }
        usize::try_from(claimed)
            .ok()
            .filter(|length| {
                flags & COMMAND != 0 || *length <= limit.saturating_sub(self.part_bytes)
            })
            .ok_or(FrameError::MessageTooLong { claimed, limit })
    }
}

/// A frame's header: its bytes and how many of them count.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EncodedHeader {
    bytes: [u8; 9],
    length: usize,
}

impl EncodedHeader {
    /// Of a frame of a message, `more` of which may follow.
    pub(crate) fn message(length: usize, more: bool) -> Self {
        Self::new(length, if more { MORE } else { 0 })
    }

    /// Of a command.
    pub(crate) fn command(length: usize) -> Self {
        Self::new(length, COMMAND)
    }

    fn new(length: usize, flags: u8) -> Self {
        let mut bytes = [0; 9];
        match u8::try_from(length) {
            Ok(short) => {
                bytes[0] = flags;
                bytes[1] = short;
                Self { bytes, length: 2 }
            }
            Err(_) => {
                bytes[0] = flags | LONG;
                bytes[1..].copy_from_slice(&(length as u64).to_be_bytes());
                Self { bytes, length: 9 }
            }
        }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

#[cfg(test)]
mod tests;
