use perilune_language::Interrupt;

use crate::running::Running;

#[test]
fn an_interrupt_meets_what_runs_and_nothing_after_it() {
    let interrupt = Interrupt::new().unwrap();
    let running = Running::new(interrupt.clone());
    assert!(!running.interrupt(|| ()));
    assert!(!interrupt.is_raised());
    running.during(|| {
        assert!(running.interrupt(|| ()));
        assert!(interrupt.is_raised());
    });
    running.during(|| assert!(!interrupt.is_raised()));
}

#[test]
fn when_the_kernel_ends_nothing_starts_anew() {
    let interrupt = Interrupt::new().unwrap();
    let running = Running::new(interrupt.clone());
    running.during(|| running.end());
    running.during(|| assert!(interrupt.is_raised()));
}
