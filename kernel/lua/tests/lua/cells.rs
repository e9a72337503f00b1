//! What cells are, to the people who write them.

use crate::notebook::Notebook;
use perilune_language::FailureKind;

#[test]
fn the_last_expression_is_shown() {
    let mut notebook = Notebook::new();
    assert_eq!(notebook.value("x = 41\nx + 1").as_deref(), Some("42"));
    assert_eq!(
        notebook
            .value("local t = {1,\n 2}\n{\n  t[1],\n  t[2],\n}")
            .as_deref(),
        Some("{1, 2}")
    );
    assert_eq!(
        notebook.value("1, 'two', nil").as_deref(),
        Some("1, \"two\", nil")
    );
    assert_eq!(notebook.value("return 7, 8").as_deref(), Some("7, 8"));
    assert_eq!(
        notebook.value("if x then return 'early' end").as_deref(),
        Some("\"early\"")
    );
    assert_eq!(notebook.value("math.max(3, 4)").as_deref(), Some("4"));
    assert_eq!(notebook.value("nothing").as_deref(), Some("nil"));
    assert_eq!(notebook.value("#'abc' -- a comment").as_deref(), Some("3"));
}

#[test]
fn what_has_no_value_or_is_silenced_shows_nothing() {
    let mut notebook = Notebook::new();
    for code in [
        "",
        "-- nothing",
        "x = 1",
        "print()",
        "x;",
        "math.max(1, 2);;",
        "return",
        "return 1;",
    ] {
        assert_eq!(notebook.value(code), None, "{code}");
    }
}

#[test]
fn locals_are_shared_with_later_cells() {
    let mut notebook = Notebook::new();
    notebook.run("local x = 1; function inc() x = x + 1 end");
    assert_eq!(notebook.output("inc(); print(x)"), "2\n");
    notebook.run("local x = 'new'");
    assert_eq!(notebook.output("inc() print(x)"), "new\n");
    notebook.run("local function f(n) return n == 0 and 'done' or f(n - 1) end");
    assert_eq!(notebook.value("f(3)").as_deref(), Some("\"done\""));
    notebook.run("x = 'assigned' function get() return x end");
    assert_eq!(
        notebook.value("get(), _G.x").as_deref(),
        Some("\"assigned\", nil")
    );
}

#[test]
fn locals_are_there_on_the_last_line() {
    let mut notebook = Notebook::new();
    assert_eq!(notebook.output("local s='x'\nprint(s)"), "x\n");
    assert_eq!(
        notebook
            .value("local t = {3, 1, 2}\ntable.sort(t)\nt")
            .as_deref(),
        Some("{1, 2, 3}")
    );
}

#[test]
fn locals_of_a_cell_that_failed_or_returned_early_live_on() {
    let mut notebook = Notebook::new();
    notebook.fail("local kept = 1\nerror('x')\nlocal never = 2");
    assert_eq!(notebook.value("kept, never").as_deref(), Some("1, nil"));
    notebook.run("local early = 1 do return end");
    assert_eq!(notebook.value("early").as_deref(), Some("1"));
}

#[test]
fn constants_stay_constant_and_closed_variables_end_with_their_cell() {
    let mut notebook = Notebook::new();
    notebook.run("local N <const>, t <const> = 10, {1}");
    assert_eq!(notebook.value("N, t[1]").as_deref(), Some("10, 1"));
    let failure = notebook.fail("N = 11");
    assert_eq!(failure.kind, FailureKind::Syntax);
    assert!(
        failure
            .message
            .contains("attempt to assign to const variable 'N'"),
        "{failure}"
    );
    let output = notebook.output(
        "local c <close> = setmetatable({}, {__close = function() print('closed') end})\nprint('body')",
    );
    assert_eq!(output, "body\nclosed\n");
    assert_eq!(notebook.value("c").as_deref(), Some("nil"));
}

#[test]
fn there_is_no_limit_to_locals_over_many_cells() {
    let mut notebook = Notebook::new();
    for index in 0..1_000 {
        notebook.run(&format!("local v{index} = {index}"));
    }
    let sum: Vec<_> = (0..240).map(|index| format!("v{index}")).collect();
    let expected = (0..240).sum::<i32>().to_string();
    assert_eq!(notebook.value(&sum.join(" + ")), Some(expected));
    assert_eq!(notebook.value("v999").as_deref(), Some("999"));
}

#[test]
fn code_cannot_break_out_of_its_cell() {
    let mut notebook = Notebook::new();
    for code in [
        "1 end print('INJ') do return 2",
        "end print('INJ') function f()",
        "x) print('INJ'",
    ] {
        let failure = notebook.fail(code);
        assert_eq!(failure.kind, FailureKind::Syntax, "{code}");
        assert_eq!(notebook.take_output(), "");
    }
    let failure = notebook.fail("\x1bLua");
    assert_eq!(failure.kind, FailureKind::Syntax);
}

#[test]
fn bytes_of_every_kind_are_fine() {
    let mut notebook = Notebook::new();
    assert_eq!(notebook.value("s = 'a\0b'\r\n#s").as_deref(), Some("3"));
    assert_eq!(notebook.value("\u{feff}1 -- x").as_deref(), Some("1"));
    assert_eq!(
        notebook.value("#!/usr/bin/env lua\n2").as_deref(),
        Some("2")
    );
    assert_eq!(notebook.output_bytes("print('\\xff\\0')"), b"\xff\0\n");
    let failure = notebook.fail("x = 1\r\n\r\ny = nil + 1");
    assert!(failure.message.starts_with("cell[5]:3: "), "{failure}");
}

#[test]
fn an_environment_of_its_own_ends_with_its_cell() {
    let mut notebook = Notebook::new();
    notebook.run("local _ENV = {}; x = 1");
    assert_eq!(notebook.value("x").as_deref(), Some("nil"));
}
