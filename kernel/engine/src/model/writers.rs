//! The outbox: whoever writes beside the I/O thread, which takes.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::Bytes;
use perilune_language::Stream;
use perilune_transport::Weight;
use perilune_wire::Parent;
use shuttle::future::block_on;
use shuttle::sync::{Arc, Mutex};
use shuttle::thread;
use tokio::sync::oneshot;

use super::explore;
use super::outbox::{Item, MOST_BYTES, Outbox};

static MORE_THAN_FITS: [u8; MOST_BYTES + 1] = [0; MOST_BYTES + 1];

fn display(bytes: &'static [u8]) -> Item {
    Item::Iopub {
        parent: Parent::none(),
        frames: vec![Bytes::from_static(bytes)],
        weight: Weight::Output,
    }
}

/// Sends a fence; `false` when the outbox will never come to it.
fn fence(outbox: &Outbox) -> bool {
    let (passed, barrier) = oneshot::channel();
    outbox.push(Item::Barrier(passed));
    block_on(barrier).is_ok()
}

/// What was taken: text as it is, each byte of a display doubled.
#[derive(Default)]
struct Taken(Mutex<Vec<u8>>);

impl Taken {
    /// What came of one writer, who uses these letters.
    fn of(&self, letters: &[u8]) -> Vec<u8> {
        let taken = self.0.lock().unwrap();
        taken
            .iter()
            .copied()
            .filter(|byte| letters.contains(byte))
            .collect()
    }

    /// Takes as the I/O thread does, until so many fences were passed.
    fn until_fences(&self, outbox: &Outbox, mut fences: usize, text_from: Instant) {
        while fences > 0 {
            block_on(outbox.filled(text_from));
            fences -= self.add(outbox.take());
        }
    }

    fn add(&self, items: VecDeque<Item>) -> usize {
        let mut fences = 0;
        for item in items {
            match item {
                Item::Text { bytes, .. } => self.0.lock().unwrap().extend(bytes),
                Item::Iopub { frames, .. } => {
                    let bytes = frames.concat();
                    let doubled = bytes.iter().take(9).flat_map(|byte| [*byte, *byte]);
                    self.0.lock().unwrap().extend(doubled);
                }
                Item::Barrier(passed) => {
                    fences += 1;
                    passed.send(()).unwrap();
                }
                Item::EndOfText
                | Item::Reply { .. }
                | Item::Completed { .. }
                | Item::Errand { .. }
                | Item::Answer { .. }
                | Item::Debugged { .. }
                | Item::Interrupt
                | Item::Exit { .. } => {}
            }
        }
        fences
    }
}

/// Two writers, each with a fence at the end, and a taker who wants text not before `text_from`.
fn two_writers(text_from: Instant) {
    let outbox = Arc::new(Outbox::new());
    let taken = Arc::new(Taken::default());
    let cell = thread::spawn({
        let (outbox, taken) = (outbox.clone(), taken.clone());
        move || {
            outbox.push_text(Stream::Stdout, b"ab");
            outbox.push_text(Stream::Stderr, b"c");
            outbox.push(display(b"d"));
            outbox.push_text(Stream::Stdout, b"e");
            assert!(fence(&outbox));
            assert_eq!(taken.of(b"abcde"), b"abcdde", "all before the fence");
        }
    });
    let capture = thread::spawn({
        let (outbox, taken) = (outbox.clone(), taken.clone());
        move || {
            outbox.push_text(Stream::Stdout, b"x");
            outbox.push_text(Stream::Stdout, b"y");
            outbox.push_text(Stream::Stderr, b"z");
            assert!(fence(&outbox));
            assert_eq!(taken.of(b"xyz"), b"xyz", "all before the fence");
        }
    });
    taken.until_fences(&outbox, 2, text_from);
    cell.join().unwrap();
    capture.join().unwrap();
}

#[test]
fn every_byte_is_taken_in_its_writers_order_and_before_the_fence() {
    explore(500, || two_writers(Instant::now()));
}

#[test]
fn a_fence_does_not_wait_for_the_time_of_text() {
    explore(500, || {
        two_writers(Instant::now() + Duration::from_secs(3600))
    });
}

#[test]
fn text_alone_is_noticed_once_its_time_has_come() {
    explore(500, || {
        let outbox = Arc::new(Outbox::new());
        let taken = Arc::new(Taken::default());
        let now = Instant::now();
        let writer = thread::spawn({
            let outbox = outbox.clone();
            move || {
                for text in [b"a", b"b", b"c"] {
                    outbox.push_text(Stream::Stdout, text);
                    thread::yield_now();
                }
            }
        });
        while taken.of(b"abc") != b"abc" {
            block_on(outbox.filled(now));
            taken.add(outbox.take());
        }
        writer.join().unwrap();
    });
}

#[test]
fn a_writer_for_whom_there_is_no_room_waits_and_goes_on() {
    explore(100, || {
        let outbox = Arc::new(Outbox::new());
        let taken = Arc::new(Taken::default());
        let writers: Vec<_> = (0..2)
            .map(|_| {
                let outbox = outbox.clone();
                thread::spawn(move || {
                    outbox.push(display(&MORE_THAN_FITS));
                    outbox.push_text(Stream::Stdout, b"a");
                    assert!(fence(&outbox));
                })
            })
            .collect();
        taken.until_fences(&outbox, 2, Instant::now());
        assert_eq!(taken.of(b"a"), b"aa");
        for writer in writers {
            writer.join().unwrap();
        }
    });
}

#[test]
fn a_full_outbox_is_emptied_whatever_fills_it() {
    // Lines by turns on both streams, none of them long enough to be sent at once by itself.
    static LINE: [u8; 64 << 10] = [b'a'; 64 << 10];
    explore(5, || {
        let outbox = Arc::new(Outbox::new());
        let taken = Arc::new(Taken::default());
        let writer = thread::spawn({
            let outbox = outbox.clone();
            move || {
                for _ in 0..=MOST_BYTES / LINE.len() / 2 + 1 {
                    outbox.push_text(Stream::Stdout, &LINE);
                    outbox.push_text(Stream::Stderr, &LINE);
                }
                assert!(fence(&outbox));
            }
        });
        taken.until_fences(&outbox, 1, Instant::now() + Duration::from_secs(3600));
        writer.join().unwrap();
    });
}

#[test]
fn who_waits_for_room_or_at_a_fence_is_let_go_when_the_outbox_closes() {
    explore(500, || {
        let outbox = Arc::new(Outbox::new());
        let writers = [false, true].map(|fills| {
            let outbox = outbox.clone();
            thread::spawn(move || {
                if fills {
                    outbox.push(display(&MORE_THAN_FITS));
                }
                outbox.push_text(Stream::Stdout, b"a");
                fence(&outbox)
            })
        });
        outbox.close();
        for writer in writers {
            assert!(!writer.join().unwrap(), "nobody was there to pass it");
        }
    });
}
