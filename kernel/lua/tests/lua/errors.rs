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
    assert!(
        plain(&failure).contains("hint: Lua may use 20 MiB here"),
        "{}",
        plain(&failure)
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

#[test]
fn frames_of_the_library_that_is_written_in_lua_are_not_shown() {
    let mut notebook = Notebook::new();
    notebook.run(
        "local chunk = 'return function(f) local hidden = 1 return (f(hidden)) end'\n\
         each = load(chunk, '=perilune.loops')()",
    );
    let failure = notebook.fail("local seen = 2\neach(function(n)\n  local mine = n.x.y\nend)");
    let text = plain(&failure);
    assert!(!text.contains("perilune"), "{text}");
    assert!(text.contains("with n = 1"), "{text}");
    assert!(text.contains("cell[2]:2: in cell[2]"), "{text}");
    notebook
        .run("check = load('return function(v) error(\"no \" .. v, 2) end', '=perilune.check')()");
    let failure = notebook.fail("local seen = 2\nprint(check(seen))");
    let text = plain(&failure);
    assert_eq!(failure.message, "cell[4]:2: no 2");
    assert!(!text.contains("perilune"), "{text}");
    assert!(
        text.contains("with seen = 2"),
        "the user's own variables: {text}"
    );
    assert!(text.contains("      |       ^^^^^^^^^^^"), "{text}");
}

#[test]
fn showing_variables_runs_no_code_of_theirs() {
    let mut notebook = Notebook::new();
    let failure = notebook.fail(
        "local calls = 0\n\
         local function count() calls = calls + 1 return 'called' end\n\
         local t = setmetatable({}, {__tostring = count, __index = count, __pairs = count, __len = count, __name = count})\n\
         seen = function() return calls end\n\
         error('x')",
    );
    assert!(plain(&failure).contains("t = {}"), "{}", plain(&failure));
    assert_eq!(notebook.value("seen()").as_deref(), Some("0"));
}

#[test]
fn variables_that_are_secret_are_not_shown() {
    let mut notebook = Notebook::new();
    for name in [
        "password",
        "db_password",
        "API_KEY",
        "accessToken",
        "client_secret",
    ] {
        let failure = notebook.fail(&format!(
            "local {name} = 'hunter2'\nlocal plain = {{}}\nerror('x')"
        ));
        let text = plain(&failure);
        assert!(
            !text.contains("with") || !text[text.find("with").unwrap()..].contains("hunter2"),
            "{text}"
        );
        assert!(text.contains("plain = {}"), "{text}");
    }
}

#[test]
fn variables_are_of_the_function_that_failed_also_in_a_coroutine() {
    let mut notebook = Notebook::new();
    let failure = notebook.fail(
        "local outside = 1\nlocal co = coroutine.wrap(function(inside) local x = inside .. nil end)\nco('here')",
    );
    let text = plain(&failure);
    assert!(text.contains("with inside = \"here\""), "{text}");
    assert!(!text.contains("     outside = 1"), "{text}");
    let failure = notebook.fail("local a = 1 do local a = 2 error('x') end");
    let text = plain(&failure);
    assert!(
        text.contains("with a = 2") && !text.contains("     a = 1"),
        "the inner one: {text}"
    );
}

#[test]
fn a_file_that_has_changed_since_it_was_loaded_is_not_taken_for_what_runs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("moving.lua");
    std::fs::write(&path, "return function(t)\n  return t.a.b, 1\nend").unwrap();
    let mut notebook = Notebook::new();
    notebook.run(&format!("moving = dofile('{}')", path.display()));
    let text = plain(&notebook.fail("moving({})"));
    assert!(
        text.contains("  --> 2 |   return t.a.b, 1\n        |          ~~^"),
        "{text}"
    );
    std::fs::write(
        &path,
        "-- a new line\nreturn function(t)\n  return t.a.b, 2\nend",
    )
    .unwrap();
    let text = plain(&notebook.fail("moving({})"));
    assert!(
        text.contains("(the file has changed since it was loaded)"),
        "{text}"
    );
    assert!(!text.contains("~~^"), "{text}");
    std::fs::write(&path, "not lua at all (").unwrap();
    let text = plain(&notebook.fail("moving({})"));
    assert!(
        text.contains("(the file has changed since it was loaded)"),
        "{text}"
    );
    std::fs::remove_file(&path).unwrap();
    let text = plain(&notebook.fail("moving({})"));
    assert!(text.contains("moving.lua:2: in function"), "{text}");
}

#[test]
fn colours_are_plain_ansi_and_end_on_their_line() {
    let mut notebook = Notebook::new();
    let failure = notebook.fail("local t = {}\nprint(1, t.a.b)");
    let coloured = failure.traceback.iter().flat_map(|line| line.lines());
    for line in coloured {
        let mut open = false;
        for code in line.split('\x1b').skip(1) {
            let (code, _) = code.split_once('m').unwrap();
            let code = code.strip_prefix('[').unwrap();
            assert!(
                code.bytes()
                    .all(|byte| byte.is_ascii_digit() || byte == b';'),
                "{line:?}"
            );
            open = code != "0";
        }
        assert!(!open, "{line:?}");
    }
    assert!(failure.traceback[0].starts_with("\x1b["), "there are some");
}

