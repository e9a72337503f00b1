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
        ("0/0", "nan"),
        (
            "{0/0, 1/0, math.mininteger}",
            "{0/0, math.huge, math.mininteger}",
        ),
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
fn what_is_printed_of_a_table_makes_an_equal_one() {
    let mut notebook = Notebook::new();
    notebook.run(
        "function same(a, b)
            if type(a) ~= 'table' then return a == b and math.type(a) == math.type(b) or a ~= a and b ~= b end
            for k, v in pairs(a) do if not same(v, b[k]) then return false end end
            for k in pairs(b) do if a[k] == nil then return false end end
            return true
        end
        t = {1, 2.0, 'a\\n\\0\\xff\\'\\\"', {x = 0/0, ['end'] = 1/0, [-3] = -1/0, [2.5] = {}, ['a-b'] = true},
            [math.mininteger] = math.mininteger, [true] = 1e100, long = ('x'):rep(100), _1 = {{{}}}}",
    );
    let printed = notebook.value("t").unwrap();
    assert_eq!(
        notebook.value(&format!("same({printed}, t)")).as_deref(),
        Some("true"),
        "{printed}"
    );
}

#[test]
fn functions_have_their_name_their_file_and_their_line() {
    let mut notebook = Notebook::new();
    notebook.run("local function area(r)\n  return r\nend\nT = {}\n\nfunction T:method() end");
    assert_eq!(
        notebook.value("area").as_deref(),
        Some("function: area (cell[1]:1)")
    );
    assert_eq!(
        notebook.value("T.method").as_deref(),
        Some("function: T:method (cell[1]:6)")
    );
    assert_eq!(
        notebook.value("{area = area}").as_deref(),
        Some("{area = function: area (cell[1]:1)}")
    );
    let value = notebook.value("(function() end)").unwrap();
    assert!(
        value.starts_with("function: 0x") && value.ends_with(" (cell[5]:1)"),
        "{value}"
    );
    notebook.run(
        "path = os.tmpname() local f = io.open(path, 'w')
        f:write('\\n\\nlocal function from_file() end return from_file') f:close()",
    );
    let value = notebook.value("dofile(path)").unwrap();
    assert!(
        value.starts_with("function: from_file (/") && value.ends_with(":3)"),
        "{value}"
    );
    notebook.run("os.remove(path)");
}

#[test]
fn coroutines_say_what_they_do_and_where() {
    let mut notebook = Notebook::new();
    notebook.run("c = coroutine.create(function()\n  coroutine.yield()\n  error('x')\nend)");
    let status = |notebook: &mut Notebook| {
        let value = notebook.value("c").unwrap();
        value[value.find('(').unwrap()..].to_owned()
    };
    assert_eq!(status(&mut notebook), "(suspended)");
    notebook.run("coroutine.resume(c);");
    assert_eq!(status(&mut notebook), "(suspended at cell[1]:2)");
    notebook.run("coroutine.resume(c);");
    assert_eq!(status(&mut notebook), "(dead, by an error)");
    let value = notebook.value("coroutine.running()").unwrap();
    assert!(
        value.starts_with("thread: 0x") && value.ends_with("(running), true"),
        "{value}"
    );
}

#[test]
fn userdata_says_what_it_is() {
    let mut notebook = Notebook::new();
    let value = notebook.value("io.tmpfile()").unwrap();
    assert!(value.starts_with("file (0x"), "{value}");
    assert_eq!(
        notebook.value("1, nil, 'a', {x = 1}").as_deref(),
        Some("1, nil, \"a\", {x = 1}"),
        "several values look like an expression list"
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
