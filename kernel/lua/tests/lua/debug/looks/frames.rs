//! Frames.

use perilune_language::debug::ScopeKind;

use super::super::script::cell;
use super::{MAIN, stopped};

const NESTED: &str = "local function inner(n)
  local x = n
  return x
end
local Shape = {}
function Shape:area()
  local a = inner(2)
  return a
end
local r = Shape:area()
return r";

#[test]
fn frames_have_the_names_and_lines_of_their_functions() {
    let frames = stopped(NESTED, 3, |look| look.paused.frames(MAIN, 0, None).unwrap());
    let seen: Vec<_> = frames
        .frames
        .iter()
        .map(|frame| (frame.name.as_str(), frame.line))
        .collect();
    assert_eq!(seen, [("inner", 3), ("Shape:area", 7), ("cell[1]", 10)]);
    assert_eq!(frames.total, 3);
    assert!(
        frames
            .frames
            .iter()
            .all(|frame| frame.source.as_deref() == Some(cell(1).as_str()))
    );
}

#[test]
fn a_part_of_the_stack_can_be_asked_for_and_all_of_a_deep_one_is_counted() {
    let code = "local function down(n)
  if n == 0 then
    return 0
  end
  return 1 + down(n - 1)
end
local d = down(20000)";
    let (total, lines) = stopped(code, 3, |look| {
        let part = look.paused.frames(MAIN, 20_000, Some(5)).unwrap();
        let lines: Vec<_> = part.frames.iter().map(|frame| frame.line).collect();
        (part.total, lines)
    });
    assert_eq!(total, 20_002);
    assert_eq!(lines, [5, 7]);
}

#[test]
fn the_innermost_frame_is_at_its_line_and_the_others_are_at_their_calls() {
    let columns = stopped(NESTED, 3, |look| {
        let frames = look.paused.frames(MAIN, 0, None).unwrap().frames;
        frames.iter().map(|frame| frame.column).collect::<Vec<_>>()
    });
    assert_eq!(columns, [3, 13, 11]);
    let wide = "local function f()\n  return 1\nend\nlocal s = 'é𝄞' .. f()";
    let column = stopped(wide, 2, |look| {
        look.paused.frames(MAIN, 1, None).unwrap().frames[0].column
    });
    assert_eq!(column, 20);
}

#[test]
fn a_step_can_go_into_the_calls_of_the_line_that_are_to_be_done() {
    let code = "local function f(x) return x end
local t = {m = function(self, x) return x end}
local r = f(f(1)) + t:m(f(2)) .. string.rep('x', 2)
return r";
    let targets = stopped(code, 3, |look| {
        look.paused.step_targets(look.frame).unwrap()
    });
    let labels: Vec<_> = targets.iter().map(|target| target.label.as_str()).collect();
    assert_eq!(
        labels,
        ["f(1)", "f(f(1))", "f(2)", "t:m(f(2))", "string.rep('x', 2)"]
    );
    assert!(targets.iter().all(|target| target.line == 3));
    let columns: Vec<_> = targets.iter().map(|target| target.column).collect();
    assert_eq!(columns, [13, 11, 25, 21, 34]);
    let mut ids: Vec<_> = targets.iter().map(|target| target.id).collect();
    ids.dedup();
    assert_eq!(ids.len(), 5);
}

#[test]
fn a_frame_has_its_locals_its_upvalues_and_the_globals() {
    let kinds = stopped(NESTED, 8, |look| {
        let scopes = look.paused.scopes(look.frame).unwrap();
        scopes.iter().map(|scope| scope.kind).collect::<Vec<_>>()
    });
    assert_eq!(
        kinds,
        [ScopeKind::Locals, ScopeKind::Upvalues, ScopeKind::Globals]
    );
}

#[test]
fn frames_that_are_asked_for_again_have_other_ids_and_the_first_ones_still_stand() {
    stopped(NESTED, 3, |look| {
        let first = look.paused.frames(MAIN, 0, None).unwrap().frames[0].id;
        let second = look.paused.frames(MAIN, 0, None).unwrap().frames[0].id;
        assert_ne!(first, second);
        assert!(look.paused.scopes(first).is_ok());
        assert!(look.paused.scopes(second).is_ok());
    });
}
