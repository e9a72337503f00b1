//! Messages, unsigned and signed: nothing passes without the key's signature, nothing panics with
//! it, and whoever hears the answer can read it.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use perilune_wire::{DELIMITER, Header, Key, Outgoing, Parent, ReplayGuard, Session, Unverified};

use self::request::{Request, reply_type};

#[path = "../../kernel/engine/src/request.rs"]
#[allow(dead_code)]
mod request;

/// As the engine has it.
#[allow(dead_code)]
mod errands {
    pub enum Errand {
        Reload,
        Log(perilune_wire::content::LogRequest),
        Dump,
    }
}

#[derive(Debug, Arbitrary)]
enum Sent<'a> {
    /// Frames as anybody may send them.
    Frames(Vec<&'a [u8]>),
    /// A message whose sender has the key, its header as it is.
    Signed { header: &'a [u8], rest: Rest<'a> },
    /// A message whose sender has the key, of a type that the kernel knows.
    Known { msg_type: u8, rest: Rest<'a> },
}

#[derive(Debug, Arbitrary)]
struct Rest<'a> {
    parent: &'a [u8],
    metadata: &'a [u8],
    content: &'a [u8],
    buffers: Vec<&'a [u8]>,
}

const TYPES: [&str; 20] = [
    "execute_request",
    "inspect_request",
    "complete_request",
    "is_complete_request",
    "history_request",
    "kernel_info_request",
    "comm_info_request",
    "comm_open",
    "comm_msg",
    "comm_close",
    "interrupt_request",
    "shutdown_request",
    "usage_request",
    "perilune_answer_request",
    "perilune_dump_request",
    "perilune_journal_request",
    "perilune_log_request",
    "perilune_reload_request",
    "perilune_save_request",
    "perilune_status_request",
];

fn bytes(bytes: &[u8]) -> Bytes {
    Bytes::copy_from_slice(bytes)
}

fn signed(key: &Key, header: &[u8], rest: &Rest) -> Vec<Bytes> {
    let parts = [header, rest.parent, rest.metadata, rest.content];
    let signature = Bytes::from(key.sign(parts));
    let mut frames = vec![bytes(b"peer"), bytes(DELIMITER), signature];
    frames.extend(parts.map(bytes));
    frames.extend(rest.buffers.iter().map(|buffer| bytes(buffer)));
    frames
}

fn receive(key: &Key, frames: Vec<Bytes>) {
    let Ok(message) =
        Unverified::split(frames).and_then(|it| it.verify(key, &mut ReplayGuard::new()))
    else {
        return;
    };
    let _ = Request::read(&message);
    let _ = message.parent_header();
    let _ = reply_type(&message.header.msg_type);
    let outgoing = Outgoing::new("status", Parent::of(&message.raw_header), ());
    let frames = Session::new(key.clone(), "kernel").frames(vec![], outgoing);
    let echo = Unverified::split(frames.unwrap()).and_then(|it| it.verify_once(key));
    let heard: Header = echo.unwrap().parent_header().unwrap();
    assert_eq!(heard, message.header);
}

fuzz_target!(|sent: Sent| {
    let key = Key::new(b"key");
    match sent {
        Sent::Frames(frames) => {
            let frames: Vec<_> = frames.into_iter().map(bytes).collect();
            if let Ok(unverified) = Unverified::split(frames.clone()) {
                assert!(unverified.verify(&key, &mut ReplayGuard::new()).is_err());
            }
            receive(&Key::new(b""), frames);
        }
        Sent::Signed { header, rest } => receive(&key, signed(&key, header, &rest)),
        Sent::Known { msg_type, rest } => {
            let msg_type = TYPES[usize::from(msg_type) % TYPES.len()];
            let header = format!(r#"{{"msg_type":"{msg_type}","msg_id":"1"}}"#);
            receive(&key, signed(&key, header.as_bytes(), &rest));
        }
    }
});
