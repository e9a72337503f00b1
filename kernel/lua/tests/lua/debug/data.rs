//! Breakpoints on data.

use std::sync::{Arc, Mutex};

use perilune_language::debug::{DataBreakpoint, Reason, Resume};

use super::script::{Script, cell, debugged};
use crate::notebook::Notebook;

/// Stops at a line, watches an expression from there, and lets code go on.
fn watch(script: &Arc<Script>, line: u32, expression: &'static str) {
    script.break_at(&cell(1), line);
    let wishes = Arc::clone(script);
    let done = Mutex::new(false);
    script.on_stop(move |stop, paused| {
        if std::mem::replace(&mut *done.lock().unwrap(), true) {
            return Resume::Continue;
        }
        let frame = paused.frames(stop.thread, 0, Some(1)).unwrap().frames[0].id;
        let target = paused.data_target(None, Some(frame), expression).unwrap();
        wishes.wish(|wishes| {
            wishes.lines.clear();
            wishes.data.push(DataBreakpoint {
                id: 9,
                data: Arc::from(target.data.as_str()),
                condition: None,
                hits: None,
                count: Arc::default(),
            });
        });
        Resume::Continue
    });
}

/// The lines where what is watched has changed, and how.
fn changes(code: &str, line: u32, expression: &'static str) -> Vec<(u32, String)> {
    let (mut notebook, script) = debugged();
    watch(&script, line, expression);
    notebook.run(code);
    told(&script)
}

fn told(script: &Script) -> Vec<(u32, String)> {
    let stops = script.take_stops();
    let data = stops
        .into_iter()
        .filter(|stop| stop.reason == Reason::DataBreakpoint);
    data.map(|stop| {
        assert_eq!(stop.breakpoints, [9]);
        (stop.line, stop.text.unwrap())
    })
    .collect()
}

fn is(found: &[(u32, String)], expected: &[(u32, &str)]) {
    let found: Vec<_> = found
        .iter()
        .map(|(line, text)| (*line, text.as_str()))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn a_field_that_changes_stops_at_the_line_that_changed_it() {
    let code =
        "local t = {x = 1}\nlocal u = 0\nt.x = 2\nu = t.x\nt.x = 2\nt.y = 5\nt.x = 'new'\nu = 1";
    let expected = [(3, "changed from 1 to 2"), (7, "changed from 2 to \"new\"")];
    is(&changes(code, 2, "t.x"), &expected);
}

#[test]
fn it_does_not_matter_who_changes_a_field() {
    let code = "local t = {1}
local u = 0
rawset(t, 1, 2)
table.insert(t, 1, 3)
local function set(v)
  t[1] = v
end
set(4)
pcall(function()
  t[1] = 5 error 'x' end)
local g = coroutine.wrap(function()
  coroutine.yield()
  t[1] = 6
end) g()
g()
return t";
    let lines: Vec<u32> = changes(code, 2, "t[1]")
        .into_iter()
        .map(|(line, _)| line)
        .collect();
    assert_eq!(lines, [3, 4, 6, 10, 13]);
}

#[test]
fn globals_and_locals_and_upvalues_are_watched() {
    let code = "x = 1\nlocal u = 0\nx = 2\n_G.x = 3\nu = 1";
    let expected = [(3, "changed from 1 to 2"), (4, "changed from 2 to 3")];
    is(&changes(code, 2, "x"), &expected);
    let code = "local function f(a)\n  local b = a\n  b = b + 1\n  do local c = 5 end\n  return b\nend\nf(1)\nf(2)";
    is(&changes(code, 3, "b"), &[(3, "changed from 1 to 2")]);
    let code =
        "local n = 0\nlocal function count()\n  n = n + 1\n  return n\nend\ncount()\ncount()";
    let expected = [(3, "changed from 0 to 1"), (3, "changed from 1 to 2")];
    is(&changes(code, 3, "n"), &expected);
}

#[test]
fn a_loop_on_one_line_stops_at_each_change() {
    let code = "local t = {n = 0}\nlocal u = 0\nfor i = 1, 3 do t.n = t.n + i % 2 end\nu = 1";
    let expected = [(3, "changed from 0 to 1"), (3, "changed from 1 to 2")];
    is(&changes(code, 2, "t.n"), &expected);
}

#[test]
fn what_is_gone_stops_nothing() {
    let code = "local t = {n = 0}\nlocal u = 0\nt = nil\ncollectgarbage() collectgarbage()\nu = 1";
    is(&changes(code, 2, "t.n"), &[]);
}

#[test]
fn what_is_watched_is_watched_in_later_cells() {
    let (mut notebook, script): (Notebook, _) = debugged();
    watch(&script, 2, "t.n");
    notebook.run("t = {n = 0}\nlocal u = 0");
    notebook.run("local v = 1\nt.n = v");
    is(&told(&script), &[(2, "changed from 0 to 1")]);
}
