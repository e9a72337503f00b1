use std::time::{Duration, SystemTime};

/// When a log begins a new file, and how many old ones stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// No file is larger, in bytes, unless one line is.
    pub size: u64,
    /// No file has lines for longer than this.
    pub age: Duration,
    /// So many files stay beside the one that is written to.
    pub files: usize,
    /// What was written last so long ago does not stay.
    pub keep: Duration,
    /// Whether those files are compressed.
    pub gzip: bool,
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Default for Limits {
    fn default() -> Self {
        Self {
            size: 10_000_000,
            age: 7 * DAY,
            files: 10,
            keep: 90 * DAY,
            gzip: false,
        }
    }
}

/// A file that was written to before, as the policy sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Old {
    pub number: u64,
    pub modified: SystemTime,
}

impl Limits {
    /// Whether a file of this size, begun so long ago, must end before `line` more bytes.
    pub(crate) fn are_reached(&self, size: u64, line: u64, age: Duration) -> bool {
        // A line that is larger than a file may be has one to itself.
        size > 0 && (size.saturating_add(line) > self.size || age >= self.age)
    }

    /// Which of the old files go, by their numbers.
    ///
    /// The newest never goes because of its time alone: a clock that is wrong for a moment must
    /// not cost all that was logged, and the numbers go on from it.
    pub(crate) fn surplus(&self, mut files: Vec<Old>, now: SystemTime) -> Vec<u64> {
        files.sort_unstable_by_key(|file| std::cmp::Reverse(file.number));
        let mut surplus = Vec::new();
        for (rank, file) in files.iter().enumerate() {
            let is_old = now
                .duration_since(file.modified)
                .is_ok_and(|age| age > self.keep);
            let goes = rank >= self.files || rank > 0 && is_old;
            if goes {
                surplus.push(file.number);
            }
        }
        surplus
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        Limits {
            size: 100,
            age: DAY,
            files: 3,
            keep: 30 * DAY,
            gzip: false,
        }
    }

    fn old(number: u64, days: u32) -> Old {
        Old {
            number,
            modified: now() - days * DAY,
        }
    }

    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + 20_000 * DAY
    }

    #[test]
    fn a_file_ends_before_it_is_too_large_or_when_it_is_too_old() {
        let limits = limits();
        assert!(!limits.are_reached(90, 10, Duration::ZERO));
        assert!(limits.are_reached(90, 11, Duration::ZERO));
        assert!(!limits.are_reached(1, 1, DAY - Duration::from_millis(1)));
        assert!(limits.are_reached(1, 1, DAY));
    }

    #[test]
    fn an_empty_file_goes_on_whatever_its_age_and_the_lines_length() {
        assert!(!limits().are_reached(0, 10_000, 100 * DAY));
    }

    #[test]
    fn the_newest_stay() {
        let files = vec![old(4, 0), old(9, 0), old(7, 0), old(5, 0)];
        assert_eq!(limits().surplus(files, now()), [4]);
    }

    #[test]
    fn what_is_too_old_goes_but_never_the_newest() {
        let files = vec![old(1, 90), old(2, 60), old(3, 45)];
        assert_eq!(limits().surplus(files, now()), [2, 1]);
    }

    #[test]
    fn what_comes_from_the_future_is_not_old() {
        let mut file = old(1, 0);
        file.modified = now() + 1000 * DAY;
        assert!(limits().surplus(vec![file, old(2, 0)], now()).is_empty());
    }
}
