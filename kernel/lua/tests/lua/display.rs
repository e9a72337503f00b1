//! Showing more than the last value.

use crate::notebook::{Event, Notebook};
use perilune_language::{Display, DisplayAction, Language};
use serde_json::json;

fn displays(notebook: &Notebook) -> Vec<Display> {
    let events = notebook
        .host
        .take()
        .into_iter()
        .filter_map(|event| match event {
            Event::Display(display) => Some(display),
            _ => None,
        });
    events.collect()
}

fn data(notebook: &mut Notebook, code: &str) -> serde_json::Value {
    notebook.run(code);
    let mut shown = displays(notebook);
    assert_eq!(shown.len(), 1, "{code}");
    serde_json::Value::Object(shown.remove(0).bundle.data)
}

#[test]
fn each_kind_has_its_mime_type_and_a_plain_text() {
    let mut notebook = Notebook::new();
    assert_eq!(
        data(&mut notebook, "display.html('<b>x</b>')"),
        json!({"text/plain": "<HTML: 8 bytes>", "text/html": "<b>x</b>"})
    );
    assert_eq!(
        data(&mut notebook, "display.markdown{[[*x*]]}"),
        json!({"text/plain": "*x*", "text/markdown": "*x*"})
    );
    assert_eq!(
        data(&mut notebook, "display.png('\\x89PNG\\r\\n')"),
        json!({"text/plain": "<PNG image: 6 bytes>", "image/png": "iVBORw0K"})
    );
    assert_eq!(
        data(
            &mut notebook,
            "display.json({a = {1, 2}, b = {}, c = 0/0, d = perilune.array{}, e = '\\xff'})"
        ),
        json!({
            "text/plain": "{a = {1, 2}, b = {}, c = 0/0, d = {}, e = \"\\xff\"}",
            "application/json": {"a": [1, 2], "b": {}, "c": null, "d": [], "e": "\u{fffd}"},
        })
    );
    assert_eq!(
        data(
            &mut notebook,
            "display.mime{['text/html'] = '<i>', ['application/x+json'] = {x = 1}}"
        ),
        json!({
            "text/html": "<i>",
            "application/x+json": {"x": 1},
            "text/plain": "<application/x+json, text/html>",
        })
    );
    assert_eq!(
        data(&mut notebook, "display({1, 2})"),
        json!({"text/plain": "{1, 2}"})
    );
}

#[test]
fn a_value_says_itself_how_it_is_shown() {
    let mut notebook = Notebook::new();
    notebook.run(
        "T = setmetatable({}, {
        __mime = function(self)
            return {['text/html'] = '<b>T</b>'}, {['text/html'] = {isolated = true}}
        end,
        __display = function() error('not asked') end,
        __tostring = function() return 'T!' end})",
    );
    let result = notebook.run("T").result.unwrap();
    assert_eq!(
        serde_json::Value::Object(result.data),
        json!({"text/html": "<b>T</b>", "text/plain": "T!"})
    );
    assert_eq!(
        serde_json::Value::Object(result.metadata),
        json!({"text/html": {"isolated": true}})
    );
    assert_eq!(
        data(&mut notebook, "display(T)"),
        json!({"text/html": "<b>T</b>", "text/plain": "T!"})
    );
}

#[test]
fn a_mime_metamethod_is_told_which_types_are_wanted() {
    let mut notebook = Notebook::new();
    notebook.run(
        "T = setmetatable({}, {__mime = function(self, include)
            asked = include and table.concat(include, ' ') or 'all'
            html = include and include['text/html']
            return {['text/html'] = 'h', ['image/svg+xml'] = '<svg/>', ['text/plain'] = 'p'},
                {['image/svg+xml'] = {width = 1}}
        end})",
    );
    assert_eq!(
        data(&mut notebook, "display(T)"),
        json!({"text/html": "h", "image/svg+xml": "<svg/>", "text/plain": "p"})
    );
    assert_eq!(notebook.value("asked").as_deref(), Some("\"all\""));
    notebook.run("display(T, {include = {'text/html', 'image/png'}})");
    let shown = displays(&notebook).remove(0).bundle;
    assert_eq!(
        serde_json::Value::Object(shown.data),
        json!({"text/html": "h", "text/plain": "p"})
    );
    assert!(shown.metadata.is_empty());
    assert_eq!(
        notebook.value("asked, html").as_deref(),
        Some("\"text/html image/png\", true")
    );
}

