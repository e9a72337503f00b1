use std::fs;
use std::io::Write;
use std::os::fd::AsFd;
use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;

fn refusal(path: &Path) -> String {
    let error = LogFile::open(path, Limits::default(), |_| Vec::new()).unwrap_err();
    error.to_string()
}

#[test]
fn a_log_is_its_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kernel.log");
    let limits = Limits {
        size: 1,
        gzip: true,
        ..Limits::default()
    };
    let log = open(&path, limits);
    for line in ["a\n", "b\n", "c\n"] {
        log.write_line(line.as_bytes());
    }
    eventually("all are compressed", || {
        files(&path) == ["kernel.log", "kernel.log.000001.gz", "kernel.log.000002.gz"]
    });
    for name in files(&path) {
        let metadata = fs::metadata(folder.path().join(&name)).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600, "{name}");
    }
}

#[test]
fn links_are_not_followed_nor_written_through() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("precious");
    fs::write(&target, "precious").unwrap();
    let path = folder.path().join("kernel.log");
    symlink(&target, &path).unwrap();
    assert!(refusal(&path).contains("it is a link"));
    fs::remove_file(&path).unwrap();
    fs::hard_link(&target, &path).unwrap();
    assert!(refusal(&path).contains("it has another name too"));
    assert_eq!(fs::read_to_string(target).unwrap(), "precious");
}

#[test]
fn a_link_that_is_put_in_the_logs_place_is_not_followed_either() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("precious");
    fs::write(&target, "precious").unwrap();
    let path = folder.path().join("kernel.log");
    let log = open(&path, Limits::default());
    log.write_line(b"before\n");
    fs::rename(&path, folder.path().join("moved")).unwrap();
    symlink(&target, &path).unwrap();
    log.write_line(b"after\n");
    assert_eq!(fs::read_to_string(target).unwrap(), "precious");
    let moved = fs::read_to_string(folder.path().join("moved")).unwrap();
    assert_eq!(moved, "before\nafter\n", "it goes on where it was");
}

#[test]
fn what_is_no_file_of_ours_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kernel.log");
    fs::create_dir(&path).unwrap();
    assert!(refusal(&path).contains("it is a folder"));
    fs::remove_dir(&path).unwrap();
    nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
    assert!(refusal(&path).contains("cannot be a log"));
    fs::remove_file(&path).unwrap();
    fs::write(&path, "").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    assert!(refusal(&path).contains("others may write to it"));
    assert!(refusal(Path::new("/dev/null")).contains("it is no plain file"));
    assert!(refusal(&folder.path().join("none/kernel.log")).contains("none"));
}

#[test]
fn a_file_that_was_moved_away_is_begun_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kernel.log");
    let log = open(&path, Limits::default());
    log.write_line(b"before\n");
    fs::rename(&path, folder.path().join("kernel.log-20241004")).unwrap();
    log.write_line(b"after\n");
    assert_eq!(fs::read_to_string(&path).unwrap(), "after\n");
    assert_eq!(log.lost(), 0);
}

#[test]
fn a_piece_that_was_left_at_the_end_takes_no_line_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kernel.log");
    fs::write(&path, "whole\nhal").unwrap();
    open(&path, Limits::default()).write_line(b"next\n");
    assert_eq!(lines(&path), ["whole", "hal", "next"]);
}

#[test]
fn a_descriptor_that_is_led_here_leads_into_the_new_file_after_a_rotation() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kernel.log");
    let limits = Limits {
        size: 10,
        ..Limits::default()
    };
    let log = open(&path, limits);
    let standard: &'static fs::File = Box::leak(Box::new(
        fs::File::create(folder.path().join("terminal")).unwrap(),
    ));
    log.lead(standard.as_fd()).unwrap();
    writeln!(&*standard, "raw 1").unwrap();
    log.write_line(b"line 1\n");
    writeln!(&*standard, "raw 2").unwrap();
    let number = log.descriptor();
    log.write_line(b"line 2\n");
    assert_eq!(log.descriptor(), number);
    assert_eq!(lines(&path), ["raw 1", "line 1", "raw 2", "line 2"]);
    assert!(files(&path).len() > 2);
    assert_eq!(fs::read(folder.path().join("terminal")).unwrap(), b"");
}
