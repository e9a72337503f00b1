//! Evaluating.

use std::time::{Duration, Instant};

use perilune_language::debug::{Purpose, Refusal, ScopeKind};

use super::super::script::debugged;
use super::{MAIN, stopped, stopped_in};

const CODE: &str = "local up = 'u'
local function f(a, ...)
  local b = {c = {1, 2}}
  local a2 = a
  up = up
  return a2
end
local outside = 5
g = f(1, 'x', 'y')
return g, outside";

#[test]
fn an_expression_sees_what_the_frame_sees() {
    let values = stopped(CODE, 6, |look| {
        let cases = [
            "a + 1",
            "up",
            "b.c[2]",
            "...",
            "select('#', ...)",
            "g",
            "#b.c",
            "f",
        ];
        cases.map(|code| look.try_evaluate(code, Purpose::Watch))
    });
    assert_eq!(values[0], Ok("2".to_owned()));
    assert_eq!(values[1], Ok("\"u\"".to_owned()));
    assert_eq!(values[2], Ok("2".to_owned()));
    assert_eq!(values[3], Ok("\"x\", \"y\"".to_owned()));
    assert_eq!(values[4], Ok("2".to_owned()));
    assert_eq!(values[5], Ok("nil".to_owned()));
    assert_eq!(values[6], Ok("2".to_owned()));
    assert_eq!(values[7], Ok("function: f (cell[1]:2)".to_owned()));
}

#[test]
fn a_frame_further_out_has_its_own_variables() {
    let value = stopped(CODE, 6, |look| {
        look.frame = look.paused.frames(MAIN, 1, Some(1)).unwrap().frames[0].id;
        assert_eq!(look.console("outside = outside * 2"), Ok(String::new()));
        look.evaluate("outside")
    });
    assert_eq!(value, "10");
}

#[test]
fn what_is_assigned_is_what_the_code_goes_on_with() {
    let (mut notebook, script) = debugged();
    stopped_in(&mut notebook, &script, CODE, 6, |look| {
        for code in [
            "a2 = a2 + 41",
            "up = 'changed'",
            "made = {1}",
            "local z = 1; b.c = z",
        ] {
            assert_eq!(look.console(code), Ok(String::new()), "{code}");
        }
        assert_eq!(look.evaluate("b.c"), "1");
        assert_eq!(look.evaluate("up"), "\"changed\"");
    });
    assert_eq!(notebook.value("g").as_deref(), Some("42"));
    assert_eq!(notebook.value("made[1]").as_deref(), Some("1"));
    assert_eq!(notebook.value("up").as_deref(), Some("\"changed\""));
}

#[test]
fn the_console_takes_statements_and_shows_the_last_value() {
    stopped(CODE, 6, |look| {
        assert_eq!(
            look.console("local s = 0 for i = 1, 10 do s = s + i end s"),
            Ok("55".to_owned())
        );
        assert_eq!(
            look.console("1, 'two', nil"),
            Ok("1, \"two\", nil".to_owned())
        );
        assert_eq!(
            look.console("function helper() return a end helper()"),
            Ok("1".to_owned())
        );
        assert_eq!(look.console("-- nothing"), Ok(String::new()));
        assert_eq!(look.console("a -- with a comment"), Ok("1".to_owned()));
    });
}

#[test]
fn several_values_can_be_opened() {
    stopped(CODE, 6, |look| {
        let values = look
            .paused
            .evaluate(Some(look.frame), "1, b", Purpose::Console)
            .unwrap();
        assert_eq!(values.indexed, 2);
        let inside = look.inside(&values);
        assert_eq!(inside[1].value, "{c = {…}}");
        assert_eq!(look.inside(&inside[1])[0].name, "c");
    });
}

#[test]
fn errors_are_told_in_words() {
    stopped(CODE, 6, |look| {
        let cases = [
            ("a.b.c", "attempt to index a number value (local 'a')"),
            ("1 +", "unexpected symbol near <eof>"),
            ("error('oops', 0)", "oops"),
            ("error({message = 'in a table'})", "in a table"),
            ("error()", "an error without a value"),
            (
                "coroutine.yield()",
                "attempt to yield from outside a coroutine",
            ),
            (
                "1 end print('broken out') do return 2",
                "<eof> expected near 'end'",
            ),
        ];
        for (code, words) in cases {
            let error = look.try_evaluate(code, Purpose::Watch).unwrap_err();
            assert!(error.contains(words), "{code}: {error}");
            assert!(
                !error.contains("traceback") && !error.starts_with("expression:"),
                "{error}"
            );
        }
    });
}

