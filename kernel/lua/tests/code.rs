//! Completion, inspection, completeness.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "support/notebook.rs"]
mod notebook;

use notebook::Notebook;
use perilune_language::{Completeness, Detail, Language};

fn texts(notebook: &mut Notebook, code: &str) -> Vec<String> {
    let cursor = code.chars().count();
    let completion = notebook.lua.complete(code, cursor);
    assert_eq!(completion.end, cursor);
    completion
        .matches
        .into_iter()
        .map(|found| found.text)
        .collect()
}

#[test]
fn completion_knows_globals_fields_methods_locals_and_keywords() {
    let mut notebook = Notebook::new();
    notebook.run(
        "local kept_local = {deep = {er = 1}}
         Base = {greet = function(self, name) end, _private = 1, value = 2}
         object = setmetatable({own = 1}, {__index = Base})
         computed = setmetatable({}, {__index = function() touched = true end})",
    );
    assert_eq!(texts(&mut notebook, "string.fo"), ["format"]);
    assert_eq!(texts(&mut notebook, "prin"), ["print"]);
    assert_eq!(texts(&mut notebook, "x = kept_"), ["kept_local"]);
    assert_eq!(texts(&mut notebook, "kept_local.deep."), ["er"]);
    assert_eq!(texts(&mut notebook, "object:"), ["greet"]);
    assert_eq!(
        texts(&mut notebook, "object."),
        ["greet", "own", "value", "_private"]
    );
    assert_eq!(texts(&mut notebook, "('x'):rev"), ["reverse"]);
    assert_eq!(texts(&mut notebook, "computed.x"), Vec::<String>::new());
    assert_eq!(texts(&mut notebook, "local abcd = 1 print(ab"), ["abcd"]);
    assert_eq!(texts(&mut notebook, "retu"), ["return"]);
    assert_eq!(texts(&mut notebook, "'prin"), Vec::<String>::new());
    assert_eq!(
        texts(&mut notebook, "local string = f() string.fo"),
        Vec::<String>::new()
    );
    assert_eq!(notebook.value("touched").as_deref(), Some("nil"));
}

#[test]
fn completion_counts_code_points() {
    let mut notebook = Notebook::new();
    let code = "s = 'äöü😀' string.re (1)";
    let completion = notebook.lua.complete(code, 20);
    let found: Vec<_> = completion
        .matches
        .iter()
        .map(|found| found.text.as_str())
        .collect();
    assert_eq!(found, ["rep", "reverse"]);
    assert_eq!((completion.start, completion.end), (18, 20));
    assert_eq!(
        completion.matches[0].signature.as_deref(),
        Some("(s, n [, sep])")
    );
    let completion = notebook.lua.complete("pri", 1_000);
    assert_eq!((completion.start, completion.end), (0, 3));
}

#[test]
fn inspection_shows_signature_comment_and_source() {
    let mut notebook = Notebook::new();
    notebook.run("-- Adds two numbers.\n-- Slowly.\nfunction add(a, b, ...)\n  return a + b\nend");
    let text = |notebook: &mut Notebook, code: &str, detail| {
        let cursor = code.chars().count();
        let bundle = notebook.lua.inspect(code, cursor, detail)?;
        bundle.text().map(str::to_owned)
    };
    assert_eq!(
        text(&mut notebook, "add", Detail::Brief).as_deref(),
        Some("\x1b[1madd(a, b, ...)\x1b[0m\n\nAdds two numbers.\nSlowly.\n\nDefined in cell[1]:3")
    );
    let full = text(&mut notebook, "add(1, ", Detail::Full).unwrap();
    assert!(
        full.contains("function add(a, b, ...)\n  return a + b\nend"),
        "{full}"
    );
    let builtin = text(&mut notebook, "('x'):rep", Detail::Brief).unwrap();
    assert!(builtin.contains("string.rep(s, n [, sep])"), "{builtin}");
    notebook.run("data = setmetatable({1, 2}, {__tostring = function() ran = true end})");
    assert!(
        text(&mut notebook, "data", Detail::Brief)
            .unwrap()
            .contains("{1, 2}")
    );
    assert_eq!(notebook.value("ran").as_deref(), Some("nil"));
    assert_eq!(text(&mut notebook, "unknown", Detail::Brief), None);
    assert_eq!(text(&mut notebook, "while", Detail::Brief), None);
}

#[test]
fn every_function_of_the_library_is_documented() {
    let mut notebook = Notebook::new();
    let code = "local names = {} for module, content in pairs(package.loaded) do
        for name in pairs(type(content) == 'table' and content or {}) do
          names[#names + 1] = module == '_G' and name or module .. '.' .. name end end
        print(table.concat(names, '\\n'))";
    for name in notebook.output(code).lines() {
        let bundle = notebook
            .lua
            .inspect(name, name.len(), Detail::Brief)
            .expect(name);
        let is_module = ["arg", "_G", "package.loaded"].contains(&name) || !name.contains('.');
        let text = bundle.text().unwrap();
        assert!(text.contains("\n\n") || is_module, "{name}: {text}");
        assert!(!text.contains("Defined in"), "{name}: {text}");
    }
}

#[test]
fn completeness_is_luas_own_word() {
    let mut notebook = Notebook::new();
    let indent = |indent: &str| Completeness::Incomplete {
        indent: indent.to_owned(),
    };
    let cases = [
        ("", Completeness::Complete),
        ("x = 1", Completeness::Complete),
        ("1 + 1", Completeness::Complete),
        ("f(x);", Completeness::Complete),
        ("for i = 1, 2 do", indent("  ")),
        ("function f()\n    if x then", indent("        ")),
        ("x =", indent("")),
        ("x +", indent("")),
        ("1 +", indent("")),
        ("t = {", indent("  ")),
        ("{1,", indent("  ")),
        ("s = [[abc", indent("")),
        ("--[[ abc", indent("")),
        ("s = 'abc\\", indent("")),
        ("s = 'abc", Completeness::Invalid),
        ("x = = 1", Completeness::Invalid),
        ("end", Completeness::Invalid),
        ("1 end print('INJ') do return 2", Completeness::Invalid),
    ];
    for (code, expected) in cases {
        assert_eq!(notebook.lua.is_complete(code), expected, "{code}");
    }
}

#[test]
fn expressions_are_evaluated_with_the_locals_there_are() {
    let mut notebook = Notebook::new();
    notebook.run("local x = 20");
    assert_eq!(notebook.lua.evaluate("x * 2").unwrap().text(), Some("40"));
    assert!(notebook.lua.evaluate("x = 1").is_err());
    assert!(
        notebook
            .lua
            .evaluate("1 end print('INJ') do return 2")
            .is_err()
    );
    assert_eq!(notebook.take_output(), "");
}
