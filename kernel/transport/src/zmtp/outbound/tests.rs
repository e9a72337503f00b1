use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, duplex};
use tokio::time::timeout;

use super::*;

const SOON: Duration = Duration::from_secs(10);

fn encoded(frames: &[Bytes]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (index, frame) in frames.iter().enumerate() {
        bytes.extend(EncodedHeader::message(frame.len(), index + 1 < frames.len()).as_bytes());
        bytes.extend(frame);
    }
    bytes
}

#[tokio::test]
async fn small_and_large_frames_leave_in_the_order_they_were_put_in() {
    let outbound = Arc::new(Outbound::new());
    let mut expected = Vec::new();
    for round in 0..50_usize {
        let lengths = [round, COPIED, COPIED + 1, 0, 3 * BATCH / (round + 1)];
        let frames: Vec<Bytes> = lengths
            .iter()
            .map(|length| Bytes::from(vec![round as u8; *length]))
            .collect();
        outbound.push(&frames);
        expected.extend(encoded(&frames));
    }
    assert_eq!(outbound.queued(), expected.len());
    outbound.finish();
    // A narrow pipe, so that every write is a partial one.
    let (mut ours, mut theirs) = duplex(1000);
    let writing = tokio::spawn(async move { outbound.write_to(&mut ours).await });
    let mut arrived = Vec::new();
    timeout(SOON, theirs.read_to_end(&mut arrived))
        .await
        .unwrap()
        .unwrap();
    writing.await.unwrap().unwrap();
    assert!(arrived == expected);
}

#[tokio::test]
async fn a_waiting_writer_is_woken_by_what_comes_later() {
    let outbound = Arc::new(Outbound::new());
    let (mut ours, mut theirs) = duplex(1000);
    let writing = tokio::spawn({
        let outbound = outbound.clone();
        async move { outbound.write_to(&mut ours).await }
    });
    for word in ["one", "two"] {
        outbound.push(&[Bytes::from_static(word.as_bytes())]);
        let mut arrived = [0; 5];
        timeout(SOON, theirs.read_exact(&mut arrived))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(&arrived[2..], word.as_bytes());
    }
    outbound.finish();
    timeout(SOON, outbound.over()).await.unwrap();
    writing.await.unwrap().unwrap();
}

#[tokio::test]
async fn cutting_off_ends_a_writer_that_is_stuck() {
    let outbound = Arc::new(Outbound::new());
    outbound.push(&[Bytes::from(vec![0; 10_000])]);
    let (mut ours, _theirs) = duplex(10);
    let writing = tokio::spawn({
        let outbound = outbound.clone();
        async move { outbound.write_to(&mut ours).await }
    });
    tokio::task::yield_now().await;
    outbound.cut();
    let end = timeout(SOON, writing).await.unwrap().unwrap();
    assert_eq!(end.unwrap_err().kind(), io::ErrorKind::ConnectionAborted);
    assert_eq!(outbound.queued(), 0);
    timeout(SOON, outbound.over()).await.unwrap();
}

#[tokio::test]
async fn an_empty_queue_keeps_little_memory() {
    let outbound = Outbound::new();
    for _ in 0..10_000 {
        outbound.push(&[Bytes::from(vec![0; 1000]), Bytes::from(vec![0; 5000])]);
    }
    let mut sink = tokio::io::sink();
    outbound.drain_to(&mut sink).await.unwrap();
    let state = outbound.state();
    assert_eq!(state.queued, 0);
    assert!(state.tail.capacity() <= KEPT);
    assert!(state.pieces.capacity() <= PIECES);
}