#[test]
fn a_mime_metamethod_may_leave_it_to_the_next_way() {
    let mut notebook = Notebook::new();
    let value = "setmetatable({x = 1}, {__mime = function() return nil end, __tostring = %s})";
    let with = value.replace("%s", "function() return 'text' end");
    assert_eq!(notebook.value(&with).as_deref(), Some("text"));
    let without = value.replace("%s", "nil");
    assert_eq!(notebook.value(&without).as_deref(), Some("{x = 1}"));
}

#[test]
fn a_value_can_act_instead_of_being_shown() {
    let mut notebook = Notebook::new();
    notebook.run(
        "T = setmetatable({}, {
            __display = function(self, options)
                print('shown', self == T, options and options.id)
            end,
            __tostring = function() return 'T!' end})",
    );
    let outcome = notebook.run("T");
    assert_eq!(outcome.result, None);
    assert_eq!(notebook.take_output(), "shown\ttrue\tnil\n");
    assert_eq!(
        notebook.output("display(T, {id = 'x'})"),
        "shown\ttrue\tx\n"
    );
    // Neither does an expression that a program asks for show anything.
    let asked = notebook.lua.evaluate("T").unwrap();
    assert_eq!(asked.text(), Some("T!"));
    assert_eq!(notebook.take_output(), "");
    // An update needs something that takes the old display's place.
    notebook.run("display.handle('x'):update(T)");
    assert_eq!(displays(&notebook)[0].bundle.text(), Some("T!"));
}

#[test]
fn a_metamethod_that_shows_its_value_does_not_ask_itself_again() {
    let mut notebook = Notebook::new();
    for method in ["__display", "__mime"] {
        let code =
            format!("setmetatable({{x = 1}}, {{{method} = function(self) display(self) end}})");
        let outcome = notebook.run(&code);
        let shown = displays(&notebook);
        assert_eq!(shown.len(), 1, "{method}");
        assert_eq!(shown[0].bundle.text(), Some("{x = 1}"), "{method}");
        // What gives nothing by `__mime` is shown as if it had none.
        assert_eq!(outcome.result.is_some(), method == "__mime");
    }
}

#[test]
fn errors_in_metamethods_are_shown() {
    let mut notebook = Notebook::new();
    for (method, body, expected) in [
        (
            "__mime",
            "function() error('oh', 0) end",
            "<error in __mime: oh>",
        ),
        (
            "__mime",
            "function() error({}) end",
            "<error in __mime: a table was raised>",
        ),
        (
            "__mime",
            "function() return 5 end",
            "<error in __mime: it gave a integer instead of a table>",
        ),
        (
            "__mime",
            "'text'",
            "<error in __mime: it is a string, not a function>",
        ),
        (
            "__mime",
            "function() return {}, 5 end",
            "<error in __mime: its metadata is a integer, not a table>",
        ),
        (
            "__mime",
            "function() return {['text/html'] = {}} end",
            "<error in __mime: text/html must be a string, not a table>",
        ),
        (
            "__display",
            "function() error('oh') end",
            "<error in __display: cell[7]:1: oh>",
        ),
        (
            "__display",
            "true",
            "<error in __display: it is a boolean, not a function>",
        ),
    ] {
        let value = format!("setmetatable({{}}, {{{method} = {body}}})");
        if method == "__mime" {
            assert_eq!(notebook.value(&value).as_deref(), Some(expected), "{value}");
        } else {
            notebook.run(&format!("display({value})"));
            assert_eq!(
                displays(&notebook)[0].bundle.text(),
                Some(expected),
                "{value}"
            );
        }
    }
    let value = notebook.value("setmetatable({}, {__display = function() error('oh', 0) end})");
    assert_eq!(value.as_deref(), Some("<error in __display: oh>"));
}

#[test]
fn displays_are_updated_by_id() {
    let mut notebook = Notebook::new();
    let outcome = notebook.run(
        "h = display('one', {id = 'x', metadata = {a = 1}})
        h:update('two') display.update('x', 'three') display('four', {id = true})",
    );
    assert_eq!(outcome.result, None, "a handle is not shown");
    let shown = displays(&notebook);
    let summary: Vec<_> = shown
        .iter()
        .map(|display| (display.action, display.bundle.text().unwrap()))
        .collect();
    assert_eq!(
        summary,
        [
            (DisplayAction::Show, "\"one\""),
            (DisplayAction::Update, "\"two\""),
            (DisplayAction::Update, "\"three\""),
            (DisplayAction::Show, "\"four\""),
        ]
    );
    assert!(
        shown[..3]
            .iter()
            .all(|display| display.id.as_deref() == Some("x"))
    );
    assert_eq!(shown[3].id.as_ref().map(String::len), Some(36));
    assert_eq!(shown[0].bundle.metadata.get("a"), Some(&json!(1)));
}

