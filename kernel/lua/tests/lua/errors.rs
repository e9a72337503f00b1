//! What a failure says.

use crate::notebook::{Notebook, plain};
use perilune_language::FailureKind;
use perilune_lua::Options;

#[test]
fn an_error_names_its_cell_and_line_and_shows_the_code() {
    let mut notebook = Notebook::new();
    notebook.run("function half(n)\n  if n % 2 == 1 then\n    error('odd: ' .. n)\n  end\n  return n // 2\nend");
    let failure = notebook.fail("x = 1\n\nhalf(3)\ny = 2");
    assert_eq!(failure.kind, FailureKind::Runtime);
    assert_eq!(failure.name, "RuntimeError");
    assert_eq!(failure.message, "cell[1]:3: odd: 3");
    assert_eq!(
        plain(&failure),
        "RuntimeError: cell[1]:3: odd: 3
  cell[1]:3: in function 'half'
      1 | function half(n)
      2 |   if n % 2 == 1 then
  --> 3 |     error('odd: ' .. n)
      4 |   end
      5 |   return n // 2
    with n = 3
  cell[2]:3: in cell[2]
  --> 3 | half(3)"
    );
}

#[test]
fn the_last_call_of_a_cell_keeps_its_cell_in_the_traceback() {
    let mut notebook = Notebook::new();
    notebook.run("function f() error('x', 2) end");
    let failure = notebook.fail("local a = 1\nf()");
    assert_eq!(failure.message, "cell[2]:2: x");
    assert!(
        plain(&failure).ends_with("cell[2]:2: in cell[2]\n  --> 2 | f()"),
        "{}",
        plain(&failure)
    );
}

#[test]
fn syntax_errors_have_an_excerpt() {
    let mut notebook = Notebook::new();
    let failure = notebook.fail("x = 1\ny = = 2\nz = 3");
    assert_eq!(failure.kind, FailureKind::Syntax);
    assert_eq!(failure.name, "SyntaxError");
    assert_eq!(failure.message, "cell[1]:2: unexpected symbol near '='");
    assert!(
        plain(&failure).contains("--> 2 | y = = 2"),
        "{}",
        plain(&failure)
    );
    assert_eq!(
        notebook.fail("for i = 1").message,
        "cell[2]:1: ',' expected near <eof>"
    );
    assert_eq!(
        notebook.fail("x +").message,
        "cell[3]:1: unexpected symbol near <eof>"
    );
}

#[test]
fn error_values_of_every_kind_are_shown() {
    let mut notebook = Notebook::new();
    let cases = [
        ("error('plain', 0)", "RuntimeError", "plain"),
        ("error()", "RuntimeError", "nil (the error has no value)"),
        ("error({code = 2})", "RuntimeError", "{code = 2}"),
        (
            "error(setmetatable({}, {__tostring = function() return 'mine' end}))",
            "RuntimeError",
            "mine",
        ),
        (
            "error(setmetatable({1}, {__name = 'HttpError'}))",
            "HttpError",
            "{1}",
        ),
        (
            "error(setmetatable({}, {__tostring = function() error('again', 0) end}))",
            "RuntimeError",
            "<error in __tostring: again>",
        ),
        ("error(true)", "RuntimeError", "true"),
    ];
    for (code, name, message) in cases {
        let failure = notebook.fail(code);
        assert_eq!(
            (failure.name.as_str(), failure.message.as_str()),
            (name, message),
            "{code}"
        );
    }
}

#[test]
fn errors_of_coroutines_show_where_they_were_raised() {
    let mut notebook = Notebook::new();
    let failure = notebook
        .fail("local co = coroutine.wrap(function()\n  local x = nil\n  x.y = 1\nend)\nco()");
    let text = plain(&failure);
    assert!(
        failure
            .message
            .contains("cell[1]:3: attempt to index a nil value (local 'x')"),
        "{text}"
    );
    assert!(text.contains("--> 3 |   x.y = 1"), "{text}");
    assert!(text.contains("cell[1]:5: in cell[1]"), "{text}");
}

#[test]
fn a_caught_coroutine_error_leaves_no_trace_in_a_later_one() {
    let mut notebook = Notebook::new();
    let failure =
        notebook.fail("pcall(coroutine.wrap(function() error('caught') end))\nerror('later')");
    assert!(!plain(&failure).contains("resumed"), "{}", plain(&failure));
}

#[test]
fn running_out_of_stack_is_an_error_and_no_end() {
    let mut notebook = Notebook::new();
    let failure = notebook.fail("local function f() return 1 + f() end f()");
    assert!(failure.message.contains("stack overflow"), "{failure}");
    assert!(
        plain(&failure).contains("this call again and again"),
        "{}",
        plain(&failure)
    );
    let failure = notebook.fail("local function f() return (string.gsub('x', 'x', f)) end f()");
    assert!(failure.message.contains("stack overflow"), "{failure}");
    let failure =
        notebook.fail("error(setmetatable({}, {__tostring = function(s) return tostring(s) end}))");
    assert!(failure.message.contains("overflow"), "{failure}");
    notebook.fail("xpcall(error, function() error('in handler') end) local s = nil .. 'x'");
    assert_eq!(notebook.value("1").as_deref(), Some("1"));
}

#[test]
fn running_out_of_memory_can_be_caught_and_survived() {
    let options = Options {
        memory_limit: Some(20 << 20),
        ..Options::default()
    };
    let mut notebook = Notebook::with(options);
    let failure = notebook.fail("local t = {} while true do t[#t + 1] = ('x'):rep(1e5) .. #t end");
    assert_eq!(failure.kind, FailureKind::Memory);
    assert_eq!(
        (failure.name.as_str(), failure.message.as_str()),
        ("MemoryError", "not enough memory")
    );
    assert_eq!(
        notebook.value("pcall(string.rep, 'x', 1e9)").as_deref(),
        Some("false, \"not enough memory\"")
    );
    assert_eq!(
        notebook.fail("s = ('x'):rep(1e9)").kind,
        FailureKind::Memory
    );
    assert_eq!(notebook.output("print('alive')"), "alive\n");
}

#[test]
fn exiting_cannot_be_caught() {
    let mut notebook = Notebook::new();
    for (code, exit) in [
        ("os.exit()", 0),
        ("os.exit(true)", 0),
        ("os.exit(false)", 1),
        ("os.exit(7)", 7),
        ("while true do pcall(os.exit, 3) end", 3),
        (
            "coroutine.wrap(function() xpcall(os.exit, print, 4, true) end)()",
            4,
        ),
    ] {
        let failure = notebook.fail(&format!("{code} print('never')"));
        assert_eq!(failure.kind, FailureKind::Exit(exit), "{code}");
    }
    assert_eq!(notebook.take_output(), "");
}

#[test]
fn frames_of_the_kernel_are_not_shown() {
    let mut notebook = Notebook::new();
    let failure = notebook.fail("pcall(error) local x <const> = 1 local t = nil t.x = x");
    let text = plain(&failure);
    assert_eq!(text.matches("in cell[1]").count(), 1, "{text}");
    assert!(
        !text.contains("perilune") && !text.contains("[C]"),
        "{text}"
    );
}
