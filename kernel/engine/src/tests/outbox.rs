use std::time::{Duration, Instant};

use perilune_language::Stream;
use perilune_wire::Parent;

use crate::outbox::{ITEM, Item, MOST_BYTES, Outbox, Place};

fn text(item: Option<Item>) -> String {
    match item {
        Some(Item::Text { bytes, .. }) => String::from_utf8(bytes).unwrap(),
        _ => panic!("no text"),
    }
}

#[test]
fn text_of_one_stream_is_joined_and_the_order_of_streams_is_kept() {
    let outbox = Outbox::new();
    for (stream, bytes) in [
        (Stream::Stdout, "a"),
        (Stream::Stdout, "b"),
        (Stream::Stderr, "c"),
        (Stream::Stdout, "d"),
    ] {
        outbox.push_text(stream, bytes.as_bytes());
    }
    let mut items = outbox.take();
    assert_eq!(items.len(), 3);
    assert_eq!(text(items.pop_front()), "ab");
    assert_eq!(text(items.pop_front()), "c");
    assert_eq!(text(items.pop_front()), "d");
}

#[test]
fn text_of_two_turns_is_never_joined() {
    let outbox = Outbox::new();
    outbox.push_text(Stream::Stdout, b"a");
    outbox.begin_turn(&Parent::none(), Place::Request);
    outbox.push_text(Stream::Stdout, b"b");
    assert_eq!(outbox.take().len(), 2);
}

#[test]
fn what_a_silent_turn_prints_is_dropped() {
    let outbox = Outbox::new();
    outbox.begin_turn(&Parent::none(), Place::Nowhere);
    outbox.push_text(Stream::Stdout, b"a");
    assert!(outbox.take().is_empty());
    assert!(outbox.audience().is_none());
}

#[tokio::test]
async fn text_waits_for_its_time_and_anything_else_does_not() {
    let outbox = Outbox::new();
    let later = Instant::now() + Duration::from_secs(3600);
    outbox.push_text(Stream::Stdout, b"a");
    let early = tokio::time::timeout(Duration::from_millis(5), outbox.filled(later)).await;
    assert!(early.is_err());
    outbox.push(Item::EndOfText);
    outbox.filled(later).await;
    assert_eq!(outbox.take().len(), 2);
}

#[test]
fn many_small_items_fill_it_too() {
    let outbox = std::sync::Arc::new(Outbox::new());
    let writer = std::thread::spawn({
        let outbox = outbox.clone();
        move || {
            for _ in 0..100_000 {
                outbox.push_text(Stream::Stdout, b"o");
                outbox.push_text(Stream::Stderr, b"e");
            }
        }
    });
    let mut taken = 0;
    while taken < 200_000 {
        let items = outbox.take().len();
        assert!(items <= MOST_BYTES / ITEM + 1, "{items}");
        taken += items;
        std::thread::yield_now();
    }
    writer.join().unwrap();
}

#[test]
fn a_full_outbox_makes_its_writer_wait_and_closing_it_lets_the_writer_go() {
    let outbox = std::sync::Arc::new(Outbox::new());
    outbox.push_text(Stream::Stdout, &vec![b'x'; MOST_BYTES + 1]);
    let (sent, done) = std::sync::mpsc::channel();
    let writer = std::thread::spawn({
        let outbox = outbox.clone();
        move || {
            outbox.push_text(Stream::Stdout, b"y");
            sent.send(()).unwrap();
        }
    });
    assert!(done.recv_timeout(Duration::from_millis(20)).is_err());
    outbox.close();
    done.recv_timeout(Duration::from_secs(10)).unwrap();
    writer.join().unwrap();
}