#[test]
fn a_handle_can_be_made_before_anything_is_shown() {
    let mut notebook = Notebook::new();
    let outcome = notebook.run("h = display.handle()\nh");
    assert_eq!(outcome.result, None);
    assert!(displays(&notebook).is_empty());
    notebook.run("h:update('first') h:update('second') h:show('below')");
    notebook.run("display.handle('named'):update(1) display.update('named', 2)");
    let shown = displays(&notebook);
    let summary: Vec<_> = shown
        .iter()
        .map(|display| (display.action, display.bundle.text().unwrap()))
        .collect();
    assert_eq!(
        summary,
        [
            (DisplayAction::Show, "\"first\""),
            (DisplayAction::Update, "\"second\""),
            (DisplayAction::Show, "\"below\""),
            (DisplayAction::Show, "1"),
            (DisplayAction::Update, "2"),
        ]
    );
    assert!(shown[..3].iter().all(|display| display.id == shown[0].id));
    assert_eq!(shown[4].id.as_deref(), Some("named"));
}

#[test]
fn a_display_carries_its_metadata_and_what_is_transient() {
    let mut notebook = Notebook::new();
    notebook.run("display(1, {metadata = {tags = {'a'}}, transient = {from = 'here'}})");
    let shown = displays(&notebook).remove(0);
    assert_eq!(shown.bundle.metadata.get("tags"), Some(&json!(["a"])));
    assert_eq!(shown.transient.get("from"), Some(&json!("here")));
    assert_eq!(shown.id, None);
}

#[test]
fn how_much_of_a_value_is_shown_can_be_said() {
    let mut notebook = Notebook::new();
    assert_eq!(
        data(
            &mut notebook,
            "display({{{1}}, 2, 3}, {depth = 1, max = 2})"
        ),
        json!({"text/plain": "{{…}, 2, … 1 more}"})
    );
    assert_eq!(
        data(
            &mut notebook,
            "display({{a = 1}, {a = 2}, {a = 3}}, {max = 1, include = 'text/plain'})"
        ),
        json!({"text/plain": "a\n─\n1\n… 2 more"})
    );
}

#[test]
fn output_can_be_cleared() {
    let mut notebook = Notebook::new();
    notebook.run("display.clear() display.clear{wait = true} display.clear(true)");
    assert_eq!(
        notebook.host.take(),
        [Event::Clear(false), Event::Clear(true), Event::Clear(true)]
    );
}

#[test]
fn tables_that_share_each_other_come_to_an_end_as_json() {
    let mut notebook = Notebook::new();
    let failure =
        notebook.fail("local t = {} for _ = 1, 60 do t = {a = t, b = t} end display.json(t)");
    assert!(failure.message.contains("too large for JSON"), "{failure}");
    let failure = notebook.fail(
        "local s, t = ('x'):rep(1 << 20), {} for i = 1, 1000 do t[i] = s end display.json(t)",
    );
    assert!(failure.message.contains("too large for JSON"), "{failure}");
    notebook.run("local t = {} for i = 1, 100000 do t[i] = {i, i} end display.json(t)");
}

#[test]
fn wrong_arguments_are_plain_lua_errors() {
    let mut notebook = Notebook::new();
    let value = notebook
        .value("pcall(function() display.html(print) end)")
        .unwrap();
    assert_eq!(
        value,
        "false, \"cell[1]:1: display.html wants HTML, a string, not a function\""
    );
    let failure = notebook.fail("display(1, {ids = 'x'})");
    assert_eq!(
        failure.message,
        "cell[2]:1: there is no option 'ids'; there are id, metadata, transient, include, depth, max"
    );
    let failure = notebook.fail("local t = {} t.t = t\ndisplay.json(t)");
    assert_eq!(
        failure.message,
        "cell[3]:2: a table is too deep for JSON, or contains itself"
    );
}
