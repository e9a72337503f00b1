//! Showing more than the last value.

use crate::notebook::{Event, Notebook};
use perilune_language::{Display, DisplayAction};
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
            "text/plain": "{a = {1, 2}, b = {}, c = nan, d = {}, e = \"\\xff\"}",
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
        __mime = function(self) return {['text/html'] = '<b>T</b>'} end,
        __tostring = function() return 'T!' end})",
    );
    let result = notebook.run("T").result.unwrap();
    assert_eq!(
        serde_json::Value::Object(result.data),
        json!({"text/html": "<b>T</b>", "text/plain": "T!"})
    );
    let value = notebook.value("setmetatable({}, {__mime = function() error('oh', 0) end})");
    assert_eq!(value.as_deref(), Some("<error in __mime: oh>"));
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
fn output_can_be_cleared() {
    let mut notebook = Notebook::new();
    notebook.run("display.clear() display.clear{wait = true} display.clear(true)");
    assert_eq!(
        notebook.host.take(),
        [Event::Clear(false), Event::Clear(true), Event::Clear(true)]
    );
}

#[test]
fn wrong_arguments_are_plain_lua_errors() {
    let mut notebook = Notebook::new();
    let value = notebook
        .value("pcall(function() display.html(print) end)")
        .unwrap();
    assert_eq!(
        value,
        "false, \"cell[1]:1: text/html must be a string, not a function\""
    );
    let failure = notebook.fail("local t = {} t.t = t\ndisplay.json(t)");
    assert_eq!(
        failure.message,
        "cell[2]:2: a table is too deep for JSON, or contains itself"
    );
}
