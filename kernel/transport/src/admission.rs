//! Who is given what when somebody does not keep up.

use crate::{Limits, Weight};

/// What becomes of one publication for one subscriber.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It goes into the queue.
    Accept,
    /// It does not; `first` if the one before it did.
    LeaveOut { first: bool },
    /// The subscriber cannot even take what must never be left out.
    CutOff,
}

/// One subscriber's record.
///
/// What waits may exceed the bound by one message, so that a single large display reaches whoever
/// reads at all. Once something was left out, output is taken again when half the queue is free,
/// so that gaps are few and long rather than many and short.
#[derive(Debug, Default)]
pub(crate) struct Admission {
    leaving_out: bool,
    /// Essential bytes taken while the queue was beyond its bound.
    essential_excess: usize,
}

impl Admission {
    /// Judges a publication of `size` bytes when `queued` bytes wait.
    pub(crate) fn judge(
        &mut self,
        limits: &Limits,
        queued: usize,
        size: usize,
        weight: Weight,
    ) -> Verdict {
        let bound = limits.outgoing_bytes;
        if queued <= bound {
            self.essential_excess = 0;
        }
        match weight {
            Weight::Output if queued <= if self.leaving_out { bound / 2 } else { bound } => {
                self.leaving_out = false;
                Verdict::Accept
            }
            Weight::Output => {
                let first = !std::mem::replace(&mut self.leaving_out, true);
                Verdict::LeaveOut { first }
            }
            Weight::Essential if queued <= bound => Verdict::Accept,
            Weight::Essential => {
                self.essential_excess = self.essential_excess.saturating_add(size);
                if self.essential_excess > limits.essential_bytes {
                    Verdict::CutOff
                } else {
                    Verdict::Accept
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: fn() -> Limits = || Limits {
        outgoing_bytes: 100,
        essential_bytes: 50,
        ..Limits::default()
    };

    #[test]
    fn a_message_larger_than_the_bound_is_taken_by_who_keeps_up() {
        let mut it = Admission::default();
        assert_eq!(
            it.judge(&LIMITS(), 20, 1000, Weight::Output),
            Verdict::Accept
        );
    }

    #[test]
    fn output_is_left_out_beyond_the_bound_and_only_the_first_gap_is_told() {
        let mut it = Admission::default();
        let first = it.judge(&LIMITS(), 101, 1, Weight::Output);
        assert_eq!(first, Verdict::LeaveOut { first: true });
        let second = it.judge(&LIMITS(), 101, 1, Weight::Output);
        assert_eq!(second, Verdict::LeaveOut { first: false });
    }

    #[test]
    fn after_a_gap_output_waits_until_half_the_queue_is_free() {
        let mut it = Admission::default();
        it.judge(&LIMITS(), 101, 1, Weight::Output);
        let above = it.judge(&LIMITS(), 51, 1, Weight::Output);
        assert_eq!(above, Verdict::LeaveOut { first: false });
        assert_eq!(it.judge(&LIMITS(), 50, 1, Weight::Output), Verdict::Accept);
        let again = it.judge(&LIMITS(), 101, 1, Weight::Output);
        assert_eq!(again, Verdict::LeaveOut { first: true });
    }

    #[test]
    fn essentials_are_taken_beyond_the_bound_until_their_own_is_reached() {
        let mut it = Admission::default();
        assert_eq!(
            it.judge(&LIMITS(), 101, 50, Weight::Essential),
            Verdict::Accept
        );
        assert_eq!(
            it.judge(&LIMITS(), 151, 1, Weight::Essential),
            Verdict::CutOff
        );
    }

    #[test]
    fn essentials_behind_one_huge_display_are_no_reason_to_cut_off() {
        let mut it = Admission::default();
        assert_eq!(
            it.judge(&LIMITS(), 0, 10_000, Weight::Output),
            Verdict::Accept
        );
        assert_eq!(
            it.judge(&LIMITS(), 10_000, 20, Weight::Essential),
            Verdict::Accept
        );
    }

    #[test]
    fn who_has_caught_up_starts_anew() {
        let mut it = Admission::default();
        it.judge(&LIMITS(), 101, 50, Weight::Essential);
        assert_eq!(
            it.judge(&LIMITS(), 100, 1, Weight::Essential),
            Verdict::Accept
        );
        assert_eq!(
            it.judge(&LIMITS(), 101, 50, Weight::Essential),
            Verdict::Accept
        );
    }
}
