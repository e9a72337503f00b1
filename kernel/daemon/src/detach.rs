use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use nix::fcntl::{OFlag, open};
use nix::sys::signal::{SigHandler, Signal, signal};
use nix::sys::stat::{Mode, umask};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, chdir, dup2_stdin, fork, pipe2, setsid};

use crate::error::DaemonError;

/// On which side of the fork a caller finds itself.
pub enum Side {
    /// The process that was started by hand; it learns how the daemon fares.
    Starter(News),
    /// The process that lives on.
    Daemon(Readiness),
}

/// The daemon's end of the pipe to whoever started it.
#[derive(Debug)]
pub struct Readiness(File);

/// The starter's end of the pipe from the daemon.
#[derive(Debug)]
pub struct News(File);

/// How a start went.
#[derive(Debug, PartialEq, Eq)]
pub enum Start {
    /// The daemon serves, and says this of itself.
    Ready(String),
    /// The daemon could not start, for this reason.
    Failed(String),
    /// The daemon ended without a word.
    Silent,
}

const READY: u8 = b'+';
const FAILED: u8 = b'-';
/// Files that the daemon makes are its owner's to write and its group's to read.
const UMASK: Mode = Mode::S_IWGRP.union(Mode::S_IRWXO);

/// Splits this process in two: the one that was started, and a daemon that has no terminal and never
/// gets one (daemon(7), "SysV Daemons").
///
/// The daemon is no session's leader, so that no terminal it opens becomes its own; its working
/// folder is `/`, its umask 027, its standard input /dev/null; SIGHUP is ignored. Its standard output
/// and error are those of the starter: whoever has a log puts it in their place, and must, since a
/// shell's pipeline waits for all who hold its end.
///
/// # Errors
///
/// [`DaemonError::System`], in the process that was started only.
///
/// # Safety
///
/// The process must have one thread: the daemon has no other, and what another held stays locked
/// there for ever.
pub unsafe fn detach() -> Result<Side, DaemonError> {
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
                WaitStatus::Exited(_, 0) => Ok(Side::Starter(News(news.into()))),
                WaitStatus::Exited(_, code) => {
                    Err(system("detaching")(io::Error::from_raw_os_error(code)))
                }
                _ => Err(system("detaching")(io::Error::other("it was killed"))),
            }
        }
        ForkResult::Child => {
            drop(news);
            match leave_session() {
                Ok(()) => {}
                Err(error) => exit(error as i32),
            }
            // SAFETY: the child of a process with one thread has one thread.
            match unsafe { fork() } {
                Ok(ForkResult::Parent { .. }) => exit(0),
                Ok(ForkResult::Child) => {
                    // What is left here is the same for every process, and does not fail.
                    umask(UMASK);
                    Ok(Side::Daemon(Readiness(readiness.into())))
                }
                Err(error) => exit(error as i32),
            }
        }
    }
}

fn system<E: Into<io::Error>>(what: &'static str) -> impl FnOnce(E) -> DaemonError {
    DaemonError::system(what, Path::new("the daemon"))
}

fn leave_session() -> nix::Result<()> {
    setsid()?;
    // The end of the session's leader, which comes in a moment, is a hang-up for all in it.
    // SAFETY: to ignore a signal runs nobody's code.
    unsafe { signal(Signal::SIGHUP, SigHandler::SigIgn) }?;
    chdir("/")?;
    let null: OwnedFd = open("/dev/null", OFlag::O_RDONLY, Mode::empty())?;
    dup2_stdin(null.as_fd())
}

/// Ends the process between two forks, without running what the starter will run at its own end.
fn exit(code: i32) -> ! {
    // SAFETY: it does not return, and touches nothing of this process's.
    unsafe { nix::libc::_exit(code) }
}

impl Readiness {
    /// Tells the starter that all is well, and a line about it. Who started us may have gone since.
    pub fn ready(self, about: &str) {
        self.tell(READY, about);
    }

    /// Tells the starter why it could not be done.
    pub fn failed(self, why: &str) {
        self.tell(FAILED, why);
    }

    fn tell(mut self, kind: u8, text: &str) {
        let message = [&[kind], text.as_bytes()].concat();
        let _ = self.0.write_all(&message);
    }
}

impl News {
    /// Waits until the daemon has said how it fares, or has ended.
    ///
    /// # Errors
    ///
    /// When the pipe cannot be read.
    pub fn wait(mut self) -> io::Result<Start> {
        let mut message = Vec::new();
        self.0.read_to_end(&mut message)?;
        let text = |rest: &[u8]| String::from_utf8_lossy(rest).into_owned();
        Ok(match message.split_first() {
            Some((&READY, rest)) => Start::Ready(text(rest)),
            Some((_, rest)) => Start::Failed(text(rest)),
            None => Start::Silent,
        })
    }
}
