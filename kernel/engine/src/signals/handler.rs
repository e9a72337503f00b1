use std::io::{self, PipeReader};
use std::os::fd::{IntoRawFd, OwnedFd};
use std::sync::atomic::{AtomicI32, AtomicU32, AtomicU64, Ordering};

use libc::c_int;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

use super::FORCED;

/// A signal that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrived {
    Terminate,
    Interrupt,
    User2,
    User1,
    Hangup,
}

/// In the order they are taken: what is urgent first.
const ALL: [(Arrived, Signal); 5] = [
    (Arrived::Terminate, Signal::SIGTERM),
    (Arrived::Interrupt, Signal::SIGINT),
    (Arrived::User2, Signal::SIGUSR2),
    (Arrived::User1, Signal::SIGUSR1),
    (Arrived::Hangup, Signal::SIGHUP),
];

/// How many of each have come and were not taken.
static COUNTS: [AtomicU32; ALL.len()] = [const { AtomicU32::new(0) }; ALL.len()];
/// The writing end of the pipe.
static WAKE: AtomicI32 = AtomicI32::new(-1);
/// The process that the handlers are for.
static OWNER: AtomicI32 = AtomicI32::new(0);
static ENDS: Ends = Ends::none();

/// Two SIGTERM within so many milliseconds are one: timeout(1), and whoever else signals both a
/// process and its group, sends it twice.
const ONE_END: u64 = 50;
/// So many mean that nothing of the kernel is to be waited for any more, not even its I/O thread.
const AT_ONCE: u32 = 3;

/// Installs the handlers. Returns what becomes readable when a signal has come.
pub(super) fn install(keeps_ignoring_hangup: bool) -> io::Result<PipeReader> {
    let (woken, wake) = io::pipe()?;
    let wake = OwnedFd::from(wake);
    // A full pipe wakes as well as one byte does, and a handler must never wait.
    fcntl(&wake, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    // A former one stays open: a handler may be about to write into it.
    WAKE.store(wake.into_raw_fd(), Ordering::SeqCst);
    OWNER.store(std::process::id().cast_signed(), Ordering::SeqCst);
    // One at a time: the stack for signals has room for one frame and little more.
    let action = SigAction::new(
        SigHandler::Handler(on_signal),
        SaFlags::SA_ONSTACK | SaFlags::SA_RESTART,
        SigSet::all(),
    );
    for (arrived, signal) in ALL {
        // SAFETY: the handler only touches atomics and calls what POSIX allows it to.
        let former = unsafe { sigaction(signal, &action) }?;
        if arrived == Arrived::Hangup
            && keeps_ignoring_hangup
            && matches!(former.handler(), SigHandler::SigIgn)
        {
            // SAFETY: as it was.
            unsafe { sigaction(signal, &former) }?;
        }
    }
    // A file that grows beyond a limit shall be an error for whoever writes it, not the end. Caught
    // and not ignored, which children would inherit.
    let nothing = SigAction::new(
        SigHandler::Handler(on_too_large),
        SaFlags::SA_ONSTACK | SaFlags::SA_RESTART,
        SigSet::empty(),
    );
    // SAFETY: the handler does nothing.
    unsafe { sigaction(Signal::SIGXFSZ, &nothing) }?;
    // Whoever started us may have blocked them.
    let all: SigSet = ALL.into_iter().map(|(_, signal)| signal).collect();
    all.thread_unblock()?;
    Ok(woken)
}

/// Takes the most urgent of those that have come. Several of one are one, but for the end, where
/// a second says more.
pub(super) fn take() -> Option<Arrived> {
    for ((arrived, _), count) in ALL.into_iter().zip(&COUNTS) {
        let there = if arrived == Arrived::Terminate {
            let one_less = |count: u32| count.checked_sub(1);
            count
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less)
                .is_ok()
        } else {
            count.swap(0, Ordering::SeqCst) > 0
        };
        if there {
            return Some(arrived);
        }
    }
    None
}

