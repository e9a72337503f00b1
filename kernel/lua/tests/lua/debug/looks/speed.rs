//! How long looks take.

use std::time::Instant;

use perilune_language::debug::{Part, ThreadId};

use super::super::script::{cell, debugged};
use super::stopped_in;

#[test]
fn the_variables_of_a_stop_are_there_within_milliseconds() {
    let (mut notebook, script) = debugged();
    notebook.run("for i = 1, 2000 do _G['global' .. i] = {i} end\nbig = {} for i = 1, 1000000 do big[i] = i end");
    let code = "local t, s = big, ('x'):rep(10000000)
local function f(a, b)
  local c = {a, b, t}
  return c
end
return f(1, 2)";
    let took = stopped_in(&mut notebook, &script, code, 4, |look| {
        let times = (0..5).map(|_| {
            let began = Instant::now();
            let frames = look.paused.frames(ThreadId::MAIN, 0, Some(20)).unwrap();
            let scopes = look.paused.scopes(frames.frames[0].id).unwrap();
            for scope in &scopes[..2] {
                look.paused
                    .variables(scope.holder, Part::default())
                    .unwrap();
            }
            look.paused.threads();
            began.elapsed()
        });
        times.min().unwrap()
    });
    assert!(took.as_millis() < 5, "{took:?}");
}

#[test]
fn a_condition_is_cheap_enough_for_a_loop() {
    let (mut notebook, script) = debugged();
    script.break_with(&cell(1), 3, |breakpoint| {
        breakpoint.condition = Some("i * 2 == n".into());
    });
    let began = Instant::now();
    notebook.run("local s, n = 0, 20000\nfor i = 1, n do\n  s = s + i\nend");
    assert_eq!(script.lines(), [3]);
    assert!(began.elapsed().as_secs() < 20);
}
