use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use super::*;
use crate::entry::Session;
use crate::query::SessionChoice;

fn options(place: Place) -> Options {
    Options {
        place,
        limits: Limits::default().shared(),
        session: Session {
            kernel: "lua".to_owned(),
            folder: PathBuf::from("/"),
            started: UNIX_EPOCH,
        },
    }
}

fn history(path: &Path) -> History {
    History::new(options(Place::File(path.to_owned())))
}

fn entry(line: u64, input: &str) -> Entry {
    Entry {
        line,
        time: UNIX_EPOCH,
        input: input.to_owned(),
        output: None,
    }
}

fn all(history: &mut History) -> Vec<(i64, String)> {
    let found = history.select(&Query::default());
    found
        .into_iter()
        .map(|found| (found.session, found.entry.input))
        .collect()
}

fn is(found: Vec<(i64, String)>, wanted: &[(i64, &str)]) {
    let found: Vec<_> = found
        .iter()
        .map(|(at, input)| (*at, input.as_str()))
        .collect();
    assert_eq!(found, wanted);
}

#[test]
fn without_a_file_it_is_kept_in_memory() {
    let mut history = History::new(options(Place::Memory));
    is(all(&mut history), &[]);
    history.add(vec![entry(1, "a")]);
    history.add(vec![entry(2, "b")]);
    is(all(&mut history), &[(1, "a"), (1, "b")]);
}

#[test]
fn in_memory_the_oldest_are_forgotten() {
    let mut history = History::new(options(Place::Memory));
    for line in 1..=1_100 {
        history.add(vec![entry(line, "x")]);
    }
    assert_eq!(all(&mut history).len(), 1_000);
    history.add(vec![entry(2_000, &"x".repeat(3 << 20))]);
    history.add(vec![entry(2_001, &"y".repeat(3 << 20))]);
    let left = all(&mut history);
    assert_eq!(left.len(), 1);
    assert!(left[0].1.starts_with('y'));
}

#[test]
fn what_the_database_does_not_take_is_remembered_and_written_later() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state/history.sqlite");
    let mut other = history(&path);
    other.add(vec![entry(1, "theirs")]);

    // A file stands where the folder was.
    let aside = folder.path().join("aside");
    fs::rename(folder.path().join("state"), &aside).unwrap();
    fs::write(folder.path().join("state"), "").unwrap();
    let mut own = history(&path);
    own.add(vec![entry(1, "a")]);
    own.add(vec![entry(2, "b")]);
    is(all(&mut own), &[(1, "a"), (1, "b")]);

    fs::remove_file(folder.path().join("state")).unwrap();
    fs::rename(&aside, folder.path().join("state")).unwrap();
    own.end();
    is(
        all(&mut history(&path)),
        &[(1, "theirs"), (2, "a"), (2, "b")],
    );
}

#[test]
fn what_is_unsaved_belongs_to_the_same_session_and_comes_last() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.sqlite");
    history(&path).add(vec![entry(1, "theirs")]);
    let mut own = history(&path);
    own.add(vec![entry(1, "a")]);
    own.failed = Some(Instant::now());
    own.add(vec![entry(2, "b"), entry(3, "a")]);
    is(
        all(&mut own),
        &[(1, "theirs"), (2, "a"), (2, "b"), (2, "a")],
    );
    let unique = Query {
        unique: true,
        newest: Some(2),
        ..Query::default()
    };
    let found = own.select(&unique);
    let lines: Vec<_> = found.iter().map(|found| found.entry.line).collect();
    assert_eq!(lines, [2, 3]);
    let current = Query {
        session: Some(SessionChoice::Current),
        lines: Some(2..9),
        ..Query::default()
    };
    assert_eq!(own.select(&current).len(), 2);
}

#[test]
fn a_database_that_was_deleted_begins_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.sqlite");
    let mut own = history(&path);
    own.add(vec![entry(1, "a")]);
    for file in fs::read_dir(folder.path()).unwrap() {
        fs::remove_file(file.unwrap().path()).unwrap();
    }
    own.add(vec![entry(2, "b")]);
    is(all(&mut own), &[(1, "b")]);
    is(all(&mut history(&path)), &[(1, "b")]);
}

#[test]
fn the_limits_hold_from_the_first_entry_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.sqlite");
    history(&path).add((1..=9).map(|line| entry(line, "old")).collect());
    let options = options(Place::File(path));
    options.limits.store(Arc::new(Limits {
        entries: 2,
        ..Limits::default()
    }));
    let mut own = History::new(options);
    own.add(vec![entry(1, "new")]);
    while own.trim() {}
    is(all(&mut own), &[(1, "old"), (2, "new")]);
}

#[test]
fn limits_that_change_hold_from_the_next_entry_on() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(Place::File(folder.path().join("history.sqlite")));
    let limits = options.limits.clone();
    let mut own = History::new(options);
    own.add((1..=9).map(|line| entry(line, "old")).collect());
    while own.trim() {}
    limits.store(Arc::new(Limits {
        entries: 2,
        ..Limits::default()
    }));
    assert_eq!(all(&mut own).len(), 9);
    own.add(vec![entry(10, "new")]);
    while own.trim() {}
    is(all(&mut own), &[(1, "old"), (1, "new")]);
}
