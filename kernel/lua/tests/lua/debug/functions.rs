//! Breakpoints on functions.

use std::sync::Arc;

use perilune_language::debug::{FunctionBreakpoint, HitCondition, Reason};

use super::script::{Script, cell, debugged};

fn break_at(script: &Script, name: &str, hits: Option<HitCondition>) {
    script.wish(|wishes| {
        wishes.functions.push(FunctionBreakpoint {
            id: 7,
            name: Arc::from(name),
            condition: None,
            hits,
            count: Arc::default(),
        });
    });
}

#[test]
fn a_function_stops_at_its_first_line_by_the_name_it_was_declared_by() {
    for name in ["f", "M.f", "M:f", "M.sub.g", "h"] {
        let (mut notebook, script) = debugged();
        break_at(&script, name, None);
        notebook.run("M = {sub = {}}\nfunction f(a)\n  return a\nend\nfunction M:f(a)\n  return a\nend\nfunction M.sub.g(a)\n  return a\nend\nlocal h = function(a)\n  return a\nend\nlocal x = f\nx(1)\nM:f(1)\nM.sub.g()\nh()");
        let stops = script.take_stops();
        assert_eq!(stops.len(), 1, "{name}: {stops:?}");
        let line = match name {
            "f" => 3,
            "M.f" | "M:f" => 6,
            "M.sub.g" => 9,
            _ => 12,
        };
        assert_eq!(
            (stops[0].reason, stops[0].line),
            (Reason::FunctionBreakpoint, line),
            "{name}"
        );
        assert_eq!(
            (stops[0].source.clone(), stops[0].breakpoints.clone()),
            (cell(1), vec![7])
        );
    }
}

#[test]
fn a_function_of_c_stops_where_it_is_called() {
    let (mut notebook, script) = debugged();
    break_at(&script, "print", None);
    break_at(&script, "string.rep", None);
    notebook.run("local a = 1\nprint(a)\nlocal s = string.rep('x', 3)\nlocal t = ('x'):rep(3)\nlocal u = {rep = function() end}\nu.rep()");
    assert_eq!(script.lines(), [2, 3, 4]);
}

#[test]
fn hits_of_functions_are_counted() {
    let (mut notebook, script) = debugged();
    break_at(&script, "f", Some(HitCondition::Equal(2)));
    notebook.run("function f()\n  n = (n or 0) + 1\nend\nf()\nf()\nf()");
    let stops = script.take_stops();
    assert_eq!(stops.len(), 1);
    assert_eq!(stops[0].depth, 2);
}
