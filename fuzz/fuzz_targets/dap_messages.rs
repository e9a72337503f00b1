//! What a client of `perilune dap` sends: bytes that are framed by headers, in pieces. Never a panic,
//! never more memory than came; the pieces make no difference, and what was read can be written and
//! read again.
#![no_main]

use std::io::BufReader;

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

use self::dap::framing::{self, FramingError};
use self::dap::message::Request;

// The bridge alone uses some of it.
#[path = "../../cli/src/dap"]
#[allow(dead_code)]
mod dap {
    pub mod framing;
    pub mod message;
}

#[derive(Debug, Arbitrary)]
enum Sent<'a> {
    /// As anybody may send it.
    Bytes(&'a [u8]),
    /// In frames, as the protocol has it, and what is behind the last.
    Frames(Vec<&'a [u8]>, &'a [u8]),
}

#[derive(Debug, Arbitrary)]
struct Connection<'a> {
    /// How much comes at a time.
    piece: u8,
    sent: Sent<'a>,
}

/// All that can be read, and why no more can.
fn messages(bytes: &[u8], piece: usize) -> (Vec<Vec<u8>>, Option<FramingError>) {
    let mut input = BufReader::with_capacity(piece, bytes);
    let mut messages = Vec::new();
    loop {
        match framing::read(&mut input) {
            Ok(Some(content)) => messages.push(content),
            Ok(None) => return (messages, None),
            Err(error) => return (messages, Some(error)),
        }
    }
}

fn framed(contents: &[impl AsRef<[u8]>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for content in contents {
        framing::write(&mut bytes, content.as_ref()).unwrap();
    }
    bytes
}

fuzz_target!(|connection: Connection<'_>| {
    let piece = 1 + usize::from(connection.piece);
    let bytes = match &connection.sent {
        Sent::Bytes(bytes) => bytes.to_vec(),
        Sent::Frames(contents, rest) => {
            let mut bytes = framed(contents);
            assert_eq!(messages(&bytes, piece).0, *contents);
            bytes.extend_from_slice(rest);
            bytes
        }
    };
    let (read, error) = messages(&bytes, piece);
    let (at_once, other) = messages(&bytes, bytes.len().max(1));
    assert_eq!(read, at_once);
    let words = |error: &Option<FramingError>| error.as_ref().map(ToString::to_string);
    assert_eq!(words(&error), words(&other));
    assert!(read.iter().map(Vec::len).sum::<usize>() <= bytes.len());
    if let Sent::Frames(contents, _) = &connection.sent {
        assert!(read.len() >= contents.len());
    }

    let (again, error) = messages(&framed(&read), piece);
    assert_eq!(again, read);
    assert!(error.is_none());
    for content in &read {
        if let Ok(Some(request)) = Request::read(content) {
            assert!(serde_json::to_string(&request.arguments).is_ok());
        }
    }
});
