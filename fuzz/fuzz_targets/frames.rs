//! Bytes of a ZMTP connection, in pieces: never a panic, never more memory than came, and the
//! pieces make no difference.
#![no_main]

use bytes::{BufMut, Bytes};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

use self::zmtp::frame::{Decoder, FrameError, FrameLimits, Item};

#[path = "../../kernel/transport/src/zmtp"]
#[allow(dead_code)]
mod zmtp {
    pub(crate) mod frame;
}

/// What the decoder's file knows messages by.
type Frames = Vec<Bytes>;

const LIMITS: FrameLimits = FrameLimits {
    message_bytes: 64 << 10,
    frames: 16,
};

#[derive(Debug, Arbitrary)]
struct Connection<'a> {
    pieces: Vec<u16>,
    bytes: &'a [u8],
}

fn decode(
    mut bytes: &[u8],
    pieces: impl Iterator<Item = usize>,
) -> (Vec<Item>, Option<FrameError>) {
    let mut decoder = Decoder::new(LIMITS);
    let mut items = Vec::new();
    let mut pieces = pieces.chain(std::iter::repeat(usize::MAX));
    let mut came = 0;
    while !bytes.is_empty() {
        let mut space = decoder.space();
        let most = pieces.next().unwrap_or(usize::MAX).max(1);
        let count = bytes.len().min(most).min(space.remaining_mut());
        assert!(count > 0, "there is always room");
        space.put_slice(&bytes[..count]);
        bytes = &bytes[count..];
        came += count;
        decoder.filled(count);
        loop {
            match decoder.next() {
                Ok(Some(item)) => items.push(item),
                Ok(None) => break,
                Err(error) => return (items, Some(error)),
            }
        }
        assert!(decoder.unfinished_bytes() <= came);
        assert!(decoder.unfinished_bytes() <= LIMITS.message_bytes);
    }
    (items, None)
}

fuzz_target!(|connection: Connection| {
    let pieces = connection.pieces.iter().map(|piece| usize::from(*piece));
    let in_pieces = decode(connection.bytes, pieces);
    assert_eq!(in_pieces, decode(connection.bytes, std::iter::empty()));
    for item in in_pieces.0 {
        if let Item::Message(frames) = item {
            assert!((1..=LIMITS.frames).contains(&frames.len()));
            assert!(frames.iter().map(Bytes::len).sum::<usize>() <= LIMITS.message_bytes);
        }
    }
});
