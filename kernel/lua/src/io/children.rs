//! Child processes that can be stopped.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
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

/// A program in a process group of its own, so that all of it can be signalled, and with nothing
/// to read.
pub(crate) fn program(name: &str) -> Command {
    let mut program = Command::new(name);
    program.process_group(0).stdin(Stdio::null());
    program
}

/// A shell with a command.
pub(super) fn shell(command: &OsStr) -> Command {
    let mut shell = program("/bin/sh");
    shell.arg("-c").arg(command);
    shell
}

/// A shell with a command that has parameters: `$1`, `$2`, ...
pub(crate) fn shell_with(command: &str, parameters: &[String]) -> Command {
    let mut shell = shell(OsStr::new(command));
    shell.arg("sh").args(parameters);
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
pub(crate) fn run_shell(context: &Context, command: &OsStr) -> io::Result<Ended> {
    context.expect_foreign_output();
    let mut child = shell(command).spawn()?;
    wait(&mut child, &context.interrupt)
}

/// More than this of a child's output, in bytes, is not collected.
const MOST_COLLECTED: usize = 256 << 20;

/// Runs a command to its end, and returns what it wrote to its standard output.
///
/// # Errors
///
/// When the command cannot be run, or writes more than 256 MiB. It does not run any more then.
pub(crate) fn output_of(
    command: &mut Command,
    interrupt: &Interrupt,
) -> io::Result<(Vec<u8>, Ended)> {
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let collected = match child.stdout.take() {
        Some(pipe) => collect(pipe, interrupt),
        None => Ok(Some(Vec::new())),
    };
    match collected {
        Ok(Some(output)) => Ok((output, wait(&mut child, interrupt)?)),
        Ok(None) => Ok((Vec::new(), end(&mut child, &GENTLY)?)),
        Err(error) => {
            end(&mut child, &GENTLY)?;
            Err(error)
        }
    }
}

/// All that comes out of a pipe, or nothing if the interrupt came first.
fn collect(mut pipe: ChildStdout, interrupt: &Interrupt) -> io::Result<Option<Vec<u8>>> {
    let mut output = Vec::new();
    let mut room = vec![0; 64 << 10];
    while !await_readable(pipe.as_fd(), interrupt) {
        match pipe.read(&mut room) {
            Ok(0) => return Ok(Some(output)),
            Ok(count) if output.len() + count > MOST_COLLECTED => {
                let what =
                    "the command wrote more than 256 MiB and was ended; let it write to a file";
                return Err(io::Error::new(io::ErrorKind::FileTooLarge, what));
            }
            Ok(count) => output.extend_from_slice(&room[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// Waits until there is something to read, and tells whether the interrupt came first.
fn await_readable(pipe: BorrowedFd<'_>, interrupt: &Interrupt) -> bool {
    let waiter = interrupt.waiter();
    loop {
        let mut descriptors = [
            PollFd::new(pipe, PollFlags::POLLIN),
            PollFd::new(waiter.as_fd(), PollFlags::POLLIN),
        ];
        // Interrupted by a signal or not: the flag tells.
        let ready = poll(&mut descriptors, PollTimeout::NONE);
        if interrupt.is_raised() {
            return true;
        }
        if ready.is_ok() {
            return false;
        }
    }
}

/// What an interrupted child is told first, as in a terminal.
const GENTLY: [Signal; 2] = [Signal::SIGINT, Signal::SIGTERM];

/// Waits for a child, or ends it when the interrupt is raised.
pub(crate) fn wait(child: &mut Child, interrupt: &Interrupt) -> io::Result<Ended> {
    if let Some(status) = wait_until(child, interrupt)? {
        return Ok(Ended::Itself(status));
    }
    end(child, &GENTLY)
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
