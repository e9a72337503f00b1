//! The log: files that are rotated, and lines that are lines.
#![allow(clippy::unwrap_used, reason = "tests")]

mod files;
mod following;
mod lines;
mod load;
mod rotation;

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use perilune_daemon::log::{Clock, Follower, Limits, LogFile, Next};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A clock that a test sets.
#[derive(Clone)]
struct TestClock(Arc<Mutex<SystemTime>>);

impl TestClock {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(SystemTime::UNIX_EPOCH + 20_000 * DAY)))
    }

    fn forward(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }

    fn back(&self, by: Duration) {
        *self.0.lock().unwrap() -= by;
    }
}

impl Clock for TestClock {
    fn now(&self) -> SystemTime {
        *self.0.lock().unwrap()
    }
}

fn open(path: &Path, limits: Limits) -> LogFile {
    LogFile::open(path, limits, |lines| format!("{lines} lost\n").into_bytes()).unwrap()
}

fn open_with_clock(path: &Path, limits: Limits, clock: &TestClock) -> LogFile {
    let notice = |lines| format!("{lines} lost\n").into_bytes();
    LogFile::open_with_clock(path, limits, notice, clock.clone()).unwrap()
}

/// All that is in a log now.
fn lines(path: &Path) -> Vec<String> {
    let mut follower = Follower::open(path).unwrap();
    let mut lines = Vec::new();
    while let Next::Line(line) = follower.next().unwrap() {
        lines.push(String::from_utf8(line).unwrap());
    }
    lines
}

/// The names of the files beside a log, sorted.
fn files(path: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(path.parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Waits for something that another thread does.
fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(std::time::Instant::now() < deadline, "{what}");
        std::thread::yield_now();
    }
}