#[test]
fn what_the_console_prints_reaches_the_host() {
    let (mut notebook, script) = debugged();
    stopped_in(&mut notebook, &script, CODE, 6, |look| {
        assert_eq!(
            look.console("print('from the console', a)"),
            Ok(String::new())
        );
    });
    assert_eq!(notebook.take_output(), "from the console\t1\n");
}

#[test]
fn a_pointer_reads_names_and_fields_and_runs_nothing() {
    let code = "local calls = 0
local Class = {method = function() end}
Class.__index = Class
local t = setmetatable({x = {y = 1}, [1] = 'one'}, {__index = function() calls = calls + 1 end})
local o = setmetatable({}, Class)
local i = 1
return t, o, i, calls";
    stopped(code, 7, |look| {
        let cases = [
            ("t.x.y", Ok("1")),
            ("t[1]", Ok("\"one\"")),
            ("t[i]", Ok("\"one\"")),
            ("t['x'].y", Ok("1")),
            ("t.missing", Ok("nil")),
            ("string.format", Ok("function: string.format (builtin)")),
            ("o:method", Ok("function: method (cell[1]:2)")),
            ("12", Ok("12")),
            ("'text'", Ok("\"text\"")),
            ("true", Ok("true")),
        ];
        for (code, value) in cases {
            let found = look.try_evaluate(code, Purpose::Hover);
            assert_eq!(
                found.as_deref(),
                value.as_ref().map(|value| *value),
                "{code}"
            );
        }
        for code in [
            "print('x')",
            "calls = 5",
            "#t",
            "t.x.y + 1",
            "(t)",
            "nowhere",
            "t.",
        ] {
            assert!(look.try_evaluate(code, Purpose::Hover).is_err(), "{code}");
        }
        assert_eq!(look.evaluate("calls"), "0");
    });
}

#[test]
fn a_copied_value_is_whole() {
    let code =
        "local long, list = ('x'):rep(5000), {}\nfor i = 1, 100 do list[i] = {i} end\nreturn";
    stopped(code, 3, |look| {
        let long = look.try_evaluate("long", Purpose::Clipboard).unwrap();
        assert_eq!(long.len(), 5_002);
        let list = look.try_evaluate("list", Purpose::Clipboard).unwrap();
        assert!(list.contains("{100}"), "{list}");
    });
}

#[test]
fn a_watch_that_never_ends_is_ended_and_code_goes_on() {
    let (mut notebook, script) = debugged();
    let began = Instant::now();
    stopped_in(&mut notebook, &script, CODE, 6, |look| {
        let loops = "(function() while true do pcall(function() while true do end end) end end)()";
        let error = look.try_evaluate(loops, Purpose::Watch).unwrap_err();
        assert_eq!(error, "it took longer than 2 seconds, and was ended");
        assert_eq!(look.evaluate("a"), "1");
        let coroutine = "coroutine.wrap(function() while true do end end)()";
        assert!(look.try_evaluate(coroutine, Purpose::Watch).is_err());
        assert_eq!(look.evaluate("a + 1"), "2");
    });
    assert!(began.elapsed() < Duration::from_secs(30));
    assert_eq!(notebook.value("g + 1").as_deref(), Some("2"));
}

#[test]
fn an_endless_console_is_ended_by_an_interrupt_and_its_cell_stays_where_it_is() {
    let (mut notebook, script) = debugged();
    let interrupt = notebook.interrupt.clone();
    script.break_at(&super::cell(1), 2);
    script.on_stop(move |stop, paused| {
        let frame = paused.frames(stop.thread, 0, None).unwrap().frames[0].id;
        let interrupt_of_console = interrupt.clone();
        let interrupt = interrupt.clone();
        let raises = std::thread::spawn(move || interrupt.raise());
        let Err(Refusal(why)) = paused.evaluate(Some(frame), "while true do end", Purpose::Console)
        else {
            panic!("it ended by itself")
        };
        raises.join().unwrap();
        assert_eq!(why, "it was interrupted");
        assert!(!interrupt_of_console.is_raised() && !paused.is_ending());
        let value = paused.evaluate(Some(frame), "x + 1", Purpose::Console);
        assert_eq!(value.unwrap().value, "2");
        perilune_language::debug::Resume::Continue
    });
    notebook.run("local x = 1\nprint('reached', x)");
    assert_eq!(notebook.take_output(), "reached\t1\n");
}

