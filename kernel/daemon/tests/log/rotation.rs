use std::fs;

use super::*;

fn of_size(size: u64) -> Limits {
    Limits {
        size,
        files: 1000,
        ..Limits::default()
    }
}

#[test]
fn a_file_ends_with_the_last_line_that_has_room_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kernel.log");
    let log = open(&path, of_size(20));
    for number in 0..5 {
        log.write_line(format!("line {number:03}\n").as_bytes());
    }
    assert_eq!(
        files(&path),
        ["kernel.log", "kernel.log.000001", "kernel.log.000002"]
    );
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(read("kernel.log.000001"), "line 000\nline 001\n");
    assert_eq!(read("kernel.log.000002"), "line 002\nline 003\n");
    assert_eq!(read("kernel.log"), "line 004\n");
}

#[test]
fn a_line_that_is_larger_than_a_file_has_one_to_itself() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kernel.log");
    let log = open(&path, of_size(10));
    let long = "x".repeat(100);
    for line in ["a", &long, "b"] {
        log.write_line(format!("{line}\n").as_bytes());
    }
    assert_eq!(files(&path).len(), 3);
    assert_eq!(lines(&path), ["a", &long, "b"]);
}

#[test]
fn a_file_ends_when_its_first_line_is_too_old() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kernel.log");
    let clock = TestClock::new();
    let log = open_with_clock(&path, Limits::default(), &clock);
    log.write_line(b"monday\n");
    clock.forward(7 * DAY - Duration::from_millis(1));
    log.write_line(b"sunday\n");
    assert_eq!(files(&path), ["kernel.log"]);
    clock.forward(Duration::from_millis(1));
    log.write_line(b"monday again\n");
    assert_eq!(files(&path), ["kernel.log", "kernel.log.000001"]);
    assert_eq!(lines(&path), ["monday", "sunday", "monday again"]);
}

#[test]
fn the_age_of_a_file_goes_on_when_another_process_opens_it() {
    for line in [
        "2024-10-01T00:00:00.000Z INFO  perilune: begun",
        r#"{"timestamp":"2024-10-01T00:00:00.000Z","level":"INFO","target":"perilune","message":"begun","fields":{}}"#,
        "something that a C library said\n2024-10-01T00:00:00.000Z INFO  perilune: begun",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kernel.log");
        fs::write(&path, format!("{line}\n")).unwrap();
        // 20,000 days after the beginning of 1970 it is the 4th of October 2024.
        let clock = TestClock::new();
        let log = open_with_clock(&path, Limits::default(), &clock);
        log.write_line(b"three days old\n");
        assert_eq!(files(&path), ["kernel.log"]);
        clock.forward(4 * DAY);
        log.write_line(b"seven days old\n");
        assert_eq!(files(&path), ["kernel.log", "kernel.log.000001"], "{line}");
    }
}

#[test]
fn a_clock_that_jumps_rotates_once_at_most_and_costs_no_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kernel.log");
    let clock = TestClock::new();
    let log = open_with_clock(&path, Limits::default(), &clock);
    let mut expected = Vec::new();
    let mut write = |line: &str| {
        log.write_line(format!("{line}\n").as_bytes());
        expected.push(line.to_owned());
    };
    write("on time");
    clock.back(10_000 * DAY);
    write("long ago");
    clock.forward(10_000 * DAY);
    write("on time again");
    assert_eq!(files(&path), ["kernel.log", "kernel.log.000001"]);
    clock.back(10_000 * DAY);
    write("long ago again");
    clock.forward(6 * DAY);
    write("six days after long ago");
    assert_eq!(files(&path), ["kernel.log", "kernel.log.000001"]);
    clock.forward(DAY);
    write("a week after long ago");
    assert_eq!(files(&path).len(), 3);
    assert_eq!(lines(&path), expected);
}

#[test]
fn so_many_files_stay_and_the_numbers_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kernel.log");
    let limits = Limits {
        size: 1,
        files: 3,
        ..Limits::default()
    };
    for number in 0..20 {
        open(&path, limits.clone()).write_line(format!("{number}\n").as_bytes());
    }
    let left = [
        "kernel.log",
        "kernel.log.000017",
        "kernel.log.000018",
        "kernel.log.000019",
    ];
    eventually("three files are left", || files(&path) == left);
    assert_eq!(lines(&path), ["16", "17", "18", "19"]);
}

#[test]
fn rotated_files_are_compressed_and_keep_their_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kernel.log");
    let limits = Limits {
        gzip: true,
        ..of_size(20)
    };
    let log = open(&path, limits);
    for number in 0..6 {
        log.write_line(format!("line {number:03}\n").as_bytes());
    }
    let names = ["kernel.log", "kernel.log.000001.gz", "kernel.log.000002.gz"];
    eventually("both are compressed", || files(&path) == names);
    assert_eq!(lines(&path).len(), 6);
    let modified = |name| {
        let metadata = fs::metadata(folder.path().join(name)).unwrap();
        metadata.modified().unwrap()
    };
    assert!(modified(names[1]) <= modified(names[2]));
}

#[test]
fn what_a_crash_left_half_compressed_is_done_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kernel.log");
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    // Killed while it compressed; killed before it removed what was compressed; killed when the
    // file had gone already.
    write("kernel.log.000001", "one\n");
    write("kernel.log.000001.gz.part", "half of it");
    write("kernel.log.000002", "two\n");
    write("kernel.log.000002.gz", "perhaps not whole");
    write("kernel.log.000003.gz.part", "of nothing");
    assert_eq!(lines(&path), ["one", "two"]);
    let limits = Limits {
        gzip: true,
        ..Limits::default()
    };
    let _log = open(&path, limits);
    let names = ["kernel.log", "kernel.log.000001.gz", "kernel.log.000002.gz"];
    eventually("the rest is done", || files(&path) == names);
    assert_eq!(lines(&path), ["one", "two"]);
}

#[test]
fn a_file_that_another_process_still_writes_to_is_not_compressed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kernel.log");
    let limits = Limits {
        gzip: true,
        ..of_size(10)
    };
    let (first, second) = (open(&path, limits.clone()), open(&path, limits));
    first.write_line(b"first 1\n");
    // Rotates; `second` has not seen it.
    first.write_line(b"first 2\n");
    first.write_line(b"first 3\n");
    eventually("the second file is compressed", || {
        files(&path).contains(&"kernel.log.000002.gz".to_owned())
    });
    assert!(files(&path).contains(&"kernel.log.000001".to_owned()));
    second.write_line(b"second\n");
    first.write_line(b"first 4\n");
    eventually("now the first is", || {
        files(&path).contains(&"kernel.log.000001.gz".to_owned())
    });
    let found = lines(&path);
    assert_eq!(
        found,
        ["first 1", "first 2", "first 3", "second", "first 4"]
    );
}
