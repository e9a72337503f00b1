//! No valid Lua program is changed by looking for magics in it.

use std::fs;
use std::path::Path;

use mlua::Lua;
use proptest::prelude::*;
use proptest::strategy::ValueTree;

use super::super::registry::code_of;
use super::{Reading, read};

/// Whether Lua itself takes the code for a chunk.
fn is_lua(lua: &Lua, code: &str) -> bool {
    lua.load(code).into_function().is_ok()
}

/// Code with much of what a magic looks like, on lines of its own.
fn code() -> impl Strategy<Value = String> {
    let operand = prop::sample::select(vec![
        "x",
        "f(1)",
        "t.who",
        "10",
        "'%who'",
        "(y)",
        "{1}",
        "...",
        "nil",
        "[[\n%time x\n]]",
        "function() return 1 end",
        "f 'a'",
        "t:m{}",
        "0x1p4",
        "'a\\\n!ls'",
    ]);
    let operator = prop::sample::select(vec![
        " % ",
        "\n%",
        "\n % ",
        "\n%who % ",
        "\n%time % ",
        "\n%timeit(2)%",
        "+",
        " .. ",
        "\n-",
        "\n%cd\n%pwd\n%",
        " or\n",
        "-- !ls\n%",
    ]);
    let expression = prop::collection::vec((operand, operator), 1..4).prop_map(|parts| {
        let mut text = String::new();
        for (index, (operand, operator)) in parts.iter().enumerate() {
            text.push_str(operand);
            if index + 1 < parts.len() {
                text.push_str(operator);
            }
        }
        text
    });
    let statement = (0..10usize, expression.clone(), expression);
    let statement = statement.prop_map(|(kind, a, b)| match kind {
        0 => format!("x = {a}"),
        1 => format!("local y, z = {a}, {b}"),
        2 => format!("f({a})"),
        3 => format!("if {a} then\n x = {b}\n%who\nend"),
        4 => format!("while {a} do local q <const> = {b} break end"),
        5 => format!("t[{a}] = {b}\n%time"),
        6 => "do --[[\n%who\n!ls\n]] local s = [==[\n!x\n%%html\n]==] end".to_owned(),
        7 => format!("repeat local _ = {a} until {b}"),
        8 => format!("function g(...) return {a} end"),
        _ => format!(";-- %% {}", a.replace('\n', " ")),
    });
    prop::collection::vec(statement, 1..6).prop_map(|statements| statements.join("\n"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn a_program_that_lua_compiles_is_not_changed(code in code()) {
        if is_lua(&Lua::new(), &code) {
            prop_assert_eq!(read(&code, &code_of), Reading::plain(&code));
        }
    }

    #[test]
    fn a_magic_before_a_program_leaves_it_as_it_is(code in code()) {
        if is_lua(&Lua::new(), &code) {
            let cell = format!("!ls it's\n;{code}");
            let reading = read(&cell, &code_of);
            let kept = format!("\n;{code}");
            prop_assert!(reading.lua.ends_with(&kept), "{}", reading.lua);
        }
    }

    #[test]
    fn lines_and_positions_stay_whatever_the_code_is(
        code in "([ -~]|\n|%|!|\n%time |\n!|\\$x|\\{x\\}|é|x = |f\\(\\)){0,40}",
    ) {
        let reading = read(&code, &code_of);
        prop_assert_eq!(reading.masked.len(), code.len());
        for copy in reading.copies.iter().flatten() {
            let text = &code[copy.code..copy.code + copy.length];
            prop_assert_eq!(&reading.lua[copy.lua..copy.lua + copy.length], text);
            let line = |text: &str, at: usize| text[..at].matches('\n').count();
            prop_assert_eq!(line(&reading.lua, copy.lua), line(&code, copy.code));
        }
    }
}

#[test]
fn many_of_the_generated_programs_are_lua() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let lua = Lua::new();
    let valid = (0..200)
        .filter(|_| is_lua(&lua, &code().new_tree(&mut runner).unwrap().current()))
        .count();
    assert!(valid > 50, "{valid} of 200");
}

/// The Lua programs that this system has, and the repository's own.
#[test]
fn no_program_of_this_system_is_changed() {
    let lua = Lua::new();
    let repository = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let mut seen = 0;
    for root in ["/usr/share/lua", "/usr/local/share/lua", repository] {
        each_program(Path::new(root), &mut |code| {
            if is_lua(&lua, code) {
                assert_eq!(read(code, &code_of), Reading::plain(code));
                seen += 1;
            }
        });
    }
    assert!(seen >= 5, "{seen}");
}

fn each_program(folder: &Path, visit: &mut dyn FnMut(&str)) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let Ok(kind) = entry.file_type() else {
            continue;
        };
        if kind.is_dir() && name != "target" && !name.to_string_lossy().starts_with('.') {
            each_program(&path, visit);
        } else if kind.is_file()
            && path.extension().is_some_and(|extension| extension == "lua")
            && let Ok(code) = fs::read_to_string(&path)
        {
            visit(&code);
        }
    }
}
