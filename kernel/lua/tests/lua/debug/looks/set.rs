//! Setting variables.

use perilune_language::debug::{Refusal, ScopeKind};
use proptest::prelude::*;

use super::super::script::debugged;
use super::{named, stopped, stopped_in};

#[test]
fn a_variable_is_set_to_what_an_expression_gives_with_its_type() {
    let code = "local i, f, s, t = 1, 1.0, 'x', {}\nresult = {i, f, s, t}\nreturn";
    let (mut notebook, script) = debugged();
    stopped_in(&mut notebook, &script, code, 2, |look| {
        let locals = ScopeKind::Locals;
        assert_eq!(look.set(locals, "i", "i + 1"), Ok("integer 2".to_owned()));
        assert_eq!(look.set(locals, "f", "2.0"), Ok("float 2.0".to_owned()));
        assert_eq!(
            look.set(locals, "s", "'y' .. s"),
            Ok("string \"yx\"".to_owned())
        );
        assert_eq!(
            look.set(locals, "t", "{i, f}"),
            Ok("table {2, 2.0}".to_owned())
        );
    });
    let value = notebook.value("result");
    assert_eq!(value.as_deref(), Some("{2, 2.0, \"yx\", {2, 2.0}}"));
}

#[test]
fn what_cannot_be_set_says_why() {
    let code = "local a <const> = {}\nlocal b <close> = nil\nfor i = 1, 1 do\n  print(a, b)\nend";
    stopped(code, 4, |look| {
        let locals = ScopeKind::Locals;
        assert_eq!(look.set(locals, "a", "1"), Err("a is constant".to_owned()));
        assert_eq!(look.set(locals, "b", "1"), Err("b is constant".to_owned()));
        let error = look.set(locals, "z", "5").unwrap_err();
        assert_eq!(error, "there is no variable z here");
        for code in ["a = 1", "b = 1"] {
            let error = look.console(code).unwrap_err();
            assert!(error.contains("const variable"), "{error}");
        }
    });
}

#[test]
fn a_loops_variable_is_set_for_its_round() {
    let code = "result = {}\nfor i = 1, 3 do\n  result[#result + 1] = i\nend\nreturn";
    let (mut notebook, script) = debugged();
    stopped_in(&mut notebook, &script, code, 3, |look| {
        assert_eq!(
            look.set(ScopeKind::Locals, "i", "10"),
            Ok("integer 10".to_owned())
        );
        assert_eq!(look.console("i = i + 1"), Ok(String::new()));
    });
    assert_eq!(notebook.value("result").as_deref(), Some("{11, 2, 3}"));
}

#[test]
fn upvalues_arguments_globals_and_fields_are_set() {
    let code = "local up = 1
local t = {1, x = 2, ['a b'] = 3, [true] = 4}
local function f(...)
  local u = up
  return {up, (...), t[1], t.x, t['a b'], t[true], t.new}
end
result = f('first')
return";
    let (mut notebook, script) = debugged();
    notebook.run("global = 1");
    stopped_in(&mut notebook, &script, code, 5, |look| {
        assert_eq!(
            look.set(ScopeKind::Upvalues, "up", "'u'"),
            Ok("string \"u\"".to_owned())
        );
        assert_eq!(
            look.set(ScopeKind::Globals, "global", "'g'"),
            Ok("string \"g\"".to_owned())
        );
        let varargs = look.local("...").holder.unwrap();
        look.paused
            .set_variable(varargs, "[1]", "'second'")
            .unwrap();
        let upvalues = look.of(ScopeKind::Upvalues);
        let table = named(&upvalues, "t").holder.unwrap();
        for (name, value) in [
            ("[1]", "10"),
            ("x", "20"),
            ("[\"a b\"]", "30"),
            ("[true]", "40"),
            ("new", "50"),
        ] {
            let set = look.paused.set_variable(table, name, value).unwrap();
            assert_eq!(set.value, value, "{name}");
        }
    });
    assert_eq!(notebook.value("global").as_deref(), Some("\"g\""));
    let value = notebook.value("result");
    assert_eq!(
        value.as_deref(),
        Some("{\"u\", \"second\", 10, 20, 30, 40, 50}")
    );
}

