use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::time::{ClockId, clock_gettime};

/// When something was written, by a clock that people set and by one that nobody can.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Microseconds since 1970, by the wall clock.
    pub wall: u64,
    /// Microseconds since the machine's start.
    pub uptime: u64,
    /// Which start of the machine that was.
    pub boot: u64,
}

/// What tells the time to a journal.
pub trait Clock: Send {
    /// Now.
    fn now(&self) -> Stamp;
}

/// The machine's clocks.
#[derive(Debug)]
pub struct SystemClock {
    boot: u64,
}

/// No journal is older than this (2024-01-01), whatever a clock says that has not been set yet.
const FIRST_POSSIBLE: u64 = 1_704_067_200_000_000;

impl Stamp {
    /// How long before `now` this was; `None` if the clocks cannot tell. Within one run of the
    /// machine it does not matter whether somebody set the wall clock meanwhile.
    pub(crate) fn age(self, now: Self) -> Option<Duration> {
        let (then, now) = if self.boot == now.boot {
            (self.uptime, now.uptime)
        } else if self.wall < FIRST_POSSIBLE || now.wall < FIRST_POSSIBLE {
            return None;
        } else {
            (self.wall, now.wall)
        };
        // From the future: then the clock was wrong, and the age is not known.
        now.checked_sub(then).map(Duration::from_micros)
    }
}

impl SystemClock {
    /// The clocks of the machine that this runs on.
    pub fn new() -> Self {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id");
        let boot = match boot {
            Ok(id) => u64::from(crc32fast::hash(id.trim().as_bytes())) | 1 << 32,
            // Where a start of the machine has no name, each process counts as one.
            Err(_) => RandomState::new().build_hasher().finish(),
        };
        Self { boot }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(target_os = "linux")]
const SINCE_BOOT: ClockId = ClockId::CLOCK_BOOTTIME;
#[cfg(not(target_os = "linux"))]
const SINCE_BOOT: ClockId = ClockId::CLOCK_MONOTONIC;

impl Clock for SystemClock {
    fn now(&self) -> Stamp {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH);
        let uptime = clock_gettime(SINCE_BOOT).map(Duration::from);
        Stamp {
            wall: microseconds(wall.unwrap_or_default()),
            uptime: microseconds(uptime.unwrap_or_default()),
            boot: self.boot,
        }
    }
}

fn microseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: u64 = 1_800_000_000_000_000;

    fn stamp(boot: u64, wall: u64, uptime: u64) -> Stamp {
        Stamp { wall, uptime, boot }
    }

    #[test]
    fn within_a_run_of_the_machine_the_wall_clock_does_not_count() {
        let then = stamp(1, NOON, 5_000_000);
        for wall in [0, NOON - 1, NOON * 2] {
            let now = stamp(1, wall, 8_000_000);
            assert_eq!(then.age(now), Some(Duration::from_secs(3)));
        }
    }

    #[test]
    fn over_runs_of_the_machine_only_the_wall_clock_can_tell() {
        let then = stamp(1, NOON, 5_000_000);
        assert_eq!(
            then.age(stamp(2, NOON + 9_000_000, 1)),
            Some(Duration::from_secs(9))
        );
        assert_eq!(then.age(stamp(2, NOON - 1, 1)), None);
        // A machine without a battery begins in 1970.
        assert_eq!(then.age(stamp(2, 60_000_000, 1)), None);
        assert_eq!(stamp(1, 60_000_000, 1).age(stamp(2, NOON, 1)), None);
    }

    #[test]
    fn the_machines_clocks_go_forward() {
        let clock = SystemClock::new();
        let (first, second) = (clock.now(), clock.now());
        assert!(second.uptime >= first.uptime && first.wall > FIRST_POSSIBLE);
        assert_eq!(first.boot, SystemClock::new().now().boot);
    }
}
