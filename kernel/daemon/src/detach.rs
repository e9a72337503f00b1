use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::path::Path;

use nix::dir::Dir;
use nix::fcntl::{OFlag, open};
use nix::sys::signal::{SigHandler, SigSet, Signal, signal};
use nix::sys::stat::{Mode, umask};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, chdir, close, dup2_stdin, fork, pipe2, setsid};

use crate::error::DaemonError;
use crate::readiness::{News, Readiness};

/// On which side of the fork a caller finds itself.
pub enum Side {
    /// The process that was started by hand; it learns how the daemon fares.
    Starter(News),
    /// The process that lives on.
    Daemon(Readiness),
}

/// Files that the daemon makes are its owner's to write and its group's to read.
const UMASK: Mode = Mode::S_IWGRP.union(Mode::S_IRWXO);

/// Splits this process in two: the one that was started, and a daemon that has no terminal and never
/// gets one (daemon(7), "SysV Daemons").
///
/// The daemon is no session's leader, so that no terminal it opens becomes its own; its working
/// folder is `/`, its umask 027, its standard input /dev/null; no signal is blocked, and none but
/// SIGHUP and SIGPIPE is ignored, whatever the starter inherited. All other descriptors are closed
/// but standard output and error, which are still those of the starter: what goes wrong early is
/// seen there. Whoever has a log puts it in their place, and must, since a shell's pipeline waits
/// for all who hold its end.
///
/// # Errors
///
/// [`DaemonError::System`], in the process that was started only.
///
/// # Safety
///
/// The process must have one thread: the daemon has no other, and what another held stays locked
/// there for ever. Nothing in it may own a descriptor beside the standard three.
pub unsafe fn detach() -> Result<Side, DaemonError> {
    // Else nobody hears of the end of the first child, below.
    // SAFETY: the default runs nobody's code.
    unsafe { signal(Signal::SIGCHLD, SigHandler::SigDfl) }.map_err(system("preparing"))?;
    let (news, readiness) = pipe2(OFlag::O_CLOEXEC).map_err(system("making a pipe to"))?;
    // SAFETY: there is no other thread, as the caller vouches.
    match unsafe { fork() }.map_err(system("starting"))? {
        ForkResult::Parent { child } => {
            drop(readiness);
            let ended = loop {
                match waitpid(child, None) {
                    Err(nix::Error::EINTR) => {}
                    ended => break ended.map_err(system("waiting for"))?,
                }
            };
            match ended {
                WaitStatus::Exited(_, 0) => Ok(Side::Starter(News::new(news))),
                WaitStatus::Exited(_, code) => {
                    Err(system("detaching")(io::Error::from_raw_os_error(code)))
                }
                _ => Err(system("detaching")(io::Error::other("it was killed"))),
            }
        }
        ForkResult::Child => {
            drop(news);
            match leave_session(&readiness) {
                Ok(()) => {}
                Err(error) => exit(error as i32),
            }
            // SAFETY: the child of a process with one thread has one thread.
            match unsafe { fork() } {
                Ok(ForkResult::Parent { .. }) => exit(0),
                Ok(ForkResult::Child) => Ok(Side::Daemon(Readiness::new(readiness))),
                Err(error) => exit(error as i32),
            }
        }
    }
}

fn system<E: Into<io::Error>>(what: &'static str) -> impl FnOnce(E) -> DaemonError {
    DaemonError::system(what, Path::new("the daemon"))
}

fn leave_session(readiness: &OwnedFd) -> nix::Result<()> {
    setsid()?;
    forget_signals()?;
    chdir("/")?;
    umask(UMASK);
    close_all_but(readiness.as_raw_fd())?;
    let null = open(
        "/dev/null",
        OFlag::O_RDONLY | OFlag::O_CLOEXEC,
        Mode::empty(),
    )?;
    dup2_stdin(null.as_fd())
}

/// What was blocked or ignored by whoever started us: a shell ignores SIGINT for what it runs in the
/// background, and who ignores SIGCHLD never hears of its children's end.
fn forget_signals() -> nix::Result<()> {
    for known in Signal::iterator() {
        let handler = match known {
            // The end of the session's leader, which comes in a moment, is a hang-up for all in it.
            Signal::SIGHUP => SigHandler::SigIgn,
            // Nobody can handle the first two; Rust's runtime sees to the others from its start.
            Signal::SIGKILL
            | Signal::SIGSTOP
            | Signal::SIGPIPE
            | Signal::SIGSEGV
            | Signal::SIGBUS => continue,
            _ => SigHandler::SigDfl,
        };
        // SAFETY: neither to ignore a signal nor its default runs anybody's code.
        unsafe { signal(known, handler) }?;
    }
    SigSet::empty().thread_set_mask()
}

/// Closes what whoever started us left open. Not by `close_range(2)`, which sandboxes that do not
/// know it refuse.
fn close_all_but(kept: RawFd) -> nix::Result<()> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let mut folder = Dir::open("/dev/fd", flags, Mode::empty())?;
    let own = folder.as_fd().as_raw_fd();
    let mut leaked = Vec::new();
    for entry in folder.iter() {
        let name = entry?
            .file_name()
            .to_str()
            .ok()
            .and_then(|name| name.parse::<RawFd>().ok());
        leaked.extend(name.filter(|fd| *fd > 2 && *fd != own && *fd != kept));
    }
    for fd in leaked {
        // It is closed even when the system has something to say about it.
        let _ = close(fd);
    }
    Ok(())
}

/// Ends the process between two forks, without running what the starter will run at its own end.
fn exit(code: i32) -> ! {
    // SAFETY: it does not return, and touches nothing of this process's.
    unsafe { nix::libc::_exit(code) }
}
