//! Child processes that can be stopped.

use std::collections::HashMap;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use libc::FILE;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use perilune_language::Interrupt;

use crate::context::Context;

/// The children of `io.popen`, by their file.
#[derive(Debug, Default)]
pub(crate) struct Children(pub(super) HashMap<*mut FILE, Child>);

impl Children {
    /// Signals all of them, as a terminal does when somebody types Ctrl-C.
    pub(crate) fn interrupt(&self) {
        for child in self.0.values() {
            signal_group(child, Signal::SIGINT);
        }
    }
}

impl Drop for Children {
    fn drop(&mut self) {
        for child in self.0.values_mut() {
            signal_group(child, Signal::SIGKILL);
            let _ = child.wait();
        }
    }
}

/// A shell in a process group of its own, so that all of it can be signalled.
pub(super) fn shell(command: &std::ffi::OsStr) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell
        .arg("-c")
        .arg(command)
        .process_group(0)
        .stdin(Stdio::null());
    shell
}

/// How a child ended.
pub(crate) enum Ended {
    /// By itself.
    Itself(ExitStatus),
    /// By our signal, since somebody interrupted the cell.
    Interrupted,
}

/// Runs a command as `os.execute` does.
pub(crate) fn run_shell(context: &Context, command: &std::ffi::OsStr) -> io::Result<Ended> {
    context.expect_foreign_output();
    let mut child = shell(command).spawn()?;
    wait(&mut child, &context.interrupt)
}

/// Waits for a child, or ends it when the interrupt is raised.
pub(super) fn wait(child: &mut Child, interrupt: &Interrupt) -> io::Result<Ended> {
    if let Some(status) = wait_until(child, interrupt)? {
        return Ok(Ended::Itself(status));
    }
    end(child, &[Signal::SIGINT, Signal::SIGTERM])
}

/// Ends a child and its own children, gently at first.
pub(super) fn end(child: &mut Child, signals: &[Signal]) -> io::Result<Ended> {
    for signal in signals {
        signal_group(child, *signal);
        for _ in 0..GRACE.as_millis() / LONGEST_NAP.as_millis() {
            if child.try_wait()?.is_some() {
                break;
            }
            std::thread::sleep(LONGEST_NAP);
        }
    }
    signal_group(child, Signal::SIGKILL);
    child.wait()?;
    Ok(Ended::Interrupted)
}

/// How long a child may take to end itself after a signal.
const GRACE: Duration = Duration::from_millis(300);
/// How often a child is looked after.
const LONGEST_NAP: Duration = Duration::from_millis(4);

/// The child's end, or nothing if the interrupt came first.
fn wait_until(child: &mut Child, interrupt: &Interrupt) -> io::Result<Option<ExitStatus>> {
    let mut nap = Duration::from_micros(500);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if pause(interrupt, nap) {
            return Ok(None);
        }
        nap = (nap * 2).min(LONGEST_NAP);
    }
}

/// Sleeps until the interrupt is raised, and tells whether it is.
pub(crate) fn pause(interrupt: &Interrupt, time: Duration) -> bool {
    let waiter = interrupt.waiter();
    let mut descriptors = [PollFd::new(waiter.as_fd(), PollFlags::POLLIN)];
    let milliseconds = u32::try_from(time.as_micros().div_ceil(1000)).unwrap_or(u32::MAX);
    let timeout = PollTimeout::try_from(milliseconds).unwrap_or(PollTimeout::MAX);
    // Interrupted by a signal or not: the flag tells.
    let _ = poll(&mut descriptors, timeout);
    interrupt.is_raised()
}

fn signal_group(child: &Child, signal: Signal) {
    if let Ok(id) = i32::try_from(child.id()) {
        // The group is gone if all of it has ended.
        let _ = killpg(Pid::from_raw(id), signal);
    }
}

/// What Lua returns for a process that has ended: whether it succeeded, how it ended, its code.
pub(super) fn verdict(status: ExitStatus) -> (bool, &'static std::ffi::CStr, i32) {
    match status.signal() {
        Some(signal) => (false, c"signal", signal),
        None => {
            let code = status.code().unwrap_or(-1);
            (code == 0, c"exit", code)
        }
    }
}
