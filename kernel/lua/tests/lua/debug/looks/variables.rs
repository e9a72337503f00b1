//! Variables of frames.

use perilune_language::debug::{Kind, ScopeKind};

use super::super::script::debugged;
use super::{named, stopped, stopped_in, texts};

#[test]
fn values_are_shown_as_lua_writes_them_with_their_types() {
    let code = "local a, b, c, d, e = nil, true, 1, 1.5, 'x\\ny'
local f, g, h, i = 2^53, math.maxinteger, 1/0, -0.0
local j, k, l = 0/0, '\\xff\\0', ('x'):rep(5000)
local m = {}
return";
    let locals = stopped(code, 5, |look| look.locals());
    let cases = [
        ("a", "nil", "nil", Kind::Other),
        ("b", "true", "boolean", Kind::Boolean),
        ("c", "1", "integer", Kind::Integer),
        ("d", "1.5", "float", Kind::Float),
        ("e", r#""x\ny""#, "string", Kind::Text),
        ("f", "9.007199254741e+15", "float", Kind::Float),
        ("g", "9223372036854775807", "integer", Kind::Integer),
        ("h", "math.huge", "float", Kind::Float),
        ("i", "-0.0", "float", Kind::Float),
        ("k", r#""\xff\0""#, "string", Kind::Text),
        ("m", "{}", "table", Kind::Compound),
    ];
    for (name, value, type_name, kind) in cases {
        let variable = named(&locals, name);
        assert_eq!(
            (&*variable.value, &*variable.type_name, variable.kind),
            (value, type_name, kind),
            "{name}"
        );
        assert_eq!(variable.evaluate_name.as_deref(), Some(name));
    }
    assert!(named(&locals, "j").value.ends_with("nan"));
    let long = &named(&locals, "l").value;
    assert!(
        long.len() < 1_100 && long.ends_with("… (5000 bytes)"),
        "{long}"
    );
}

#[test]
fn a_local_that_is_hidden_by_another_is_told_apart() {
    let code = "local x = 1\ndo\n  local x = 2\n  do\n    local x = 3\n    print(x)\n  end\nend";
    let locals = stopped(code, 6, |look| look.locals());
    assert_eq!(
        texts(&locals),
        ["x (outer 2) = 1", "x (outer) = 2", "x = 3"]
    );
    let names: Vec<_> = locals
        .iter()
        .map(|local| local.evaluate_name.as_deref())
        .collect();
    assert_eq!(names, [None, None, Some("x")]);
}

#[test]
fn what_a_loop_keeps_for_itself_is_not_shown() {
    let code = "for i = 1, 2 do\n  local y = i\n  print(y)\nend";
    let locals = stopped(code, 3, |look| look.locals());
    assert_eq!(texts(&locals), ["i = 1", "y = 1"]);
}

#[test]
fn constants_are_shown_as_such() {
    let code = "local a <const> = {}\nlocal b <close> = nil\nlocal c = 1\nlocal function f()\n  return a, c\nend\nf()";
    let (locals, upvalues) = stopped(code, 5, |look| {
        let frames = look.paused.frames(super::MAIN, 0, None).unwrap();
        let upvalues = look.of(ScopeKind::Upvalues);
        look.frame = frames.frames[1].id;
        (look.locals(), upvalues)
    });
    let constants = |variables: &[perilune_language::debug::Variable]| {
        let constants = variables.iter();
        constants
            .map(|variable| (variable.name.clone(), variable.is_constant))
            .collect::<Vec<_>>()
    };
    let of = |name: &str, is: bool| (name.to_owned(), is);
    assert_eq!(
        constants(&locals),
        [of("a", true), of("b", true), of("c", false), of("f", false)]
    );
    assert_eq!(constants(&upvalues), [of("a", true), of("c", false)]);
}

#[test]
fn constants_that_lua_has_put_into_its_instructions_are_there_all_the_same() {
    let code = "local function outer()
  local LIMIT <const> = -5
  local NAME <const> = 'n'
  local function inner(x)
    return x
  end
  return inner(LIMIT)
end
outer()";
    stopped(code, 7, |look| {
        let locals = look.locals();
        let texts: Vec<_> = texts(&locals)
            .into_iter()
            .filter(|text| !text.starts_with("inner"))
            .collect();
        assert_eq!(texts, ["LIMIT = -5", "NAME = \"n\""]);
        assert!(named(&locals, "LIMIT").is_constant);
        assert_eq!(look.evaluate("LIMIT * 2 .. NAME"), "\"-10n\"");
        let error = look.console("LIMIT = 1").unwrap_err();
        assert!(error.contains("const variable 'LIMIT'"), "{error}");
    });
    stopped(code, 5, |look| {
        assert_eq!(look.evaluate("LIMIT + x"), "-10")
    });
}

#[test]
fn variable_arguments_are_numbered() {
    let code = "local function f(a, ...)\n  return a\nend\nf(1, 'two', nil, {3})";
    let (varargs, inside) = stopped(code, 2, |look| {
        let varargs = look.local("...");
        let inside = look.inside(&varargs);
        let again: Vec<_> = inside
            .iter()
            .map(|value| look.evaluate(value.evaluate_name.as_ref().unwrap()))
            .collect();
        assert_eq!(
            again,
            inside
                .iter()
                .map(|value| value.value.clone())
                .collect::<Vec<_>>()
        );
        (varargs, inside)
    });
    assert_eq!((&*varargs.value, varargs.indexed), ("3 values", 3));
    assert_eq!(texts(&inside), [r#"[1] = "two""#, "[2] = nil", "[3] = {3}"]);
}

#[test]
fn globals_are_the_users_and_the_librarys_are_apart() {
    let (mut notebook, script) = debugged();
    notebook.run("local kept <const>, shared = 'k', 's'\nmine = 1\n_G['a b'] = 2");
    let (globals, library) =
        stopped_in(&mut notebook, &script, "local x = 1\nreturn x", 2, |look| {
            let globals = look.of(ScopeKind::Globals);
            let library = look.inside(named(&globals, "[library]"));
            (globals, library)
        });
    assert_eq!(
        texts(&globals[..4]),
        [
            r#"["a b"] = 2"#,
            r#"kept = "k""#,
            "mine = 1",
            r#"shared = "s""#
        ]
    );
    assert_eq!(globals[4].name, "x");
    assert_eq!(globals.len(), 6);
    assert!(globals[1].is_constant && !globals[3].is_constant);
    assert_eq!(globals[0].evaluate_name.as_deref(), Some(r#"_G["a b"]"#));
    assert!(library.iter().any(|variable| variable.name == "string"));
    assert!(!library.iter().any(|variable| variable.name == "mine"));
}

#[test]
fn an_environment_is_shown_only_where_it_is_not_the_globals() {
    let code = "local _ENV = {print = print}\nlocal x = 1\nprint(x)";
    let locals = stopped(code, 3, |look| look.locals());
    assert_eq!(texts(&locals), ["_ENV = {print = function}", "x = 1"]);
    let code = "local function f()\n  return print\nend\nf()";
    let kinds = stopped(code, 2, |look| {
        let scopes = look.paused.scopes(look.frame).unwrap();
        scopes.iter().map(|scope| scope.kind).collect::<Vec<_>>()
    });
    assert_eq!(kinds, [ScopeKind::Locals, ScopeKind::Globals]);
}

#[test]
fn a_function_tells_its_place_and_holds_its_upvalues() {
    let code = "local n = 1\nlocal function count()\n  n = n + 1\n  return n\nend\nreturn count";
    let (function, inside) = stopped(code, 6, |look| {
        let function = look.local("count");
        let inside = look.inside(&function);
        (function, inside)
    });
    let (source, line) = function.defined_at.unwrap();
    assert_eq!((&*source, line), (super::cell(1).as_str(), 2));
    assert!(
        function.value.starts_with("function: count ("),
        "{}",
        function.value
    );
    assert_eq!(texts(&inside), ["n = 1"]);
}

#[test]
fn no_metamethod_is_called_by_a_look() {
    let code = "local trap = function() error('called') end
local meta = {__index = trap, __newindex = trap, __len = trap, __pairs = trap, __tostring = trap,
  __name = 'Trap', __eq = trap, __lt = trap, __mime = trap, __display = trap, __call = trap,
  __metatable = 'locked', __gc = trap, __close = trap, __concat = trap}
local t = setmetatable({1, x = 2}, meta)
local u = setmetatable({}, meta)
return";
    let (t, inside) = stopped(code, 7, |look| {
        let t = look.local("t");
        let inside = look.inside(&t);
        (t, inside)
    });
    assert_eq!(t.value, "Trap {1, x = 2}");
    assert_eq!(texts(&inside[..2]), ["[1] = 1", "x = 2"]);
    assert_eq!(inside[2].name, "[metatable]");
    assert!(inside[2].is_virtual);
}

#[test]
fn tables_that_hold_themselves_are_opened_step_by_step() {
    let code = "local t = {}\nt.t = t\nt.list = {t}\nreturn";
    stopped(code, 4, |look| {
        let mut variable = look.local("t");
        for _ in 0..50 {
            let inside = look.inside(&variable);
            variable = named(&inside, "t").clone();
        }
        assert_eq!(variable.evaluate_name.unwrap().matches(".t").count(), 50);
    });
}

#[test]
fn foreign_objects_and_coroutines_say_what_they_are() {
    let code = "local f = io.stdout\nlocal co = coroutine.create(function() coroutine.yield() end)\ncoroutine.resume(co)\nreturn";
    let (file, coroutine, inside) = stopped(code, 4, |look| {
        let file = look.local("f");
        let inside = look.inside(&file);
        (file, look.local("co"), inside)
    });
    assert_eq!(file.type_name, "userdata");
    assert!(file.value.starts_with("FILE*: "), "{}", file.value);
    assert_eq!(inside.last().unwrap().name, "[metatable]");
    assert_eq!(coroutine.type_name, "thread");
    assert!(
        coroutine.value.contains("suspended at cell[1]:2"),
        "{}",
        coroutine.value
    );
}