extern "C" fn on_too_large(_: c_int) {}

extern "C" fn on_signal(number: c_int) {
    let errno = Errno::last_raw();
    // SAFETY: all of these are async-signal-safe (signal-safety(7)). The handler's own signal is
    // blocked while it runs, so what is raised comes when it returns.
    unsafe {
        if libc::getpid() != OWNER.load(Ordering::SeqCst) {
            // A child that C code forked: it shares the handlers and is no kernel.
            libc::signal(number, libc::SIG_DFL);
            libc::raise(number);
            return;
        }
        let known = ALL.into_iter().zip(&COUNTS);
        for ((arrived, signal), count) in known {
            if signal as c_int != number || arrived == Arrived::Terminate && !is_new_end() {
                continue;
            }
            count.fetch_add(1, Ordering::SeqCst);
            let byte = [0_u8];
            libc::write(WAKE.load(Ordering::SeqCst), byte.as_ptr().cast(), 1);
        }
    }
    Errno::set_raw(errno);
}

/// Whether this SIGTERM is another than the one before. The third of them ends the process here.
fn is_new_end() -> bool {
    let mut now = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: writes into `now`, and is async-signal-safe.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
    let milliseconds = now.tv_sec.cast_unsigned() * 1000 + now.tv_nsec.cast_unsigned() / 1_000_000;
    let Some(count) = ENDS.count(milliseconds) else {
        return false;
    };
    if count >= AT_ONCE {
        // SAFETY: it does not return, and runs nothing of this process.
        unsafe { libc::_exit(FORCED) };
    }
    true
}

/// The wishes for the end that have come. Two threads may hear of one at the same time.
struct Ends {
    count: AtomicU32,
    /// When the last that was counted came, in milliseconds and one more; 0 before the first.
    last: AtomicU64,
}

impl Ends {
    const fn none() -> Self {
        Self {
            count: AtomicU32::new(0),
            last: AtomicU64::new(0),
        }
    }

    /// Counts a SIGTERM of this time, and says which it is; nothing if it is the last one again.
    fn count(&self, milliseconds: u64) -> Option<u32> {
        let now = milliseconds.saturating_add(1);
        let last = self.last.load(Ordering::SeqCst);
        // That one is the last that counted, or who never stops sending would never be heard.
        if last != 0 && now.saturating_sub(last) < ONE_END {
            return None;
        }
        self.last
            .compare_exchange(last, now, Ordering::SeqCst, Ordering::SeqCst)
            .ok()
            .map(|_| self.count.fetch_add(1, Ordering::SeqCst) + 1)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::thread;

    use super::*;

    #[test]
    fn two_in_a_moment_are_one_and_a_later_one_is_another() {
        let ends = Ends::none();
        assert_eq!(ends.count(0), Some(1), "however long the machine has run");
        assert_eq!(ends.count(0), None);
        assert_eq!(ends.count(ONE_END - 1), None);
        assert_eq!(ends.count(ONE_END), Some(2));
        assert_eq!(ends.count(3 * ONE_END), Some(3));
    }

    #[test]
    fn who_sends_again_and_again_is_heard_again() {
        let ends = Ends::none();
        let counted = (0..10)
            .filter_map(|turn| ends.count(1000 + turn * 20))
            .count();
        assert_eq!(counted, 4, "of 180 ms");
    }

    #[test]
    fn two_threads_that_hear_of_it_at_once_count_it_once() {
        for _ in 0..2000 {
            let (ends, both) = (Ends::none(), Barrier::new(2));
            let hear = || {
                both.wait();
                ends.count(1000)
            };
            let heard = thread::scope(|scope| {
                let other = scope.spawn(hear);
                [hear(), other.join().unwrap()]
            });
            assert_eq!(heard.iter().flatten().count(), 1);
        }
    }
}
