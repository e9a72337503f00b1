use std::fs;

use nix::unistd::getpid;

/// Which process, and not only which number: numbers are given anew, after a restart of the machine
/// even in the same order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessIdentity {
    /// Its number.
    pub pid: u32,
    /// When it began, in the kernel's ticks since the machine did (proc(5), `starttime`); nothing
    /// where the system does not tell.
    pub started: Option<u64>,
    /// Which life of the machine it began in (`/proc/sys/kernel/random/boot_id`).
    pub boot: Option<String>,
}

impl ProcessIdentity {
    /// The process that asks.
    pub fn of_this_process() -> Self {
        // A process's number is positive.
        let pid = getpid().as_raw().unsigned_abs();
        Self {
            pid,
            started: start_of(pid),
            boot: boot(),
        }
    }

    /// The process that has this number now, if one has.
    pub fn of(pid: u32) -> Option<Self> {
        let identity = Self {
            pid,
            started: start_of(pid),
            boot: boot(),
        };
        identity.is_alive().then_some(identity)
    }

    /// Whether this process, and not another of the same number, lives now.
    pub fn is_alive(&self) -> bool {
        if self.boot.is_some() && self.boot != boot() {
            return false;
        }
        match (start_of(self.pid), self.started) {
            (Some(now), Some(then)) => now == then,
            (now, None) => now.is_some(),
            (None, Some(_)) => false,
        }
    }

    /// As it stands in a PID file: the number alone in the first line, where other programs look.
    pub(crate) fn to_text(&self) -> String {
        let mut text = format!("{}\n", self.pid);
        if let Some(started) = self.started {
            text += &format!("started {started}\n");
        }
        if let Some(boot) = &self.boot {
            text += &format!("boot {boot}\n");
        }
        text
    }

    /// Reads what [`ProcessIdentity::to_text`] wrote; also a number alone, as others write it.
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let pid = lines.next()?.trim().parse().ok().filter(|pid| *pid > 0)?;
        let mut identity = Self {
            pid,
            started: None,
            boot: None,
        };
        for line in lines {
            match line.split_once(' ') {
                Some(("started", ticks)) => identity.started = ticks.parse().ok(),
                Some(("boot", boot)) => identity.boot = Some(boot.to_owned()),
                _ => {}
            }
        }
        Some(identity)
    }
}

/// The 22nd field of `/proc/PID/stat`. The second is a name in parentheses, which may hold both
/// spaces and parentheses.
fn start_of(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace();
    // One that has ended, and that nobody has asked after, lives no more.
    let lives = !matches!(fields.next()?, "Z" | "X");
    fields.nth(18)?.parse().ok().filter(|_| lives)
}

fn boot() -> Option<String> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(boot.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let identity = ProcessIdentity::of_this_process();
        assert_eq!(
            ProcessIdentity::from_text(&identity.to_text()),
            Some(identity)
        );
    }

    #[test]
    fn a_number_alone_is_enough_and_garbage_is_nobody() {
        let other = ProcessIdentity::from_text("1234\n").unwrap();
        assert_eq!((other.pid, other.started), (1234, None));
        for garbage in ["", "0\n", "-5\n", "twelve\n", "\u{0}\u{0}", "99999999999\n"] {
            assert_eq!(ProcessIdentity::from_text(garbage), None, "{garbage:?}");
        }
    }

    #[test]
    fn a_process_is_alive_until_it_ends() {
        assert!(ProcessIdentity::of_this_process().is_alive());
        let mut child = Command::new("sleep").arg("600").spawn().unwrap();
        let identity = ProcessIdentity {
            pid: child.id(),
            started: start_of(child.id()),
            boot: boot(),
        };
        assert!(identity.is_alive());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!identity.is_alive());
    }

    #[test]
    fn a_number_that_was_given_anew_is_another_process() {
        let mut reused = ProcessIdentity::of_this_process();
        reused.started = reused.started.map(|started| started - 1);
        assert!(!reused.is_alive());
        let mut before_the_restart = ProcessIdentity::of_this_process();
        before_the_restart.boot = Some("00000000-0000-0000-0000-000000000000".to_owned());
        assert!(!before_the_restart.is_alive());
    }
}