#[test]
fn an_expression_is_assigned_to_as_lua_does() {
    let code = "local log = {}
local t = setmetatable({}, {__newindex = function(t, k, v) log[#log + 1] = k; rawset(t, k, v) end})
local i = 1
result = log
return";
    let (mut notebook, script) = debugged();
    stopped_in(&mut notebook, &script, code, 4, |look| {
        let frame = Some(look.frame);
        let set = look
            .paused
            .set_expression(frame, "t[i + 1]", "'v'")
            .unwrap();
        assert_eq!(set.value, "\"v\"");
        assert_eq!(look.evaluate("t[2]"), "\"v\"");
        assert_eq!(
            look.paused
                .set_expression(frame, "i", "i + 41")
                .unwrap()
                .value,
            "42"
        );
        assert_eq!(look.evaluate("i"), "42");
        assert_eq!(
            look.paused
                .set_expression(frame, "made", "i")
                .unwrap()
                .type_name,
            "integer"
        );
        let Err(Refusal(why)) = look.paused.set_expression(frame, "f()", "1") else {
            panic!("a call was assigned to")
        };
        assert_eq!(why, "f() cannot be assigned to");
        let Err(Refusal(why)) = look.paused.set_expression(frame, "i", " ") else {
            panic!("nothing was assigned")
        };
        assert_eq!(why, "there is nothing that could be evaluated");
        assert!(
            look.paused
                .set_expression(frame, "i", "1 end print(1) do")
                .is_err()
        );
    });
    assert_eq!(notebook.value("result").as_deref(), Some("{2}"));
    assert_eq!(notebook.value("made").as_deref(), Some("42"));
}

#[test]
fn an_empty_value_sets_nothing() {
    let (mut notebook, script) = debugged();
    stopped_in(&mut notebook, &script, "local x = 1\nreturn x", 2, |look| {
        let Err(why) = look.set(ScopeKind::Locals, "x", " ") else {
            panic!("nothing was taken for nil")
        };
        assert_eq!(why, "there is no value to set x to; write nil for none");
        assert_eq!(look.evaluate("x"), "1");
    });
}

#[test]
fn a_hidden_local_can_be_set_too() {
    let code =
        "local x = 1\nresult = {}\ndo\n  local x = 2\n  result[2] = x\nend\nresult[1] = x\nreturn";
    let (mut notebook, script) = debugged();
    stopped_in(&mut notebook, &script, code, 5, |look| {
        assert_eq!(
            look.set(ScopeKind::Locals, "x (outer)", "10"),
            Ok("integer 10".to_owned())
        );
        assert_eq!(look.evaluate("x"), "2");
    });
    assert_eq!(notebook.value("result").as_deref(), Some("{10, 2}"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn what_was_set_is_what_is_read_with_its_type(
        value in prop_oneof![
            any::<i64>().prop_map(|value| format!("{value}").replace("-9223372036854775808", "math.mininteger")),
            any::<f64>().prop_filter("is compared", |value| value.is_finite()).prop_map(|value| format!("{value:?}")),
            "[ -~]{0,12}".prop_map(|value| format!("{value:?}")),
            any::<bool>().prop_map(|value| value.to_string()),
            Just("nil".to_owned()),
        ],
    ) {
        let code = "local x, t = 0, {}\nresult = {x, t.x}\nreturn";
        let (first, second, kinds) = stopped(code, 2, move |look| {
            let set = look.set(ScopeKind::Locals, "x", &value).unwrap();
            let read = look.local("x");
            let table = look.local("t").holder.or_else(|| {
                look.console("t.x = 0").unwrap();
                look.local("t").holder
            });
            let field = look.paused.set_variable(table.unwrap(), "x", &value).unwrap();
            let same = look.evaluate(&format!("rawequal(x, {value}) and math.type(x) == math.type({value})"));
            ((set, same), format!("{} {}", read.type_name, read.value), format!("{} {}", field.type_name, field.value))
        });
        prop_assert_eq!(&first.0, &second);
        prop_assert_eq!(&kinds, &second);
        prop_assert_eq!(&first.1, "true");
    }
}
