//! What the threads share, under a scheduler that tries many of their interleavings.
//!
//! The files are the kernel's own, taken in a second time with other locks beneath them. Time
//! stands still here: no timeout makes up for a wakeup that was lost, so it shows as a deadlock.
//! A failure prints the schedule that led to it, for `shuttle::replay`.
#![allow(
    clippy::duplicate_mod,
    dead_code,
    reason = "the same files with other locks, of which not all is needed here"
)]

use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
use shuttle::{Config, Runner};

#[path = "outbox.rs"]
mod outbox;
#[path = "running.rs"]
mod running;
#[path = "stdin.rs"]
mod stdin;
#[path = "task_queue.rs"]
mod task_queue;

mod sync {
    pub(super) use shuttle::sync::{Condvar, Mutex, MutexGuard};
    pub(super) use std::sync::PoisonError;

    use tokio::time::Instant;

    pub(super) async fn timeout_at<F: Future>(_never: Instant, future: F) -> Result<F::Output, ()> {
        Ok(future.await)
    }
}

mod interrupts;
mod questions;
mod requests;
mod writers;

const SEED: u64 = 0x1ACE_C0DE;
/// A step is a lock, a wait or a spawn.
const MOST_STEPS: usize = 100_000;

/// Runs it under this many schedules chosen at random, and as many with few preemptions, which is
/// what most races need. The same ones each time.
fn explore(schedules: usize, threads: impl Fn() + Clone + Send + Sync + 'static) {
    run(
        RandomScheduler::new_from_seed(SEED, schedules),
        threads.clone(),
    );
    run(PctScheduler::new_from_seed(SEED, 3, schedules), threads);
}

fn run(scheduler: impl Scheduler + 'static, threads: impl Fn() + Send + Sync + 'static) {
    let mut config = Config::new();
    config.max_steps = shuttle::MaxSteps::FailAfter(MOST_STEPS);
    Runner::new(scheduler, config).run(threads);
}
