//! `debug.sethook` of the user's own.

use super::script::{cell, debugged};

const COUNTED: &str = "local lines = 0\ndebug.sethook(function() lines = lines + 1 end, 'l')\nlocal a = 1\nlocal b = 2\nlocal h, mask = debug.gethook()\ndebug.sethook()\nassert(type(h) == 'function' and mask == 'l', mask)\nassert(debug.gethook() == nil)\nreturn lines";

#[test]
fn a_hook_works_while_the_debugger_needs_none() {
    let (mut notebook, script) = debugged();
    let lines = notebook.value(COUNTED);
    assert_eq!(lines.as_deref(), Some("4"));
    script.break_at("file that nobody loads", 1);
    assert_eq!(notebook.value(COUNTED), lines);
}

#[test]
fn a_hook_gives_way_to_breakpoints_and_comes_back() {
    let (mut notebook, script) = debugged();
    script.break_at(&cell(1), 4);
    notebook.run(COUNTED);
    assert_eq!(script.lines(), [4]);
    script.break_at(&cell(2), 4);
    let clears = script.clone();
    script.on_stop(move |_, _| {
        clears.clear();
        perilune_language::debug::Resume::Continue
    });
    let lines = notebook.value(COUNTED).unwrap();
    assert_eq!(script.lines(), [4]);
    assert_eq!(lines, "2");
}
