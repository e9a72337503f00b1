use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::*;

const WRITERS: usize = 8;
const LINES: usize = 4000;

fn limits(gzip: bool) -> Limits {
    Limits {
        size: 20_000,
        files: 10_000,
        gzip,
        ..Limits::default()
    }
}

/// Each of the writers writes its lines, with the number of its last in `log`'s order.
fn write_all(logs: &[LogFile]) {
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let log = &logs[writer % logs.len()];
            scope.spawn(move || {
                for number in 0..LINES {
                    let rest = "x".repeat((writer * 31 + number * 17) % 90);
                    log.write_line(format!("{writer} {number} {rest}|\n").as_bytes());
                }
            });
        }
    });
}

/// Every line is there once and whole, and those of each writer in its order.
fn account_for(lines: &[String]) {
    let mut last = HashMap::<&str, usize>::new();
    for line in lines {
        let parts: Vec<_> = line.split(' ').collect();
        let [writer, number, rest] = parts[..] else {
            panic!("torn: {line}");
        };
        assert!(rest.trim_start_matches('x') == "|", "torn: {line}");
        let next = last.entry(writer).or_default();
        assert_eq!(number, next.to_string(), "of writer {writer}");
        *next += 1;
    }
    assert_eq!(last.len(), WRITERS);
    assert!(last.values().all(|lines| *lines == LINES));
}

#[test]
fn nothing_is_lost_or_torn_when_eight_write_while_it_is_rotated() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kernel.log");
    let logs = [open(&path, limits(false))];
    write_all(&logs);
    assert_eq!(logs[0].lost(), 0);
    assert!(files(&path).len() > 50, "{:?}", files(&path));
    account_for(&lines(&path));
}

#[test]
fn nor_when_it_is_compressed_and_read_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kernel.log");
    let logs = [open(&path, limits(true))];
    let is_over = AtomicBool::new(false);
    let followed = thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut follower = Follower::open(&path).unwrap();
            let mut lines = Vec::new();
            loop {
                // Asked before: what is written later is found then.
                let was_over = is_over.load(Ordering::Acquire);
                match follower.next().unwrap() {
                    Next::Line(line) => lines.push(String::from_utf8(line).unwrap()),
                    Next::Nothing if was_over => return lines,
                    Next::Nothing => thread::yield_now(),
                }
            }
        });
        write_all(&logs);
        is_over.store(true, Ordering::Release);
        reader.join().unwrap()
    });
    account_for(&followed);
    account_for(&lines(&path));
    eventually("all are compressed", || {
        let names = files(&path);
        let plain = names.iter().filter(|name| !name.ends_with(".gz")).count();
        plain == 1
    });
    account_for(&lines(&path));
}

/// Two that opened the file for themselves are as two processes: all that they share is on disk.
#[test]
fn nor_when_two_processes_have_the_same_log() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kernel.log");
    let logs = [open(&path, limits(true)), open(&path, limits(true))];
    write_all(&logs);
    assert_eq!(logs[0].lost() + logs[1].lost(), 0);
    let mut found = lines(&path);
    // A process that has not seen a rotation yet writes at most one more line into the old file,
    // when others have begun the new one; each writer's own lines keep their order.
    account_for(&found);
    found.sort();
    found.dedup();
    assert_eq!(found.len(), WRITERS * LINES);
}
