//! Steps.

use perilune_language::debug::Step::{In, Out, Over};

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
