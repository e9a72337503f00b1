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

#[test]
fn a_statement_of_several_lines_stops_once_at_its_first_line() {
    let (mut notebook, script) = debugged();
    script.break_at(&cell(1), 1);
    notebook.run("local t = math.max(1,\n  2,\n  3)\nreturn t");
    assert_eq!(script.lines(), [1]);
}

#[test]
fn a_loop_stops_at_each_round() {
    let (mut notebook, script) = debugged();
    script.break_at(&cell(1), 2);
    notebook.run("for i = 1, 3 do\n  local x = i\nend");
    assert_eq!(script.lines(), [2, 2, 2]);
    script.break_at(&cell(2), 1);
    notebook.run("for i = 1, 3 do x = i end");
    assert_eq!(script.lines().len(), 3);
}

#[test]
fn a_breakpoint_stops_in_a_function_of_an_earlier_cell() {
    let (mut notebook, script) = debugged();
    notebook.run("function double(x)\n  local y = 2 * x\n  return y\nend");
    script.break_at(&cell(1), 2);
    notebook.run("double(double(1))");
    assert_eq!(script.lines(), [2, 2]);
}

#[test]
fn a_breakpoint_stops_in_recursion_behind_protected_calls_and_in_callbacks() {
    let (mut notebook, script) = debugged();
    script.break_at(&cell(1), 2);
    notebook.run(
        "local function f(n)\n  local m = n\n  if m > 0 then return f(m - 1) + 1 end\n  return 0\nend
         f(2)
         pcall(f, 0)
         pcall(pcall, function() f(0) error 'x' end)
         table.sort({3, 1, 2}, function(a, b) f(0) return a < b end)
         ;('x'):gsub('x', function() f(0) end)",
    );
    assert!(script.lines().len() > 3 + 1 + 1 + 2);
}

#[test]
fn the_kernels_own_code_around_a_cell_stops_nowhere() {
    let (mut notebook, script) = debugged();
    for line in 1..=4 {
        script.break_at(&cell(1), line);
    }
    notebook.run("local a <const>, b <const> = 1, 2\nlocal c <const> = 'x'\nlocal function f() return a end\na + f()");
    let lines = script.lines();
    assert_eq!(lines, [1, 2, 3, 4, 3], "{lines:?}");
}

#[test]
fn the_first_line_of_a_cell_that_is_a_functions_stops_too() {
    let (mut notebook, script) = debugged();
    script.break_at(&cell(1), 1);
    script.break_at(&cell(1), 4);
    notebook.run("function f()\n  return 1\nend\nfunction g()\n  return f()\nend\ng()");
    assert_eq!(script.lines(), [1, 4]);
}

#[test]
fn lines_end_as_lua_has_it() {
    for end in ["\n", "\r\n", "\r", "\n\r"] {
        let (mut notebook, script) = debugged();
        for line in 1..=3 {
            script.break_at(&cell(1), line);
        }
        notebook.run(&["x = 1", "y = 2", "z = 3", ""].join(end));
        assert_eq!(script.lines(), [1, 2, 3], "{end:?}");
    }
}

#[test]
fn breakpoints_change_while_code_runs() {
    let (mut notebook, script) = debugged();
    script.break_at(&cell(1), 2);
    let changes = script.clone();
    script.on_stop(move |stop, _| {
        if stop.line == 2 {
            changes.clear();
            changes.break_at(&cell(1), 6);
        }
        perilune_language::debug::Resume::Continue
    });
    // The breakpoint of line 6 is in a call that has begun.
    notebook.run("local function f()\n  local x = 1\n  return x\nend\nf()\nlocal y = f()\nf()");
    assert_eq!(script.lines(), [2, 6]);
}

#[test]
fn nothing_stops_when_nobody_debugs_any_more() {
    let (mut notebook, script) = debugged();
    script.break_at(&cell(1), 2);
    let turns = script.clone();
    script.on_stop(move |_, _| {
        turns.turn(false);
        perilune_language::debug::Resume::Step(perilune_language::debug::Step::In)
    });
    notebook.run("for i = 1, 3 do\n  local x = i\nend");
    assert_eq!(script.lines(), [2]);
}
