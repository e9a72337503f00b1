//! A process that C code forks shares the handlers of the one it came from, and is another.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::io::{self, Read};
use std::os::fd::{AsFd, AsRawFd};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, fork};
use perilune_daemon::log::{Style, report_crashes};

#[test]
fn the_crash_of_a_forked_process_is_not_said_of_the_one_it_came_from() {
    let (mut heard, log) = io::pipe().unwrap();
    fcntl(heard.as_fd(), FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).unwrap();
    let last_words = |_: &mut [u8], take: &mut dyn FnMut(&[u8])| take(b"not the child's to take\n");
    report_crashes(vec![log.as_raw_fd()], Style::default(), last_words);
    // SAFETY: the child does nothing but abort, which any process may.
    let child = match unsafe { fork() }.unwrap() {
        ForkResult::Child => std::process::abort(),
        ForkResult::Parent { child } => child,
    };
    let ended = waitpid(child, None).unwrap();
    assert!(
        matches!(ended, WaitStatus::Signaled(_, Signal::SIGABRT, _)),
        "{ended:?}"
    );
    let said = heard.read(&mut [0; 64]).map_err(|error| error.kind());
    assert_eq!(said, Err(io::ErrorKind::WouldBlock));
}
