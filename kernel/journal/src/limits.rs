use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;

use crate::clock::Stamp;

/// How much of what was published is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes on disk. Beyond that the oldest messages go, a sixteenth at a time.
    pub bytes: u64,
    /// Messages older than this go, to an eighth of it exactly.
    pub age: Duration,
}

impl Default for Limits {
    /// 64 MiB and seven days.
    fn default() -> Self {
        Self {
            bytes: 64 << 20,
            age: Duration::from_secs(7 * 24 * 60 * 60),
        }
    }
}

/// Limits that can be changed while they are in use; all copies are the same one, and what they are
/// counts when the next message is written.
pub type SharedLimits = Arc<ArcSwap<Limits>>;

impl Limits {
    /// These, until others are stored in their place.
    pub fn shared(self) -> SharedLimits {
        Arc::new(ArcSwap::from_pointee(self))
    }
}

const LARGEST_SEGMENT: u64 = 16 << 20;
const LARGEST_MESSAGE: u64 = 256 << 20;
/// No file of ours is larger, and no more of one is read.
pub(crate) const LARGEST_FILE: u64 = LARGEST_SEGMENT + LARGEST_MESSAGE;

/// After a start, what earlier runs of the machine wrote is not judged by its age for so long: a
/// clock may not have been set yet.
const CLOCK_SETTLES: Duration = Duration::from_secs(10 * 60);

/// What the bounds need to know of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) bytes: u64,
    /// When its first and its last message were written.
    pub(crate) first: Option<Stamp>,
    pub(crate) last: Option<Stamp>,
}

impl Limits {
    /// A segment that has grown to this is followed by another one. Segments are read whole, so
    /// they stay small however much is kept.
    pub(crate) fn segment(&self) -> u64 {
        (self.bytes / 16).clamp(4 << 10, LARGEST_SEGMENT)
    }

    /// The largest message that is kept.
    pub(crate) fn message(&self) -> usize {
        usize::try_from((self.bytes / 2).min(LARGEST_MESSAGE)).unwrap_or(usize::MAX)
    }

    /// Whether a segment that begins with this message is followed by another one, so that what is
    /// too old can go without what is not.
    pub(crate) fn closes(&self, first: Stamp, now: Stamp) -> bool {
        first.age(now).is_some_and(|age| age > self.age / 8)
    }

    /// How many of the segments, oldest first, must go. The newest one never does.
    pub(crate) fn excess(&self, segments: &[Extent], opened: Stamp, now: Stamp) -> usize {
        let mut total: u64 = segments.iter().map(|segment| segment.bytes).sum();
        let mut excess = 0;
        for (index, segment) in segments.iter().enumerate() {
            let too_much = total > self.bytes;
            if index + 1 == segments.len()
                || !(too_much || self.is_too_old(&segments[index..], opened, now))
            {
                break;
            }
            total -= segment.bytes;
            excess += 1;
        }
        excess
    }

    /// Whether the first of these segments is. It is at least as old as those behind it, which
    /// counts when a clock was wrong as it was written.
    fn is_too_old(&self, segments: &[Extent], opened: Stamp, now: Stamp) -> bool {
        let settled = opened.age(now).is_some_and(|age| age > CLOCK_SETTLES);
        let own = segments[0].last.into_iter();
        let later = segments[1..].iter().filter_map(|segment| segment.first);
        own.chain(later)
            .filter(|stamp| settled || stamp.boot == now.boot)
            .any(|stamp| stamp.age(now).is_some_and(|age| age > self.age))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 86_400_000_000;
    const NOON: u64 = 1_800_000_000_000_000;

    fn limits() -> Limits {
        Limits {
            bytes: 1000,
            age: Duration::from_secs(7 * 86_400),
        }
    }

    fn stamp(boot: u64, days: u64) -> Stamp {
        Stamp {
            wall: NOON + days * DAY,
            uptime: days * DAY,
            boot,
        }
    }

    fn segment(bytes: u64, first: Stamp, last: Stamp) -> Extent {
        Extent {
            bytes,
            first: Some(first),
            last: Some(last),
        }
    }

    #[test]
    fn however_much_is_kept_a_file_of_it_is_read_in_bounded_memory() {
        for bytes in [0, 1 << 20, 64 << 20, 1 << 40, u64::MAX] {
            let limits = Limits {
                bytes,
                ..Limits::default()
            };
            let fullest = limits.segment() + limits.message() as u64;
            assert!(fullest <= LARGEST_FILE, "{bytes}");
        }
    }

    #[test]
    fn what_is_too_much_goes_oldest_first_and_the_newest_stays() {
        let now = stamp(1, 0);
        let of = |sizes: &[u64]| {
            let segments: Vec<_> = sizes
                .iter()
                .map(|bytes| segment(*bytes, now, now))
                .collect();
            limits().excess(&segments, now, now)
        };
        assert_eq!(of(&[400, 400, 200]), 0);
        assert_eq!(of(&[400, 400, 201]), 1);
        assert_eq!(of(&[1, 400, 400, 700]), 3);
        assert_eq!(of(&[5000]), 0);
        assert_eq!(of(&[]), 0);
    }

    #[test]
    fn what_is_too_old_goes() {
        let segments = [
            segment(1, stamp(1, 0), stamp(1, 1)),
            segment(1, stamp(1, 1), stamp(1, 3)),
            segment(1, stamp(1, 3), stamp(1, 4)),
        ];
        let excess = |now| limits().excess(&segments, stamp(1, 0), now);
        assert_eq!(excess(stamp(1, 8)), 0);
        assert_eq!(excess(stamp(1, 9)), 1);
        assert_eq!(excess(stamp(1, 11)), 2);
        assert_eq!(excess(stamp(1, 999)), 2);
    }

    #[test]
    fn a_wall_clock_that_jumps_removes_nothing_that_is_fresh() {
        let segments = [
            segment(1, stamp(1, 0), stamp(1, 1)),
            segment(1, stamp(1, 1), stamp(1, 1)),
        ];
        let mut now = stamp(1, 2);
        for wall in [NOON + 9000 * DAY, 0] {
            now.wall = wall;
            assert_eq!(limits().excess(&segments, stamp(1, 0), now), 0);
        }
    }

    #[test]
    fn what_an_earlier_run_of_the_machine_wrote_is_not_judged_before_the_clock_is_set() {
        let segments = [
            segment(1, stamp(1, 0), stamp(1, 1)),
            segment(1, stamp(1, 1), stamp(1, 1)),
        ];
        let opened = stamp(2, 20);
        let mut now = opened;
        now.uptime += 60_000_000;
        assert_eq!(limits().excess(&segments, opened, now), 0);
        now.uptime += 600_000_000;
        assert_eq!(limits().excess(&segments, opened, now), 1);
    }

    #[test]
    fn what_was_written_while_the_clock_was_ahead_goes_with_what_came_after_it() {
        let segments = [
            segment(1, stamp(1, 4000), stamp(1, 4000)),
            segment(1, stamp(2, 1), stamp(2, 2)),
            segment(1, stamp(3, 20), stamp(3, 20)),
        ];
        let (opened, now) = (stamp(3, 20), stamp(3, 21));
        assert_eq!(limits().excess(&segments, opened, now), 2);
    }
}
