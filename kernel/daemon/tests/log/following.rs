use std::fs;

use super::*;

fn small() -> Limits {
    Limits {
        size: 10,
        files: 100,
        ..Limits::default()
    }
}

fn next(follower: &mut Follower) -> Option<String> {
    match follower.next().unwrap() {
        Next::Line(line) => Some(String::from_utf8(line).unwrap()),
        Next::Nothing => None,
    }
}

#[test]
fn who_follows_reads_on_across_rotations() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kernel.log");
    let mut follower = Follower::open(&path).unwrap();
    assert_eq!(next(&mut follower), None, "there is no log yet");
    let log = open(&path, small());
    for number in 0..50 {
        log.write_line(format!("line {number}\n").as_bytes());
        assert_eq!(next(&mut follower), Some(format!("line {number}")));
        assert_eq!(next(&mut follower), None);
    }
}

#[test]
fn who_has_fallen_behind_misses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kernel.log");
    let log = open(
        &path,
        Limits {
            gzip: true,
            ..small()
        },
    );
    log.write_line(b"line 0\n");
    let mut follower = Follower::open(&path).unwrap();
    assert_eq!(next(&mut follower).unwrap(), "line 0");
    for number in 1..30 {
        log.write_line(format!("line {number}\n").as_bytes());
    }
    eventually("all are compressed", || {
        files(&path).contains(&"kernel.log.000029.gz".to_owned())
    });
    for number in 1..30 {
        assert_eq!(next(&mut follower), Some(format!("line {number}")));
    }
    assert_eq!(next(&mut follower), None);
}

#[test]
fn who_has_fallen_too_far_behind_goes_on_with_the_oldest_that_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kernel.log");
    let limits = Limits {
        files: 2,
        ..small()
    };
    let log = open(&path, limits);
    log.write_line(b"line 0\n");
    let mut follower = Follower::open(&path).unwrap();
    assert_eq!(next(&mut follower).unwrap(), "line 0");
    for number in 1..10 {
        log.write_line(format!("line {number}\n").as_bytes());
    }
    eventually("two are left", || files(&path).len() == 3);
    assert_eq!(next(&mut follower).unwrap(), "line 7");
}

#[test]
fn a_line_comes_when_it_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kernel.log");
    fs::write(&path, "whole\nha").unwrap();
    let mut follower = Follower::open(&path).unwrap();
    assert_eq!(next(&mut follower).unwrap(), "whole");
    assert_eq!(next(&mut follower), None);
    fs::write(&path, "whole\nhalf\nlast").unwrap();
    assert_eq!(next(&mut follower).unwrap(), "half");
    assert_eq!(next(&mut follower), None);
    assert_eq!(follower.take_piece().unwrap(), b"last");
}

#[test]
fn a_compressed_file_that_is_damaged_costs_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kernel.log");
    fs::write(folder.path().join("kernel.log.000001.gz"), "no gzip").unwrap();
    fs::write(&path, "still there\n").unwrap();
    let mut follower = Follower::open(&path).unwrap();
    assert!(follower.next().is_err());
    assert_eq!(next(&mut follower).unwrap(), "still there");
}
