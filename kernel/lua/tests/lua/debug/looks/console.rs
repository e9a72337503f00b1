//! What a console offers beside evaluating: completion, other looks of a value, copies.

use perilune_language::debug::{FrameId, Paused, Refusal};

use super::super::script::debugged;
use super::{at_rest, stopped, stopped_in};
use crate::notebook::Notebook;

fn offered(paused: &mut dyn Paused, frame: Option<FrameId>, code: &str) -> Vec<String> {
    let found = paused.complete(frame, code, code.chars().count());
    found.matches.into_iter().map(|found| found.text).collect()
}

const CODE: &str = "local upvalue = {field = 1, other = 2}
local function f(parameter, ...)
  local point = {x = 1, y = 2, method = function(self) end}
  return point, upvalue
end
f(1)";

#[test]
fn the_frames_variables_are_completed_and_come_first() {
    stopped(CODE, 4, |look| {
        let frame = Some(look.frame);
        assert_eq!(offered(look.paused, frame, "po"), ["point"]);
        assert_eq!(offered(look.paused, frame, "point."), ["method", "x", "y"]);
        assert_eq!(offered(look.paused, frame, "point:"), ["method"]);
        assert_eq!(offered(look.paused, frame, "upvalue.f"), ["field"]);
        assert_eq!(offered(look.paused, frame, "print(para"), ["parameter"]);
        assert_eq!(offered(look.paused, frame, "string.rep"), ["rep"]);
        let all = offered(look.paused, frame, "p");
        assert!(all.contains(&"print".to_owned()), "{all:?}");
        assert_eq!(all[..2], ["parameter", "point"]);
    });
}

#[test]
fn at_rest_globals_and_kept_locals_are_completed() {
    let mut notebook = Notebook::new();
    notebook.run("global_one = {a = 1}\nlocal kept_one = {b = 2}");
    at_rest(&mut notebook, |paused| {
        assert_eq!(offered(paused, None, "global_o"), ["global_one"]);
        assert_eq!(offered(paused, None, "kept_one."), ["b"]);
    });
}

#[test]
fn a_variable_shows_itself_as_a_display_of_it_would() {
    let code = "local picture = setmetatable({}, {__mime = function() return {['text/html'] = '<b>rich</b>', ['text/plain'] = 'plain'} end})
local records = {{a = 1, b = 2}, {a = 3, b = 4}}
local n, nothing = 5, nil
return picture";
    stopped(code, 4, |look| {
        let frame = Some(look.frame);
        let picture = look.paused.rich(frame, "picture").unwrap();
        assert_eq!(picture.data["text/html"], "<b>rich</b>");
        assert_eq!(picture.text(), Some("plain"));
        let records = look.paused.rich(frame, "records").unwrap();
        assert!(records.data.contains_key("text/html"));
        assert_eq!(look.paused.rich(frame, "n").unwrap().text(), Some("5"));
        assert_eq!(
            look.paused.rich(frame, "nothing").unwrap().text(),
            Some("nil")
        );
        assert_eq!(
            look.paused.rich(frame, "records[2].a").unwrap().text(),
            Some("3")
        );
        let unknown = look.paused.rich(frame, "nowhere").unwrap_err();
        assert_eq!(
            unknown,
            Refusal("there is no variable nowhere here".to_owned())
        );
    });
}

#[test]
fn a_look_that_never_ends_is_ended() {
    let code = "local picture = setmetatable({}, {__mime = function() while true do end end})
return 1";
    stopped(code, 2, |look| {
        let Refusal(why) = look.paused.rich(Some(look.frame), "picture").unwrap_err();
        assert!(why.contains("too long"), "{why}");
    });
}

#[test]
fn a_variable_is_copied_to_the_globals() {
    let (mut notebook, script) = debugged();
    notebook.run("local kept, constant <const> = 0, {}");
    stopped_in(&mut notebook, &script, CODE, 4, |look| {
        let frame = Some(look.frame);
        look.paused
            .copy_to_globals(frame, "point", "copied")
            .unwrap();
        look.paused
            .copy_to_globals(frame, "upvalue.other", "kept")
            .unwrap();
        for name in ["no name", "end", "constant", "1"] {
            assert!(
                look.paused.copy_to_globals(frame, "point", name).is_err(),
                "{name}"
            );
        }
    });
    assert_eq!(notebook.value("copied.x, kept").as_deref(), Some("1, 2"));
}
