//! Breakpoints on lines.

use perilune_language::debug::Reason;

use super::script::{cell, debugged};

#[test]
fn a_breakpoint_stops_before_its_line() {
    let (mut notebook, script) = debugged();
    let id = script.break_at(&cell(1), 2);
    notebook.run("local a = 1\nlocal b = 2\nprint(a + b)");
    let stops = script.take_stops();
    assert_eq!(stops.len(), 1, "{stops:?}");
    assert_eq!(
        (stops[0].reason, stops[0].line, stops[0].source.clone()),
        (Reason::Breakpoint, 2, cell(1))
    );
    assert_eq!(stops[0].breakpoints, [id]);
}

#[test]
fn a_breakpoint_on_the_first_line_stops_once() {
    let (mut notebook, script) = debugged();
    for number in 1..=3 {
        script.break_at(&cell(number), 1);
    }
    notebook.run("local a = 1");
    assert_eq!(script.lines(), [1]);
    notebook.run("a = a + 1");
    assert_eq!(script.lines(), [1]);
    notebook.run("a");
    assert_eq!(script.lines(), [1]);
}
