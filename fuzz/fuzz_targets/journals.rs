//! Journals on a disk that has damaged them: what is read is bounded and in order, and who goes on
//! writing there is read again.
#![no_main]

use std::fs;

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use perilune_journal::{After, Archive, Limits, Message, Page, Query, Store, SystemClock};

#[path = "../memory.rs"]
mod memory;

/// Every message, a page of few bytes after the other.
fn all(read: impl Fn(Query) -> Page) -> Vec<String> {
    let mut ids = Vec::new();
    let mut after = After::Nothing;
    loop {
        let page = read(Query {
            after,
            parent: None,
            bytes: 64,
        });
        assert!(
            page.records
                .is_sorted_by(|one, other| one.sequence < other.sequence)
        );
        assert!(
            page.records
                .iter()
                .all(|record| record.sequence <= page.next)
        );
        ids.extend(
            page.records
                .iter()
                .map(|it| it.message.msg_id().into_owned()),
        );
        if !page.more {
            return ids;
        }
        after = After::Sequence(page.next);
    }
}

fuzz_target!(|files: (Vec<u8>, Vec<u8>)| {
    let home = memory::folder();
    let segment = |number: u64| home.path().join(format!("{number:020}.journal"));
    fs::write(segment(1), &files.0).unwrap();
    fs::write(segment(9), &files.1).unwrap();

    let archive = Archive::open(home.path()).unwrap();
    let before = all(|query| archive.read(query).unwrap());

    let mut store = Store::open(home.path(), Limits::default(), SystemClock::new()).unwrap();
    let message = Message {
        header: Bytes::from_static(br#"{"msg_id":"the new one"}"#),
        parent_header: Bytes::from_static(b"{}"),
        metadata: Bytes::from_static(b"{}"),
        content: Bytes::from_static(b"{}"),
        buffers: Vec::new(),
    };
    store.append([(0, message)]);
    assert_eq!(store.trouble(), None);
    let after = all(|query| store.read(query).unwrap());
    assert_eq!(after.last().map(String::as_str), Some("the new one"));
    assert!(after.len() <= before.len() + 1);
});
