//! Interrupts: the I/O thread, which raises them, and the executor, which runs cells.

use perilune_language::Interrupt;
use shuttle::sync::Arc;
use shuttle::sync::atomic::{AtomicUsize, Ordering};
use shuttle::thread;

use super::explore;
use super::running::Running;

fn nothing_is_asked() {}

#[test]
fn an_interrupt_meets_the_cell_that_runs_and_none_after_it() {
    explore(500, || {
        let running = Arc::new(Running::new(Interrupt::new().unwrap()));
        let started = Arc::new(AtomicUsize::new(0));
        let executor = thread::spawn({
            let (running, started) = (running.clone(), started.clone());
            move || {
                let mut met = Vec::new();
                for cell in 1..4 {
                    let interrupted = running.during(|| {
                        started.store(cell, Ordering::SeqCst);
                        thread::yield_now();
                        running.is_interrupted()
                    });
                    met.extend(interrupted.then_some(cell));
                }
                met
            }
        });
        let before = started.load(Ordering::SeqCst);
        let ran = running.interrupt(nothing_is_asked);
        let after = started.load(Ordering::SeqCst);
        let met = executor.join().unwrap();
        assert!(met.len() <= 1, "{met:?}");
        assert!(ran || met.is_empty(), "an idle kernel ignores it");
        // A cell that says it has started was running a moment before.
        assert!(
            met.iter().all(|cell| (before..=after + 1).contains(cell)),
            "{met:?} in {before}..={after}"
        );
        assert!(!running.is_interrupted(), "nothing is left of it");
    });
}

#[test]
fn a_cell_that_never_ends_by_itself_is_always_met() {
    explore(500, || {
        let running = Arc::new(Running::new(Interrupt::new().unwrap()));
        let executor = thread::spawn({
            let running = running.clone();
            move || {
                running.during(|| {
                    while !running.is_interrupted() {
                        thread::yield_now();
                    }
                });
                running.during(|| running.is_interrupted())
            }
        });
        while !running.interrupt(nothing_is_asked) {
            thread::yield_now();
        }
        assert!(!executor.join().unwrap(), "the next one is another matter");
    });
}

#[test]
fn when_the_kernel_ends_every_cell_is_met_that_runs_or_starts() {
    explore(500, || {
        let running = Arc::new(Running::new(Interrupt::new().unwrap()));
        let executor = thread::spawn({
            let running = running.clone();
            move || {
                for _ in 0..3 {
                    running.during(|| {
                        while !running.is_interrupted() {
                            thread::yield_now();
                        }
                    });
                }
            }
        });
        // One that came before must not take the end's away with it.
        running.interrupt(nothing_is_asked);
        running.end();
        executor.join().unwrap();
        assert!(running.is_interrupted());
    });
}