#[test]
fn an_interrupt_for_good_ends_the_console_and_its_cell_with_it() {
    let (mut notebook, script) = debugged();
    let interrupt = notebook.interrupt.clone();
    script.break_at(&super::cell(1), 2);
    script.on_stop(move |stop, paused| {
        let frame = paused.frames(stop.thread, 0, None).unwrap().frames[0].id;
        let interrupt = interrupt.clone();
        let raises = std::thread::spawn(move || interrupt.raise_for_good());
        let endless = paused.evaluate(Some(frame), "while true do end", Purpose::Console);
        raises.join().unwrap();
        assert_eq!(
            endless.unwrap_err(),
            Refusal("it was interrupted".to_owned())
        );
        assert!(paused.is_ending());
        perilune_language::debug::Resume::Continue
    });
    let failure = notebook.fail("local x = 1\nprint('not reached', x)");
    assert_eq!(failure.kind, perilune_language::FailureKind::Interrupted);
    assert_eq!(notebook.take_output(), "");
}

#[test]
fn a_function_that_is_made_in_the_console_lives_on_with_what_it_saw() {
    let (mut notebook, script) = debugged();
    stopped_in(&mut notebook, &script, CODE, 6, |look| {
        assert_eq!(
            look.console("function later() return a, up, notyet end"),
            Ok(String::new())
        );
    });
    notebook.run("notyet = 'there now'");
    let value = notebook.value("later()");
    assert_eq!(value.as_deref(), Some("1, \"u\", \"there now\""));
}

#[test]
fn what_a_function_does_to_a_local_that_it_shares_is_seen_at_once() {
    let code =
        "local n = 1\nlocal function count() n = n + 1 return n end\nlocal m = n\nreturn n, m";
    let (mut notebook, script) = debugged();
    stopped_in(&mut notebook, &script, code, 4, |look| {
        assert_eq!(look.console("count() n"), Ok("2".to_owned()));
        assert_eq!(look.console("n = 10 count(), n"), Ok("11, 11".to_owned()));
        assert_eq!(look.local("n").value, "11");
        assert_eq!(
            look.console("later = function() return n end"),
            Ok(String::new())
        );
        assert_eq!(look.console("n = 20"), Ok(String::new()));
    });
    assert_eq!(notebook.value("later()").as_deref(), Some("20"));
}

#[test]
fn an_expression_keeps_nothing_alive_that_it_has_seen() {
    let code = "do
  local t = setmetatable({}, {__gc = function() collected = true end})
  print(t)
  t = nil
end
collectgarbage() collectgarbage()
return collected";
    let (mut notebook, script) = debugged();
    script.break_with(&super::cell(1), 3, |breakpoint| {
        breakpoint.condition = Some("type(t) == 'string'".into());
    });
    assert_eq!(notebook.value(code).as_deref(), Some("true"));
    assert_eq!(script.lines(), [0; 0]);
}

#[test]
fn an_environment_of_its_own_is_used() {
    let code =
        "local print = print\nlocal function f()\n  local _ENV = {x = 1}\n  return x\nend\nf()";
    stopped(code, 4, |look| {
        assert_eq!(look.evaluate("x"), "1");
        assert_eq!(look.console("y = 2"), Ok(String::new()));
        assert_eq!(look.evaluate("_ENV.y"), "2");
    });
}

#[test]
fn breakpoints_do_not_stop_what_is_evaluated() {
    let (mut notebook, script) = debugged();
    notebook.run("function callee()\n  return 7\nend");
    script.break_at(&super::cell(1), 2);
    script.break_at(&super::cell(2), 2);
    script.on_stop(|stop, paused| {
        let frame = paused.frames(stop.thread, 0, None).unwrap().frames[0].id;
        let value = paused
            .evaluate(Some(frame), "callee()", Purpose::Watch)
            .unwrap();
        assert_eq!(value.value, "7");
        perilune_language::debug::Resume::Continue
    });
    notebook.run("local x = 1\nreturn x");
    assert_eq!(script.lines(), [2]);
}

#[test]
fn locals_of_earlier_cells_are_seen_in_cells() {
    let (mut notebook, script) = debugged();
    notebook.run("local kept, constant <const> = 1, 'c'");
    stopped_in(&mut notebook, &script, "local x = 1\nreturn x", 2, |look| {
        assert_eq!(look.evaluate("kept + x"), "2");
        assert_eq!(look.console("kept = 10"), Ok(String::new()));
        let error = look.console("constant = 1").unwrap_err();
        assert!(error.contains("const variable 'constant'"), "{error}");
        assert_eq!(
            look.set(ScopeKind::Globals, "constant", "2"),
            Err("constant is constant".to_owned())
        );
    });
    assert_eq!(notebook.value("kept").as_deref(), Some("10"));
}