#[test]
fn a_failure_is_never_large() {
    let mut notebook = Notebook::new();
    let cases = [
        "error(('x'):rep(1e7))".to_owned(),
        "error({message = ('x'):rep(1e6), data = ('y'):rep(1e6)})".to_owned(),
        "local t = {} for i = 1, 1e5 do t[i] = {('z'):rep(1000)} end error('x')".to_owned(),
        "local t = {} for i = 1, 1e5 do t = {t} end error('x')".to_owned(),
        format!("local x = {}nil .. 'x'", "1 + ".repeat(50_000)),
        format!("{} error('x')", (1..150).map(|i| format!("local v{i} = ('long'):rep(100) ")).collect::<String>()),
        "local function f(n) local c = coroutine.wrap(f) return n == 0 and error('deep') or c(n - 1) end f(100)".to_owned(),
    ];
    for code in cases {
        let failure = notebook.fail(&code);
        let size: usize = failure.traceback.iter().map(String::len).sum();
        assert!(
            size < 100_000,
            "{size} bytes for {}",
            &code[..code.len().min(80)]
        );
    }
}

#[test]
fn a_hint_of_a_failed_cell_is_gone_when_the_cell_was_run_again() {
    let mut notebook = Notebook::new();
    notebook.fail("source = nil\nlocal rows = source.rows\nlocal count = #rows");
    let text = plain(&notebook.fail("count + 1"));
    assert!(
        text.contains("hint: 'count' would have been set by cell[1]"),
        "{text}"
    );
    notebook.run("local rows = {1}\nlocal count = #rows");
    assert_eq!(notebook.value("count + 1").as_deref(), Some("2"));
    notebook.fail("local broken = = 1");
    let text = plain(&notebook.fail("broken.x"));
    assert!(
        text.contains("hint: 'broken' would have been set by cell[5]"),
        "{text}"
    );
}

#[test]
fn an_error_that_was_caught_long_ago_is_not_mistaken_for_another() {
    let mut notebook = Notebook::new();
    notebook.run("pcall(error, 'the very same text')");
    let text = plain(&notebook.fail("error('the very same text', 0)"));
    assert!(!text.contains("first raised"), "of an earlier cell: {text}");
    let text =
        plain(&notebook.fail(
            "for i = 1, 20 do pcall(error, {}) end collectgarbage() collectgarbage() error({})",
        ));
    assert!(!text.contains("first raised"), "another table: {text}");
    let text = plain(&notebook.fail(
        "local first = {} pcall(error, first) for i = 1, 9 do pcall(error, first) pcall(error, {}) end\n\
         first = nil collectgarbage() collectgarbage()\n\
         for i = 1, 50 do local ok, e = pcall(error, {}) end\n\
         error({})",
    ));
    assert!(
        !text.contains("first raised"),
        "a table in another's place: {text}"
    );
    let text = plain(&notebook.fail(
        "local function f() error('it was here') end\n\
         local ok, e = pcall(f)\n\
         local ok, e = pcall(error, e, 0)\n\
         error(e, 0)",
    ));
    assert!(
        text.contains("first raised, and caught, in\n  cell[5]:1: in function"),
        "{text}"
    );
}

#[test]
fn an_error_in_a_finaliser_is_a_warning_with_its_place() {
    let mut notebook = Notebook::new();
    let output = notebook.output(
        "setmetatable({}, {__gc = function() local x = nil + 1 end}) collectgarbage() print('on')",
    );
    assert!(
        output.contains("cell[1]:1: attempt to perform arithmetic on a nil value"),
        "{output}"
    );
    assert!(output.ends_with("on\n"), "{output}");
}

/// Every token of the kept notebooks is left out once: whatever fails then is told without a
/// panic, and its mark stands below something.
#[test]
fn whatever_is_wrong_with_code_its_mark_stands_below_it() {
    let folder = std::path::Path::new("tests/tracebacks");
    let mut marks = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let code = std::fs::read_to_string(&path).unwrap_or_default();
        // Nothing that could go on for ever, and no commands of a shell.
        let left_alone = ["while", "repeat", "count(", "is_even", "__index", "!echo"];
        if path.extension().is_none_or(|extension| extension != "lua")
            || left_alone.iter().any(|word| code.contains(word))
        {
            continue;
        }
        let mut notebook = Notebook::new();
        for cell in code.split("-- %%\n") {
            let words: Vec<_> = cell.split_inclusive([' ', '(', '.', ',', ')']).collect();
            for left_out in 0..words.len() {
                let broken = [&words[..left_out], &words[left_out + 1..]]
                    .concat()
                    .concat();
                let Err(failure) = notebook.try_run(&broken) else {
                    continue;
                };
                let lines = plain(&failure);
                let lines: Vec<_> = lines.lines().collect();
                for pair in lines.windows(2) {
                    let mark = pair[1].trim_start().strip_prefix('|').unwrap_or_default();
                    if !mark.is_empty() && mark.trim().bytes().all(|byte| b"~^".contains(&byte)) {
                        assert!(pair[0].contains("--> "), "{}", lines.join("\n"));
                        marks += 1;
                    }
                }
            }
        }
    }
    assert!(marks > 100, "{marks}");
}

#[test]
fn an_error_may_catch_others_while_it_is_asked_what_it_says() {
    let mut notebook = Notebook::new();
    let failure = notebook.fail(
        "error(setmetatable({}, {__tostring = function()
          pcall(error, 'within')
          coroutine.resume(coroutine.create(error), 'within a coroutine')
          return 'spoken'
        end}))",
    );
    assert_eq!(failure.message, "spoken");
}

#[test]
fn finalisers_may_catch_errors_whenever_they_run() {
    let mut notebook = Notebook::new();
    notebook.run(
        "caught = 0
        local function litter()
          for i = 1, 200 do
            setmetatable({}, {__gc = function()
              pcall(error, 'in a finaliser ' .. i)
              caught = caught + 1
            end})
          end
        end
        function fail()
          pcall(error, 'before')
          litter()
          error(setmetatable({}, {__tostring = function()
            collectgarbage()
            return 'spoken'
          end}))
        end",
    );
    assert_eq!(notebook.fail("fail()").message, "spoken");
    assert_eq!(notebook.value("caught == 200").as_deref(), Some("true"));
}
