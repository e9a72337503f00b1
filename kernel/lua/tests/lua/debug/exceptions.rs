//! Breakpoints on errors.

use std::sync::Arc;

use perilune_language::debug::{Exceptions, Reason};

use super::script::{Script, debugged};
use crate::notebook::Notebook;

fn watching(caught: bool, uncaught: bool) -> (Notebook, Arc<Script>) {
    let (notebook, script) = debugged();
    script.wish(|wishes| {
        wishes.exceptions = Exceptions {
            caught: caught.then_some(None),
            uncaught: uncaught.then_some(None),
        };
    });
    (notebook, script)
}

#[test]
fn an_error_that_ends_its_cell_stops_where_it_was_raised() {
    let (mut notebook, script) = watching(false, true);
    let failure = notebook.fail("local function f()\n  local x = nil\n  return x.y\nend\nf()");
    let stops = script.take_stops();
    assert_eq!(stops.len(), 1, "{stops:?}");
    assert_eq!((stops[0].reason, stops[0].line), (Reason::Exception, 3));
    assert!(
        stops[0]
            .text
            .as_deref()
            .unwrap()
            .contains("attempt to index")
    );
    assert!(failure.message.contains("attempt to index"));
    notebook.run("pcall(error, 'x') pcall(function() error 'x' end)");
    assert!(script.lines().is_empty());
}

#[test]
fn an_error_that_is_caught_stops_where_it_was_raised() {
    let (mut notebook, script) = watching(true, false);
    let code = "local function f()\n  error 'x'\nend\nassert(not pcall(f))
assert(not xpcall(f, function(e) return e end))
assert(not xpcall(f, debug.traceback))
assert(not coroutine.resume(coroutine.create(f)))
assert(not pcall(coroutine.wrap(f)))";
    notebook.run(code);
    assert_eq!(script.lines(), [2; 5]);
    notebook.fail("local x = nil + 1");
    assert!(script.lines().is_empty());
}

#[test]
fn an_error_says_its_message_or_is_shown_and_runs_nothing_for_that() {
    let (mut notebook, script) = watching(true, false);
    for (error, text) in [
        ("'word', 0", "word"),
        ("42", "42"),
        ("nil", "nil (the error has no value)"),
        ("{message = 'lost', code = 5}", "lost"),
        (
            "{code = 5, host = 'example.org'}",
            "{code = 5, host = \"example.org\"}",
        ),
        ("{message = '', 7}", "{7, message = \"\"}"),
        ("{message = {}}", "{message = {}}"),
        (
            "setmetatable({code = 5}, {__name = 'Timeout', __tostring = function() ran = true end})",
            "{code = 5}",
        ),
        ("true", "true"),
    ] {
        notebook.run(&format!("local _ = pcall(function() error({error}) end)"));
        let stops = script.take_stops();
        assert_eq!(stops.len(), 1, "{error}: {stops:?}");
        assert_eq!(stops[0].text.as_deref(), Some(text), "{error}");
    }
    assert_eq!(notebook.value("ran").as_deref(), Some("nil"));
}

#[test]
fn an_error_that_goes_through_coroutines_stops_once() {
    let (mut notebook, script) = watching(true, true);
    notebook.fail("local f = coroutine.wrap(function()\n  coroutine.wrap(function()\n    error 'x'\n  end)()\nend)\nf()");
    assert_eq!(script.lines(), [3]);
    notebook.run("pcall(coroutine.wrap(function()\n  error {}\nend))");
    assert_eq!(script.lines(), [2]);
}

#[test]
fn handlers_see_the_stack_as_without_a_debugger() {
    let code = "local seen\nlocal function f() error 'x' end
xpcall(f, function(e) seen = debug.getinfo(2, 'n').name .. (debug.getinfo(3, 'n').name or '?') return e end)
local _, trace = xpcall(f, debug.traceback)
return seen .. trace";
    let (mut plain, _) = debugged();
    let (mut notebook, script) = watching(true, true);
    assert_eq!(notebook.value(code), plain.value(code));
    assert_eq!(script.lines().len(), 2);
}

#[test]
fn a_stack_that_overflows_breaks_nothing() {
    let (mut notebook, script) = watching(true, true);
    notebook.run("local function f() return 1 + f() end\nassert(not pcall(f))");
    notebook.run("local function g() pcall(g) end\ng()");
    script.take_stops();
    let failure = notebook.fail("local function f() return 1 + f() end\nf()");
    assert!(failure.message.contains("stack overflow"), "{failure}");
    assert_eq!(notebook.value("1 + 1").as_deref(), Some("2"));
}
