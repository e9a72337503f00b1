//! Steps.

use perilune_language::debug::Resume;
use perilune_language::debug::Step::{In, Into, Out, Over};

use super::script::steps;

#[test]
fn a_step_over_ends_at_the_next_line() {
    let code = "local function f()\n  return 1\nend\nlocal a = f()\nlocal b = 2\nprint(b)";
    assert_eq!(steps(code, 4, &[Over, Over, Over]), [4, 5, 6]);
}

#[test]
fn a_step_in_goes_into_what_is_called_and_back_to_the_caller() {
    let code = "local function f()\n  return 1\nend\nlocal a = 1 + f()\nlocal b = 2\nprint(b)";
    assert_eq!(steps(code, 4, &[In, In, In]), [4, 2, 4, 5]);
}

#[test]
fn a_step_out_ends_behind_the_call() {
    let code = "local function f()\n  local x = 1\n  return x\nend\nlocal a = 1 + f()\nprint(b)";
    assert_eq!(steps(code, 2, &[Out, Over]), [2, 5, 6]);
}

#[test]
fn steps_go_through_a_cell_line_by_line_and_end_with_it() {
    let code = "local a <const> = 1\nlocal b = 2\nif b > a then\n  b = a\nend\nb";
    assert_eq!(steps(code, 1, &[Over; 8]), [1, 2, 3, 4, 6]);
    assert_eq!(steps(code, 1, &[In; 8]), [1, 2, 3, 4, 6]);
}

#[test]
fn a_statement_of_several_lines_is_not_gone_through_backwards() {
    let code = "local t = 0\nt = math.max(1,\n  t,\n  3)\nprint(t)";
    assert_eq!(steps(code, 1, &[Over; 5]), [1, 2, 3, 4, 5]);
}

#[test]
fn what_keeps_a_local_for_later_cells_is_no_place_to_stop_at() {
    let code = "local function f(x)\n  return x\nend\nlocal a = f(\n  f(1)\n)\nlocal b = f(\n  2\n) print(b)\nlocal c <const> = 1\nprint(c)";
    assert_eq!(steps(code, 4, &[Over; 5]), [4, 5, 7, 9, 10, 11]);
    assert_eq!(steps(code, 2, &[Out, Over]), [2, 4, 7]);
}

#[test]
fn a_function_that_is_declared_is_one_line() {
    let code = "function f()\n  return 1\nend\nlocal M = {}\nfunction M.g()\n  return 1 + f()\nend\nfunction M:h() return 3\nend local x = M.g()\nprint(x)";
    assert_eq!(steps(code, 1, &[Over; 6]), [1, 4, 5, 8, 9, 10]);
    assert_eq!(steps(code, 2, &[Out, Out]), [2, 6, 10]);
    let code =
        "local function f()\n  return 1\nend\nf()\nfunction g()\n  return 2\nend\nprint(g())";
    assert_eq!(steps(code, 2, &[Out, Over]), [2, 5, 8]);
    // Its last line is that of its end.
    let code = "function g()\n  x = 2\nend\ng()\nprint(x)";
    assert_eq!(steps(code, 3, &[Over]), [3, 5]);
}

#[test]
fn a_step_over_recursion_stays_in_its_call() {
    let code = "local function f(n)\n  if n == 0 then return 0 end\n  local r = f(n - 1)\n  return r + 1\nend\nlocal x = f(3)\nprint(x)";
    assert_eq!(steps(code, 2, &[Over; 4]), [2, 3, 4, 7]);
}

#[test]
fn a_step_over_a_tail_call_ends_behind_it() {
    let code = "local function g(n)\n  local m = n\n  return m\nend\nlocal function f(...)\n  return g(...)\nend\nlocal x = f(1)\nprint(x)";
    assert_eq!(steps(code, 6, &[Over, Over]), [6, 9]);
    assert_eq!(steps(code, 6, &[In, In, In]), [6, 2, 3, 9]);
    assert_eq!(steps(code, 2, &[Out]), [2, 9]);
}

#[test]
fn a_step_over_an_error_ends_where_it_is_caught() {
    let code = "local function f()\n  error 'x'\nend\nlocal ok = pcall(f)\nprint(ok)";
    assert_eq!(steps(code, 2, &[Over]), [2, 5]);
    assert_eq!(steps(code, 2, &[In]), [2, 5]);
    assert_eq!(steps(code, 2, &[Out]), [2, 5]);
    assert_eq!(steps(code, 4, &[Over]), [4, 5]);
}

#[test]
fn a_step_out_of_a_callback_ends_where_lua_goes_on() {
    let code = "local t = {2, 1}\ntable.sort(t, function(a, b)\n  return a < b\nend)\nprint(t[1])";
    assert_eq!(steps(code, 3, &[Out]), [3, 5]);
    assert_eq!(steps(code, 3, &[Over]), [3, 5]);
}

#[test]
fn a_step_in_goes_into_metamethods_and_callbacks() {
    let code = "local t = setmetatable({}, {__index = function(_, k)\n  return k\nend})\nlocal x = t.a\nprint(x)";
    assert_eq!(steps(code, 4, &[In, In]), [4, 2, 5]);
}

#[test]
fn a_step_goes_around_a_loop() {
    let code = "local s = 0\nfor i = 1, 2 do\n  s = s + i\nend\nprint(s)";
    assert_eq!(steps(code, 1, &[Over; 6]), [1, 2, 3, 2, 3, 2, 5]);
}

#[test]
fn a_step_goes_into_that_one_of_the_calls_of_a_line() {
    let code = "local function f(x)\n  return x\nend\nlocal function g(x)\n  return x\nend\nlocal a = f(1) + g(2)\nprint(a)";
    for (call, line) in [("f", 2), ("g", 5)] {
        let (mut notebook, script) = super::script::debugged();
        script.break_at(&super::script::cell(1), 7);
        let clears = script.clone();
        script.on_stop(move |stop, paused| {
            clears.clear();
            if stop.line != 7 {
                return Resume::Continue;
            }
            let frame = paused.frames(stop.thread, 0, Some(1)).unwrap().frames[0].id;
            let targets = paused.step_targets(frame).unwrap();
            let target = targets.iter().find(|target| target.label.starts_with(call));
            Resume::Step(Into(target.unwrap_or_else(|| panic!("{targets:?}")).id))
        });
        notebook.run(code);
        assert_eq!(script.lines(), [7, line], "{call}");
    }
}
