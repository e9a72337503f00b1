//! Random programs, stepped through at random.

use std::sync::{Arc, Mutex};

use perilune_language::Stream;
use perilune_language::debug::{Resume, Step};
use proptest::prelude::*;

use super::script::{cell, debugged};
use crate::notebook::{Event, Notebook};

/// So many stops are stepped on from; programs are shorter.
const MOST_STOPS: usize = 3_000;

fn expression() -> impl Strategy<Value = String> {
    prop_oneof![
        (0..9_u8).prop_map(|number: u8| number.to_string()),
        Just("a".to_owned()),
        Just("(b + 1)".to_owned()),
        Just("#c".to_owned()),
        Just("c[1]".to_owned()),
        Just("select('#', ...)".to_owned()),
        Just("f(a)".to_owned()),
        Just("(f(1) + f(2))".to_owned()),
        Just("tostring(b)".to_owned()),
        Just("#{...,\n  a,\n  f(3)}".to_owned()),
    ]
}

fn simple() -> impl Strategy<Value = String> {
    prop_oneof![
        expression().prop_map(|e| format!("a = {e}")),
        expression().prop_map(|e| format!("local b = {e}")),
        expression().prop_map(|e| format!("print({e}, b)")),
        expression().prop_map(|e| format!("c[#c % 7 + 1] = {e}")),
        expression().prop_map(|e| format!("print(pcall(function(...) error('e' .. {e}) end))")),
        expression().prop_map(|e| format!("b = ({e}) == a and a or b")),
        Just("print(pcall(error))".to_owned()),
        Just("f(\n  a,\n  b)".to_owned()),
    ]
}

fn block(statements: &[String]) -> String {
    statements.join("\n")
}

/// Statements of several, with others in them.
fn around(inner: String, value: &str, kind: u8) -> String {
    match kind {
        0 => format!("if {value} == a then\n{inner}\nelse\nprint 'else'\nend"),
        1 => format!("for i = 1, 2 do\n{inner}\nend"),
        2 => format!("for k, v in ipairs {{{value}, 2}} do\nprint(k)\n{inner}\nend"),
        3 => format!("do\nlocal n = 0\nwhile n < 2 do\nn = n + 1\n{inner}\nend\nend"),
        4 => format!("repeat\n{inner}\nuntil true"),
        5 => format!(
            "do\nlocal function g(n, ...)\n{inner}\nreturn n, ...\nend\nprint(g({value}, 1, 2))\nend"
        ),
        6 => format!("print(pcall(function(...)\n{inner}\nerror('x', 0)\nend, {value}))"),
        7 => format!(
            "do\nlocal g = coroutine.wrap(function(...)\n{inner}\ncoroutine.yield({value})\n{inner}\nend)\nprint(g(1))\ng()\nend"
        ),
        8 => format!(
            "print(coroutine.resume(coroutine.create(function(...)\n{inner}\nerror 'c'\nend)))"
        ),
        9 => {
            format!("for i = 1, 3 do\nif i == 2 then goto continue end\n{inner}\n::continue::\nend")
        }
        10 => format!(
            "do\nlocal fs = {{}}\nfor i = 1, 2 do\nfs[i] = function(...)\n{inner}\nreturn i\nend\nend\nprint(fs[1](), fs[2](3))\nend"
        ),
        11 => format!(
            "do\nlocal t = {{3, 1, 2}}\ntable.sort(t, function(x, y, ...)\ndo {inner} end\nreturn x < y\nend)\nprint(t[1], t[3])\nend"
        ),
        12 => format!("print((('xy'):gsub('.', function(...)\n{inner}\nreturn 'z'\nend)))"),
        13 => format!(
            "do\nlocal m = setmetatable({{}}, {{__index = function(...)\n{inner}\nreturn 5\nend}})\nprint(m.x + m.y)\nend"
        ),
        14 => format!(
            "do\nlocal x <close> = setmetatable({{}}, {{__close = function(...)\nprint 'closed'\nend}})\n{inner}\nend"
        ),
        15 => format!(
            "print(xpcall(function(...)\n{inner}\nreturn f(nil .. 'x')\nend, function(e)\nprint 'handled'\nreturn e\nend))"
        ),
        _ => format!(
            "do\nlocal function g(n, ...)\n{inner}\nif n > 0 then return g(n - 1, ...) end\nreturn n\nend\nprint(g(2, {value}))\nend"
        ),
    }
}

fn program() -> impl Strategy<Value = String> {
    let statement = simple().prop_recursive(3, 12, 3, |inner| {
        (prop::collection::vec(inner, 1..3), expression(), 0..17_u8)
            .prop_map(|(inner, value, kind)| around(block(&inner), &value, kind))
    });
    prop::collection::vec(statement, 1..5).prop_map(|statements| {
        format!(
            "local a, b, c = 1, 2, {{4}}\nlocal function f(x, ...)\n  local y = x or 0\n  return y, ...\nend\n{}\nreturn a",
            block(&statements)
        )
    })
}

/// What a program writes, and what comes of it.
fn seen(notebook: &mut Notebook, program: &str) -> (String, String) {
    notebook.host.take();
    let end = match notebook.try_run(program) {
        Ok(outcome) => format!(
            "{:?}",
            outcome
                .result
                .and_then(|result| result.text().map(str::to_owned))
        ),
        Err(failure) => format!("{}\n{}", failure.message, failure.traceback.join("\n")),
    };
    let mut written = Vec::new();
    for event in notebook.host.take() {
        if let Event::Write(Stream::Stdout, bytes) = event {
            written.extend(bytes);
        }
    }
    (String::from_utf8_lossy(&written).into_owned(), end)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn a_program_that_is_stepped_does_what_it_does_by_itself(
        program in program(),
        steps in prop::collection::vec(0..4_u8, 1..40),
        breaks in prop::collection::vec(1..40_u32, 0..4),
    ) {
        let alone = seen(&mut Notebook::new(), &program);
        let (mut notebook, script) = debugged();
        script.wish(|wishes| wishes.entry = true);
        for line in breaks {
            script.break_at(&cell(1), line);
        }
        let places: Arc<Mutex<Vec<u32>>> = Arc::default();
        let lines = u32::try_from(program.lines().count()).unwrap();
        let told = Arc::clone(&places);
        let mut at = 0;
        script.on_stop(move |stop, _| {
            told.lock().unwrap().push(stop.line);
            at += 1;
            if at > MOST_STOPS {
                return Resume::Continue;
            }
            Resume::Step(match steps[at % steps.len()] {
                0 | 1 => Step::In,
                2 => Step::Over,
                _ => Step::Out,
            })
        });
        let stepped = seen(&mut notebook, &program);
        prop_assert_eq!(&stepped, &alone, "{}", program);
        let places = places.lock().unwrap();
        prop_assert!(!places.is_empty());
        prop_assert!(places.iter().all(|line| (1..=lines).contains(line)), "{:?}\n{}", places, program);
    }
}
