use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const LIMITS: FrameLimits = FrameLimits {
    message_bytes: 1 << 20,
    frames: 8,
};

fn encode(items: &[Item]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for item in items {
        match item {
            Item::Message(frames) => {
                for (index, frame) in frames.iter().enumerate() {
                    let more = index + 1 < frames.len();
                    bytes.extend(EncodedHeader::message(frame.len(), more).as_bytes());
                    bytes.extend(frame);
                }
            }
            Item::Command(body) => {
                bytes.extend(EncodedHeader::command(body.len()).as_bytes());
                bytes.extend(body);
            }
        }
    }
    bytes
}

/// Feeds the bytes in pieces of at most these lengths, over and over.
fn decode(bytes: &[u8], pieces: &[usize]) -> Result<Vec<Item>, FrameError> {
    let mut decoder = Decoder::new(LIMITS);
    let mut items = Vec::new();
    let mut rest = bytes;
    for piece in pieces.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let mut space = decoder.space();
        let count = rest.len().min(*piece).min(space.remaining_mut());
        assert!(count > 0, "there is always room");
        space.put_slice(&rest[..count]);
        rest = &rest[count..];
        decoder.filled(count);
        while let Some(item) = decoder.next()? {
            items.push(item);
        }
    }
    Ok(items)
}

/// What the decoder keeps, in bytes.
fn held(decoder: &Decoder) -> usize {
    decoder.buffer.capacity()
        + decoder
            .body
            .as_ref()
            .map_or(0, |body| body.bytes.capacity())
}

fn feed(decoder: &mut Decoder, mut bytes: &[u8]) -> Result<Vec<Item>, FrameError> {
    let mut items = Vec::new();
    while !bytes.is_empty() {
        let mut space = decoder.space();
        let count = bytes.len().min(space.remaining_mut());
        space.put_slice(&bytes[..count]);
        bytes = &bytes[count..];
        decoder.filled(count);
        while let Some(item) = decoder.next()? {
            items.push(item);
        }
    }
    Ok(items)
}

fn frame() -> impl Strategy<Value = Bytes> {
    let length = prop_oneof![
        4 => 0..40usize,
        2 => 250..260usize,
        1 => OWN_BUFFER - 2..OWN_BUFFER + 3,
        1 => 0..100_000usize,
    ];
    (length, any::<u8>()).prop_map(|(length, seed)| {
        (0..length)
            .map(|at| (at as u8).wrapping_mul(seed))
            .collect()
    })
}

fn item() -> impl Strategy<Value = Item> {
    prop_oneof![
        8 => vec(frame(), 1..8).prop_map(Item::Message),
        1 => vec(any::<u8>(), 0..300).prop_map(|body| Item::Command(body.into())),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_encoded_is_decoded_however_it_is_split(
        items in vec(item(), 0..6),
        pieces in vec(prop_oneof![1..20usize, 1..5_000usize, 60_000..200_000usize], 1..8),
    ) {
        prop_assert_eq!(decode(&encode(&items), &pieces).unwrap(), items);
    }

    #[test]
    fn garbage_never_panics_and_takes_no_more_memory_than_arrived(
        bytes in vec(any::<u8>(), 0..2_000),
    ) {
        let mut decoder = Decoder::new(LIMITS);
        let _ = feed(&mut decoder, &bytes);
        prop_assert!(held(&decoder) <= LARGE_READ + FIRST_BODY + 4 * bytes.len());
    }

    #[test]
    fn a_claim_takes_no_memory(claim in any::<u64>(), flags in 0..8u8, arrived in 0..1_000usize) {
        let unlimited = FrameLimits { message_bytes: usize::MAX, frames: 8 };
        let mut decoder = Decoder::new(unlimited);
        let mut bytes = vec![flags | LONG];
        bytes.extend(claim.to_be_bytes());
        bytes.resize(9 + arrived, 0);
        let _ = feed(&mut decoder, &bytes);
        prop_assert!(held(&decoder) <= LARGE_READ + FIRST_BODY);
    }
}

#[test]
fn a_frame_grows_with_what_arrives_and_not_faster() {
    let length = 100 << 20;
    let mut decoder = Decoder::new(FrameLimits {
        message_bytes: length,
        frames: 1,
    });
    let mut bytes = EncodedHeader::message(length, false).as_bytes().to_vec();
    bytes.resize(9 + 1_000_000, 0);
    assert_eq!(feed(&mut decoder, &bytes), Ok(vec![]));
    assert!(held(&decoder) <= LARGE_READ + 3 * bytes.len());
    assert_eq!(decoder.unfinished_bytes(), 1_000_000);
}

#[test]
fn a_frame_that_would_make_the_message_too_long_is_refused_by_its_header() {
    let mut bytes = encode(&[Item::Message(vec![Bytes::from(vec![0; 600_000])])]);
    bytes[0] |= MORE;
    bytes.extend(EncodedHeader::message(600_000, false).as_bytes());
    let error = FrameError::MessageTooLong {
        claimed: 600_000,
        limit: 1 << 20,
    };
    assert_eq!(decode(&bytes, &[10_000]), Err(error));
}

#[test]
fn messages_may_follow_one_another_however_long_they_are_together() {
    let items: Vec<Item> = (0..5)
        .map(|_| Item::Message(vec![Bytes::from(vec![0; 1 << 20])]))
        .collect();
    assert_eq!(decode(&encode(&items), &[100_000]).unwrap().len(), 5);
}

#[test]
fn a_frame_too_many_is_refused() {
    let items = [Item::Message(vec![Bytes::new(); 9])];
    assert_eq!(
        decode(&encode(&items), &[1]),
        Err(FrameError::TooManyFrames(8))
    );
}

#[test]
fn a_long_command_is_refused() {
    let header = EncodedHeader::command(COMMAND_BYTES as usize + 1);
    let error = FrameError::CommandTooLong(COMMAND_BYTES + 1);
    assert_eq!(decode(header.as_bytes(), &[1]), Err(error));
}

#[test]
fn unknown_flags_and_a_command_that_would_go_on_are_refused() {
    for flags in [0x08, 0x80, 0xff, COMMAND | MORE, COMMAND | MORE | LONG] {
        assert_eq!(decode(&[flags, 0], &[2]), Err(FrameError::Flags(flags)));
    }
}

#[test]
fn a_command_between_the_frames_of_a_message_is_taken_on_its_own() {
    let mut bytes = EncodedHeader::message(1, true).as_bytes().to_vec();
    bytes.push(b'a');
    bytes.extend(encode(&[Item::Command(Bytes::from_static(b"\x04PING"))]));
    bytes.extend(encode(&[Item::Message(vec![Bytes::from_static(b"b")])]));
    let ping = Item::Command(Bytes::from_static(b"\x04PING"));
    let message = Item::Message(vec![Bytes::from_static(b"a"), Bytes::from_static(b"b")]);
    assert_eq!(decode(&bytes, &[3]).unwrap(), [ping, message]);
}

#[test]
fn a_quiet_peer_gives_its_memory_back() {
    let mut decoder = Decoder::new(LIMITS);
    let flood = encode(&vec![Item::Message(vec![Bytes::from(vec![0; 1000])]); 1000]);
    assert_eq!(feed(&mut decoder, &flood).unwrap().len(), 1000);
    assert!(held(&decoder) > SMALL_READ);
    for _ in 0..2 {
        feed(&mut decoder, &encode(&[Item::Message(vec![Bytes::new()])])).unwrap();
    }
    decoder.space();
    assert!(held(&decoder) <= 2 * SMALL_READ, "{} bytes", held(&decoder));
}
