//! Pausing what runs, and stopping where a program begins.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use perilune_language::FailureKind;
use perilune_language::debug::{Reason, Resume, Step};

use super::script::{cell, debugged};
use crate::notebook::Event;

/// Code that prints `ready` and goes on until `done` is set.
const LOOPS: [&str; 5] = [
    "print 'ready' while not done do end",
    "print 'ready' while not done do pcall(function() for i = 1, 100 do local x = i end error 'x' end) end",
    "local g = coroutine.wrap(function() print 'ready' while not done do end end) g()",
    "local g = coroutine.wrap(function() while true do coroutine.yield() end end) print 'ready' while not done do g() end",
    "local function f() if done then return end return f() end print 'ready' f()",
];

#[test]
fn whatever_runs_can_be_paused() {
    for code in LOOPS {
        let (mut notebook, script) = debugged();
        let (sender, ready) = mpsc::channel();
        notebook.host.on_event(move |event| {
            if matches!(event, Event::Write(_, bytes) if bytes.starts_with(b"ready")) {
                let _ = sender.send(());
            }
        });
        let pauses = script.clone();
        let pauser = thread::spawn(move || {
            ready.recv_timeout(Duration::from_secs(20)).unwrap();
            pauses.pause();
        });
        script.on_stop(|stop, paused| {
            assert_eq!(stop.reason, Reason::Pause);
            let top = paused.frames(stop.thread, 0, None).unwrap().frames[0].id;
            let set = paused.evaluate(
                Some(top),
                "done = true",
                perilune_language::debug::Purpose::Console,
            );
            set.map_or(Resume::Interrupt, |_| Resume::Continue)
        });
        notebook.run(code);
        pauser.join().unwrap();
        assert_eq!(script.take_stops().len(), 1, "{code}");
    }
}

#[test]
fn a_pause_lets_system_calls_go_on() {
    let (mut notebook, script) = debugged();
    let (sender, ready) = mpsc::channel();
    notebook.host.on_event(move |_| {
        let _ = sender.send(());
    });
    let pauses = script.clone();
    let pauser = thread::spawn(move || {
        ready.recv_timeout(Duration::from_secs(20)).unwrap();
        pauses.pause();
    });
    notebook.run("print 'ready'\nlocal slept = os.execute('sleep 0.3')\nassert(slept)");
    pauser.join().unwrap();
    assert_eq!(script.take_stops().len(), 1);
}

#[test]
fn a_pause_while_nothing_runs_stops_what_runs_next() {
    let (mut notebook, script) = debugged();
    script.pause();
    notebook.run("local a = 1\nlocal b = 2");
    assert_eq!(script.lines(), [1]);
}

#[test]
fn a_cell_stops_at_its_first_line_once() {
    let (mut notebook, script) = debugged();
    script.wish(|wishes| wishes.entry = true);
    script.on_stop(|_, _| Resume::Step(Step::Over));
    notebook.run("\n-- what it does\nlocal a = 1\nlocal b = 2");
    let stops = script.take_stops();
    assert_eq!(
        stops
            .iter()
            .map(|stop| (stop.reason, stop.line))
            .collect::<Vec<_>>(),
        [(Reason::Entry, 3), (Reason::Step, 4)]
    );
    script.on_stop(|_, _| Resume::Continue);
    notebook.run("local a = 1");
    assert!(script.lines().is_empty());
}

#[test]
fn an_interrupt_ends_a_cell_that_has_stopped() {
    let (mut notebook, script) = debugged();
    script.break_at(&cell(1), 1);
    script.break_at(&cell(2), 1);
    let interrupt = notebook.interrupt.clone();
    script.on_stop(move |_, _| {
        interrupt.raise();
        Resume::Interrupt
    });
    let failure = notebook.fail("pcall(function() local a = 1 end) print 'no'");
    assert_eq!(failure.kind, FailureKind::Interrupted);
    assert_eq!(script.lines(), [1]);
    notebook.interrupt.clear();
    script.on_stop(|_, _| Resume::Continue);
    notebook.run("local a = 1");
    assert_eq!(script.lines(), [1]);
}
