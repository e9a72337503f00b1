//! A log on a disk that is full. The limit on a file's size stands for it, which writes as much as
//! there is room for and then nothing, as a disk does; it is the process's, so this is a test alone.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{SigHandler, Signal, signal};
use perilune_daemon::log::{Limits, LogFile};

#[test]
fn lines_that_have_no_room_are_counted_and_told_of_and_none_is_torn() {
    // SAFETY: to ignore a signal runs nobody's code.
    unsafe { signal(Signal::SIGXFSZ, SigHandler::SigIgn) }.unwrap();
    let (_, hard) = getrlimit(Resource::RLIMIT_FSIZE).unwrap();
    let room = |bytes| setrlimit(Resource::RLIMIT_FSIZE, bytes, hard).unwrap();

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kernel.log");
    let notice = |lines| format!("{lines} lost\n").into_bytes();
    let log = LogFile::open(&path, Limits::default(), notice).unwrap();
    room(30);
    for number in 0..5 {
        // The fourth has room for three of its bytes.
        log.write_line(format!("line {number:03}\n").as_bytes());
    }
    assert_eq!(log.lost(), 2);
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        "line 000\nline 001\nline 002\n"
    );
    room(hard);
    log.write_line(b"line 005\n");
    log.write_line(b"line 006\n");
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        "line 000\nline 001\nline 002\n2 lost\nline 005\nline 006\n"
    );
    assert_eq!(log.lost(), 2);
}
