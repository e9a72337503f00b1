//! How values look.

use crate::notebook::Notebook;

#[test]
fn values_look_like_the_lua_that_makes_them() {
    let mut notebook = Notebook::new();
    let cases = [
        ("1.0", "1.0"),
        ("7 // 2", "3"),
        ("1e100", "1e+100"),
        ("1/0, -1/0", "math.huge, -math.huge"),
        ("math.mininteger", "-9223372036854775808"),
        ("'a\"b'", "'a\"b'"),
        ("'\\xff\\0'", "\"\\xff\\0\""),
        ("{}", "{}"),
        (
            "{1, 'a', nil, x = true, ['a b'] = 1, [2.5] = 2, ['end'] = 3, [-1] = 0}",
            "{1, \"a\", [-1] = 0, [2.5] = 2, [\"a b\"] = 1, [\"end\"] = 3, x = true}",
        ),
        ("{1, nil, 3}", "{1, [3] = 3}"),
        ("{{{}}, {a = {}}}", "{{{}}, {a = {}}}"),
        ("print", "function: print (builtin)"),
        ("string.rep", "function: string.rep (builtin)"),
        ("setmetatable({x = 1}, {__name = 'Point'})", "Point {x = 1}"),
        (
            "{setmetatable({}, {__tostring = function() return 'inner' end})}",
            "{inner}",
        ),
        ("setmetatable({1}, {__metatable = 'locked'})", "{1}"),
        ("perilune.null", "perilune.null"),
    ];
    for (code, expected) in cases {
        assert_eq!(notebook.value(code).as_deref(), Some(expected), "{code}");
    }
    notebook.run("function named() end");
    let value = notebook.value("named").unwrap();
    assert!(
        value.starts_with("function: named (cell[") && value.ends_with(":1)"),
        "{value}"
    );
}

#[test]
fn large_and_endless_tables_are_cut() {
    let mut notebook = Notebook::new();
    assert_eq!(
        notebook.value("t = {} t.self = t\nt").as_deref(),
        Some("{self = <cycle>}")
    );
    let value = notebook
        .value("t = {} for i = 1, 1e6 do t[i] = i end\nt")
        .unwrap();
    assert!(
        value.ends_with("… 999800 more\n}"),
        "{}",
        &value[value.len() - 80..]
    );
    assert!(value.len() < 4_000);
    let value = notebook
        .value("t = {} for i = 1, 50 do t = {t} end\nt")
        .unwrap();
    assert_eq!(value, "{{{{{{{…}}}}}}}");
    let value = notebook.value("t = setmetatable({}, {__index = function() error() end, __pairs = error, __len = error})\nt");
    assert_eq!(value.as_deref(), Some("{}"));
}

#[test]
fn an_error_in_tostring_is_shown() {
    let mut notebook = Notebook::new();
    let value = notebook.value("setmetatable({}, {__tostring = function() error('no') end})");
    assert_eq!(
        value.as_deref(),
        Some("<error in __tostring: cell[1]:1: no>")
    );
    let value = notebook.value("setmetatable({}, {__tostring = function() return {} end})");
    assert_eq!(value.as_deref(), Some("<__tostring gave a table>"));
}
