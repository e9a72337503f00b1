//! Keeps a flood of bad peers from becoming a flood of log lines.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Lines in quick succession.
const BURST: u32 = 10;
/// After them, one line for each of these.
const REFILL: Duration = Duration::from_secs(5);

/// A token bucket for one kind of line.
#[derive(Debug)]
pub(crate) struct LogLimit {
    bucket: Mutex<Bucket>,
}

#[derive(Debug)]
struct Bucket {
    tokens: u32,
    /// When the last token was put in.
    filled: Instant,
    suppressed: u64,
}

impl LogLimit {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            bucket: Mutex::new(Bucket {
                tokens: BURST,
                filled: now,
                suppressed: 0,
            }),
        }
    }

    /// Whether a line may be written now; then with how many were left out since the last.
    pub(crate) fn pass(&self, now: Instant) -> Option<u64> {
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let due = now.saturating_duration_since(bucket.filled).as_nanos() / REFILL.as_nanos();
        let due = u32::try_from(due).unwrap_or(u32::MAX);
        if due > 0 {
            bucket.tokens = bucket.tokens.saturating_add(due).min(BURST);
            bucket.filled = now;
        }
        if bucket.tokens == 0 {
            bucket.suppressed += 1;
            return None;
        }
        bucket.tokens -= 1;
        Some(std::mem::take(&mut bucket.suppressed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_one_line_at_a_time_that_says_how_many_were_left_out() {
        let start = Instant::now();
        let limit = LogLimit::new(start);
        let passed = (0..1000).filter(|_| limit.pass(start).is_some()).count();
        assert_eq!(passed, BURST as usize);
        let later = start + REFILL;
        assert_eq!(limit.pass(later), Some(1000 - u64::from(BURST)));
        assert_eq!(limit.pass(later), None);
    }

    #[test]
    fn a_long_quiet_time_allows_no_more_than_a_burst() {
        let start = Instant::now();
        let limit = LogLimit::new(start);
        let later = start + 1000 * REFILL;
        let passed = (0..1000).filter(|_| limit.pass(later).is_some()).count();
        assert_eq!(passed, BURST as usize);
    }
}
