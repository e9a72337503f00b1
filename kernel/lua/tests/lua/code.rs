//! Completion, inspection, completeness.

use crate::notebook::Notebook;
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
        Some("(s, n, sep?)")
    );
    let completion = notebook.lua.complete("pri", 1_000);
    assert_eq!((completion.start, completion.end), (0, 3));
}

#[test]
fn inspection_of_a_module_says_what_it_has() {
    let mut notebook = Notebook::new();
    let bundle = notebook.lua.inspect("plot", 4, Detail::Brief).unwrap();
    let text = bundle.text().unwrap();
    assert!(text.contains("bar, heatmap, hist, line, scatter"), "{text}");
}

#[test]
fn inspection_of_a_module_that_is_called_says_how() {
    let mut notebook = Notebook::new();
    let bundle = notebook.lua.inspect("display", 7, Detail::Brief).unwrap();
    let text = bundle.text().unwrap();
    assert!(text.contains("display(value: any, options?:"), "{text}");
    assert!(text.contains("display: table ("), "{text}");
    assert!(text.contains("markdown, mime,"), "{text}");

    // What a user has made of the name is no module of ours.
    notebook.output("display = setmetatable({}, {__call = print})");
    let after = notebook.lua.inspect("display", 7, Detail::Brief).unwrap();
    let text = after.text().unwrap();
    assert!(!text.contains("display(value"), "{text}");
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
        Some("add(a, b, ...)\n\nAdds two numbers.\nSlowly.\n\nDefined in cell[1]:3")
    );
    let full = text(&mut notebook, "add(1, ", Detail::Full).unwrap();
    assert!(
        full.contains("function add(a, b, ...)\n  return a + b\nend"),
        "{full}"
    );
    let builtin = text(&mut notebook, "('x'):rep", Detail::Brief).unwrap();
    assert!(
        builtin.contains("string.rep(s: string, n: integer, sep?: string): string"),
        "{builtin}"
    );
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
    let code = "local names, seen = {}, {}
        for _, module in pairs(package.loaded) do seen[module] = true end
        local function walk(prefix, content, depth)
          for name, value in pairs(content) do
            if type(name) == 'string' then
              names[#names + 1] = prefix .. name
              if type(value) == 'table' and not seen[value] and depth < 5 then
                seen[value] = true
                walk(prefix .. name .. '.', value, depth + 1) end end end end
        seen[package.loaded] = true
        for module, content in pairs(package.loaded) do
          if type(content) == 'table' then
            walk(module == '_G' and '' or module .. '.', content, 1) end end
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

#[test]
fn a_snapshot_completes_as_lua_itself_does() {
    let mut notebook = Notebook::new();
    notebook.run(
        "local kept_local = {deep = {er = 1}}
         local kept_function <const> = function() end
         Base = {greet = function(self, name) end, make = function(class) end, _private = 1}
         Base.__index = Base
         object = setmetatable({own = 1, ['no name'] = 2, [3] = 4, nested = {Base}}, Base)
         Derived = setmetatable({further = true}, Base)
         text, file = 'abc', io.stdout
         loop = {} loop.again = loop
         variadic = function(first, ...) end",
    );
    let snapshot = notebook.lua.snapshot();
    for code in [
        "",
        "p",
        "string.fo",
        "x = kept_",
        "kept_local.",
        "kept_local.deep.e",
        "object.",
        "object:",
        "object.nested.",
        "Derived:",
        "Base.",
        "('x'):r",
        "text:",
        "file:",
        "io.stdout:s",
        "loop.again.again.again.again.again.a",
        "_G._G.string.re",
        "package.loaded.table.",
        "variadic",
        "local abcd = 1 print(ab",
        "local string = f() string.fo",
        "local kept_local = 1 kept_local.",
        "retu",
        "'prin",
        "nowhere.",
        "f().x",
        "s = 'äöü😀' string.re",
    ] {
        let cursor = code.chars().count();
        let live = notebook.lua.complete(code, cursor);
        assert_eq!(snapshot.complete(code, cursor), live, "{code}");
    }
    let found = snapshot.complete("object:gr", 9).matches;
    assert_eq!(found[0].signature.as_deref(), Some("(name)"));
}

#[test]
fn a_snapshot_is_of_its_moment_and_completes_on_any_thread() {
    let mut notebook = Notebook::new();
    notebook.run("before = {inner = 1}");
    let snapshot = notebook.lua.snapshot();
    notebook.run("before, after = nil, 1");
    let found = std::thread::spawn(move || {
        let inner = snapshot.complete("before.", 7).matches;
        (inner, snapshot.complete("aft", 3).matches)
    });
    let (inner, after) = found.join().unwrap();
    assert_eq!(inner[0].text, "inner");
    assert!(after.is_empty(), "{after:?}");
}

#[test]
fn a_snapshot_calls_no_code_of_the_user_s() {
    let mut notebook = Notebook::new();
    notebook.run(
        "local function touch() print('touched') end
         local all = {__index = touch, __newindex = touch, __pairs = touch, __len = touch,
                      __eq = touch, __call = touch, __metatable = 'locked'}
         guarded = setmetatable({field = 1}, all)
         for _ = 1, 1000 do setmetatable({}, {__gc = touch}) end
         rawset(_G, 'io', setmetatable({}, all))
         setmetatable(_G, {__index = touch, __newindex = touch})",
    );
    notebook.host.take();
    for _ in 0..50 {
        let found = notebook.lua.snapshot().complete("guarded.", 8).matches;
        assert_eq!(found[0].text, "field");
    }
    assert_eq!(notebook.take_output(), "");
    assert_eq!(
        notebook.value("collectgarbage('isrunning')").as_deref(),
        Some("true")
    );
    notebook.run("collectgarbage('stop')");
    notebook.lua.snapshot();
    assert_eq!(
        notebook.value("collectgarbage('isrunning')").as_deref(),
        Some("false")
    );
}

#[test]
fn a_snapshot_is_bounded_whatever_there_is() {
    let mut notebook = Notebook::new();
    notebook.run(
        "near = 1
         wide = {} for i = 1, 5000 do wide['name' .. i] = i end
         long = {} for i = 1, 1000000 do long[i] = i end
         -- Far more than can be kept: a tree of tables, and a line of ancestors.
         local function tree(depth)
           local node = {}
           for i = 1, 20 do node['branch' .. i] = depth > 1 and tree(depth - 1) or i end
           return node
         end
         forest = tree(4)
         line = {} local last = line
         for i = 1, 100000 do local parent = {} setmetatable(last, {__index = parent}) last = parent end
         last.unreachable = 1",
    );
    let snapshot = notebook.lua.snapshot();
    let count = |code: &str| snapshot.complete(code, code.len()).matches.len();
    assert_eq!(count("nea"), 1);
    assert_eq!(count("string.forma"), 1);
    assert_eq!(count("wide."), 1_000);
    assert_eq!(count("line."), 0);
    assert_eq!(count("forest.branch1.branch1."), 20);
    assert_eq!(count("forest.branch1.branch1.branch1.branch1."), 0);
}

#[test]
fn chains_as_long_as_the_code_can_be_asked_about() {
    let mut notebook = Notebook::new();
    for link in [".b", "()", ":b()", "[1]", "'x'"] {
        let code = "a".to_owned() + &link.repeat(50_000);
        notebook.lua.inspect(&code, code.len() - 1, Detail::Brief);
    }
    assert_eq!(notebook.value("1 + 1").as_deref(), Some("2"));
}
