//! Coroutines, as threads.

use perilune_language::debug::Step::{In, Out, Over};
use perilune_language::debug::ThreadId;

use super::script::{cell, debugged, steps};

#[test]
fn a_breakpoint_stops_in_a_coroutine_that_was_made_before_it() {
    let (mut notebook, script) = debugged();
    notebook.run("co = coroutine.create(function()\n  coroutine.yield(1)\n  local x = 2\n  return x\nend)\ncoroutine.resume(co)");
    script.break_at(&cell(1), 3);
    notebook.run("coroutine.resume(co)");
    let stops = script.take_stops();
    assert_eq!(stops.len(), 1);
    assert_eq!(stops[0].line, 3);
    assert_ne!(stops[0].thread, ThreadId::MAIN);
}

#[test]
fn a_breakpoint_is_met_in_wrapped_coroutines_and_behind_them() {
    let (mut notebook, script) = debugged();
    script.break_at(&cell(1), 2);
    script.break_at(&cell(1), 5);
    notebook.run("local g = coroutine.wrap(function()\n  for i = 1, 2 do coroutine.yield(i) end\nend)\nfor i = 1, 2 do\n  local x = g()\nend");
    let lines = script.lines();
    assert_eq!(
        lines.iter().filter(|line| **line == 5).count(),
        2,
        "{lines:?}"
    );
    assert!(lines.contains(&2), "{lines:?}");
}

const GENERATOR: &str = "local g = coroutine.wrap(function()\n  local a = 1\n  coroutine.yield(a)\n  a = a + 1\n  coroutine.yield(a)\nend)\nlocal x = g()\nlocal y = g()\nprint(x, y)";

#[test]
fn a_step_over_a_resume_stays_where_it_is() {
    assert_eq!(steps(GENERATOR, 7, &[Over, Over]), [7, 8, 9]);
}

#[test]
fn a_step_in_goes_into_a_coroutine_and_back() {
    assert_eq!(
        steps(GENERATOR, 7, &[In, In, In, In, In]),
        [7, 2, 3, 8, 4, 5]
    );
}

#[test]
fn a_step_over_a_yield_goes_on_where_it_is_resumed_from() {
    assert_eq!(steps(GENERATOR, 3, &[Over, Over]), [3, 8, 9]);
    assert_eq!(steps(GENERATOR, 2, &[Out]), [2, 8]);
}

#[test]
fn a_step_out_of_a_coroutine_that_fails_ends_where_it_is_caught() {
    let code = "local co = coroutine.create(function()\n  local x = 1\n  error 'x'\nend)\nlocal ok = coroutine.resume(co)\nprint(ok)";
    assert_eq!(steps(code, 3, &[Over]), [3, 6]);
    assert_eq!(steps(code, 2, &[Out]), [2, 6]);
}

#[test]
fn coroutines_are_threads_with_stacks_of_their_own() {
    let (mut notebook, script) = debugged();
    script.break_at(&cell(1), 2);
    script.on_stop(|_, paused| {
        let threads = paused.threads();
        assert_eq!(threads.len(), 2, "{threads:?}");
        let main = paused.frames(ThreadId::MAIN, 0, None).unwrap();
        assert_eq!(main.frames[0].line, 4);
        let coroutine = paused.frames(threads[1].id, 0, None).unwrap();
        assert_eq!(coroutine.frames[0].line, 2);
        perilune_language::debug::Resume::Continue
    });
    notebook.run("local g = coroutine.wrap(function()\n  local a = 1\nend)\ng()");
    assert_eq!(script.lines(), [2]);
}
