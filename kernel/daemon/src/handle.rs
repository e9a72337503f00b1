use std::io;
use std::time::{Duration, Instant};

use crate::process::ProcessIdentity;

/// One process that lives, held so that a signal can only ever meet this one, and never another
/// that was given its number later.
#[derive(Debug)]
pub struct ProcessHandle {
    identity: ProcessIdentity,
    #[cfg(target_os = "linux")]
    descriptor: std::os::fd::OwnedFd,
}

/// What can be asked of a process by a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// SIGTERM: to end well.
    End,
    /// SIGCONT: to go on, where somebody stopped it.
    GoOn,
    /// SIGKILL, which is not asked: it is no more.
    Vanish,
}

impl ProcessHandle {
    /// Takes hold of a process; `None` when it lives no more.
    ///
    /// # Errors
    ///
    /// What the system says, as when the process is another user's.
    pub fn of(identity: &ProcessIdentity) -> io::Result<Option<Self>> {
        let Some(pid) = pid(identity) else {
            return Ok(None);
        };
        #[cfg(target_os = "linux")]
        let descriptor =
            match rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()) {
                Ok(descriptor) => descriptor,
                Err(rustix::io::Errno::SRCH) => return Ok(None),
                Err(error) => return Err(error.into()),
            };
        let handle = Self {
            identity: identity.clone(),
            #[cfg(target_os = "linux")]
            descriptor,
        };
        #[cfg(not(target_os = "linux"))]
        let _ = pid;
        // Only now: what has this number from here on is what we hold.
        Ok(identity.is_alive().then_some(handle))
    }

    /// Sends a signal. False when the process has ended.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn signal(&self, ask: Ask) -> io::Result<bool> {
        let signal = match ask {
            Ask::End => rustix::process::Signal::TERM,
            Ask::GoOn => rustix::process::Signal::CONT,
            Ask::Vanish => rustix::process::Signal::KILL,
        };
        match self.send(signal) {
            Ok(()) => Ok(true),
            Err(rustix::io::Errno::SRCH) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    #[cfg(target_os = "linux")]
    fn send(&self, signal: rustix::process::Signal) -> rustix::io::Result<()> {
        rustix::process::pidfd_send_signal(&self.descriptor, signal)
    }

    #[cfg(not(target_os = "linux"))]
    fn send(&self, signal: rustix::process::Signal) -> rustix::io::Result<()> {
        match pid(&self.identity).filter(|_| self.identity.is_alive()) {
            Some(pid) => rustix::process::kill_process(pid, signal),
            None => Err(rustix::io::Errno::SRCH),
        }
    }

    /// Waits for its end, which it says whether it came in time. Blocks.
    ///
    /// # Errors
    ///
    /// What the system says.
    #[cfg(target_os = "linux")]
    pub fn wait(&self, limit: Duration) -> io::Result<bool> {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let deadline = Instant::now() + limit;
        loop {
            let rest = deadline.saturating_duration_since(Instant::now());
            let rest = Timespec {
                tv_sec: i64::try_from(rest.as_secs()).unwrap_or(i64::MAX),
                tv_nsec: rest.subsec_nanos().into(),
            };
            let mut descriptors = [PollFd::new(&self.descriptor, PollFlags::IN)];
            match poll(&mut descriptors, Some(&rest)) {
                Ok(0) => return Ok(false),
                Ok(_) => return Ok(true),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Waits for its end, which it says whether it came in time. Blocks.
    ///
    /// # Errors
    ///
    /// What the system says.
    #[cfg(not(target_os = "linux"))]
    pub fn wait(&self, limit: Duration) -> io::Result<bool> {
        let deadline = Instant::now() + limit;
        while self.identity.is_alive() {
            if Instant::now() >= deadline {
                return Ok(false);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(true)
    }

    /// Which process it is.
    pub fn identity(&self) -> &ProcessIdentity {
        &self.identity
    }

    /// Whether somebody has stopped it, as SIGSTOP and debuggers do; false where the system does not
    /// tell.
    pub fn is_stopped(&self) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.identity.pid));
        // The state is the first field behind the name, which is in parentheses.
        stat.ok()
            .as_deref()
            .and_then(|stat| {
                Some(
                    stat.rsplit_once(')')?
                        .1
                        .trim_start()
                        .starts_with(['T', 't']),
                )
            })
            .unwrap_or(false)
    }

    /// The environment it was started with, where the system tells.
    pub fn environment(&self) -> Option<Vec<(std::ffi::OsString, std::ffi::OsString)>> {
        use std::os::unix::ffi::OsStrExt;
        let bytes = std::fs::read(format!("/proc/{}/environ", self.identity.pid)).ok()?;
        let text = |bytes| std::ffi::OsStr::from_bytes(bytes).to_owned();
        let variables = bytes.split(|byte| *byte == 0).filter_map(|variable| {
            let equals = variable.iter().position(|byte| *byte == b'=')?;
            Some((text(&variable[..equals]), text(&variable[equals + 1..])))
        });
        Some(variables.collect())
    }
}

fn pid(identity: &ProcessIdentity) -> Option<rustix::process::Pid> {
    rustix::process::Pid::from_raw(i32::try_from(identity.pid).ok()?)
}

#[cfg(test)]
mod tests {
    use std::process::{Child, Command};

    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    fn child() -> (Child, ProcessIdentity) {
        let child = Command::new("sleep").arg("600").env("MOON", "full").spawn();
        let child = child.unwrap();
        let identity = ProcessIdentity::of(child.id()).unwrap();
        (child, identity)
    }

    #[test]
    fn a_process_is_asked_to_end_and_waited_for() {
        let (mut child, identity) = child();
        let handle = ProcessHandle::of(&identity).unwrap().unwrap();
        assert!(!handle.wait(Duration::ZERO).unwrap());
        assert!(handle.signal(Ask::End).unwrap());
        assert!(handle.wait(LONG).unwrap());
        child.wait().unwrap();
        // Nobody else is met, whoever has the number now.
        assert!(!handle.signal(Ask::Vanish).unwrap());
        assert!(ProcessHandle::of(&identity).unwrap().is_none());
    }

    #[test]
    fn another_process_of_the_same_number_is_not_taken_for_it() {
        let (mut child, mut identity) = child();
        identity.started = identity.started.map(|started| started + 1);
        assert!(ProcessHandle::of(&identity).unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn one_that_was_stopped_is_told_from_one_that_runs() {
        let (mut child, identity) = child();
        let handle = ProcessHandle::of(&identity).unwrap().unwrap();
        assert!(!handle.is_stopped());
        handle.send(rustix::process::Signal::STOP).unwrap();
        let deadline = Instant::now() + LONG;
        while !handle.is_stopped() {
            assert!(Instant::now() < deadline);
            std::thread::yield_now();
        }
        assert!(handle.signal(Ask::Vanish).unwrap());
        assert!(handle.wait(LONG).unwrap());
        child.wait().unwrap();
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_environment_is_the_one_it_was_started_with() {
        let (mut child, identity) = child();
        let handle = ProcessHandle::of(&identity).unwrap().unwrap();
        let deadline = Instant::now() + LONG;
        // Until it is `sleep`, it has ours.
        while !handle
            .environment()
            .unwrap()
            .contains(&("MOON".into(), "full".into()))
        {
            assert!(Instant::now() < deadline);
            std::thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
