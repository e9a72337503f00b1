//! Conditions, hit counts and logpoints.

use std::sync::Arc;

use perilune_language::FailureKind;
use perilune_language::debug::{Exceptions, HitCondition, LogPiece, Reason};

use super::script::{cell, debugged};

const LOOP: &str = "local t = {}\nfor i = 1, 6 do\n  t[i] = i * i\nend\nreturn #t";

#[test]
fn a_breakpoint_stops_only_where_its_condition_is_true() {
    let (mut notebook, script) = debugged();
    let id = script.break_with(&cell(1), 3, |it| {
        it.condition = Some("i % 2 == 0 and t[1] == 1".into())
    });
    notebook.run(LOOP);
    let stops = script.take_stops();
    assert_eq!(stops.len(), 3);
    assert!(stops.iter().all(|stop| stop.breakpoints == [id]));
}

#[test]
fn hits_are_counted_where_the_condition_is_true() {
    for (hits, stops) in [
        (HitCondition::Equal(2), 1),
        (HitCondition::AtLeast(2), 2),
        (HitCondition::AtMost(2), 2),
        (HitCondition::Multiple(2), 1),
    ] {
        let (mut notebook, script) = debugged();
        let count = Arc::default();
        let counts = Arc::clone(&count);
        script.break_with(&cell(1), 3, |it| {
            it.condition = Some("i > 3".into());
            it.hits = Some(hits);
            it.count = counts;
        });
        notebook.run(LOOP);
        assert_eq!(script.take_stops().len(), stops, "{hits:?}");
        assert_eq!(count.load(std::sync::atomic::Ordering::SeqCst), 3);
    }
}

#[test]
fn a_logpoint_says_something_and_goes_on() {
    let (mut notebook, script) = debugged();
    script.break_with(&cell(1), 3, |it| {
        it.hits = Some(HitCondition::Multiple(3));
        it.log = Some(
            [
                LogPiece::Text("i is ".to_owned()),
                LogPiece::Expression("i".to_owned()),
            ]
            .into(),
        );
    });
    notebook.run(LOOP);
    assert!(script.take_stops().is_empty());
    let logged = script.logged.lock().unwrap();
    let said = |text: &str| (cell(1), 3, text.to_owned());
    assert_eq!(*logged, [said("i is 3"), said("i is 6")]);
}

#[test]
fn a_condition_that_fails_is_told_and_stops() {
    let (mut notebook, script) = debugged();
    script.break_with(&cell(1), 3, |it| {
        it.condition = Some("nothing.here > 1".into())
    });
    script.break_with(&cell(1), 5, |it| it.condition = Some("is no Lua".into()));
    notebook.run(LOOP);
    assert_eq!(script.lines(), [3, 3, 3, 3, 3, 3, 5]);
    let logged = script.logged.lock().unwrap();
    assert_eq!(logged.len(), 7);
    assert!(
        logged[0].2.contains("`nothing.here > 1` failed"),
        "{logged:?}"
    );
    assert_eq!((&*logged[0].0, logged[0].1), (&*cell(1), 3));
}

#[test]
fn a_condition_stops_nothing_itself_and_catches_its_own_errors() {
    let (mut notebook, script) = debugged();
    script.wish(|wishes| {
        wishes.exceptions = Exceptions {
            caught: Some(None),
            uncaught: Some(None),
        };
    });
    script.break_at(&cell(1), 2);
    script.break_with(&cell(2), 1, |it| it.condition = Some("check()".into()));
    notebook.run("function check()\n  local x = 1\n  pcall(error, 'x')\n  return coroutine.wrap(function() return true end)()\nend");
    notebook.run("local a = 1");
    let stops = script.take_stops();
    assert_eq!(stops.len(), 1, "{stops:?}");
    assert_eq!(
        (stops[0].reason, stops[0].source.clone()),
        (Reason::Breakpoint, cell(2))
    );
}

#[test]
fn an_interrupt_ends_a_condition_and_its_cell() {
    let (mut notebook, script) = debugged();
    script.break_with(&cell(1), 1, |it| {
        it.condition = Some("(function() print 'ready' while true do end end)()".into());
    });
    let interrupt = notebook.interrupt.clone();
    notebook.host.on_event(move |_| interrupt.raise());
    let failure = notebook.fail("local a = 1");
    assert_eq!(failure.kind, FailureKind::Interrupted);
    notebook.interrupt.clear();
    script.clear();
    script.break_at(&cell(2), 1);
    script.take_stops();
    notebook.run("local a = 1");
    assert_eq!(script.lines(), [1]);
}

#[test]
fn errors_stop_only_where_the_condition_on_them_is_true() {
    let (mut notebook, script) = debugged();
    script.wish(|wishes| {
        wishes.exceptions.caught = Some(Some("err.code == 2".into()));
        wishes.exceptions.uncaught = Some(Some("tostring(err):find 'two'".into()));
    });
    notebook.run("for i = 1, 3 do\n  pcall(error, {code = i})\nend");
    assert_eq!(script.lines(), [2]);
    notebook.fail("error 'one'");
    assert!(script.lines().is_empty());
    notebook.fail("error 'two'");
    assert_eq!(script.lines(), [1]);
}
