//! The names of xeus-lua, as its notebooks use them.

use crate::notebook::{Event, Notebook};
use perilune_language::DisplayAction;
use serde_json::{Value, json};

fn shown(notebook: &mut Notebook, code: &str) -> Vec<Value> {
    notebook.host.take();
    notebook.run(code);
    let events = notebook.host.take().into_iter();
    events
        .map(|event| match event {
            Event::Display(display) => Value::Object(display.bundle.data),
            other => panic!("{code}: {other:?}"),
        })
        .collect()
}

#[test]
fn the_cells_of_its_tour_show_what_they_show_there() {
    let mut notebook = Notebook::new();
    assert_eq!(
        shown(&mut notebook, "ilua.display.latex([[$a = \\sum_i x_i$]])"),
        [json!({"text/plain": "$a = \\sum_i x_i$", "text/latex": "$a = \\sum_i x_i$"})]
    );
    assert_eq!(
        shown(&mut notebook, "ilua.display.plain_text('some boring text')"),
        [json!({"text/plain": "some boring text"})]
    );
    assert_eq!(
        shown(
            &mut notebook,
            "ilua.display.json({'a', 1, false, {k = {v = 'w'}}})"
        )[0]["application/json"],
        json!(["a", 1, false, {"k": {"v": "w"}}])
    );
    assert_eq!(
        shown(
            &mut notebook,
            "ilua.display.html('<td width=\"5%\">16</td>')"
        )[0]["text/html"],
        json!("<td width=\"5%\">16</td>")
    );
}

#[test]
fn display_calls_the_display_method_of_each_value_and_shows_those_that_have_none() {
    let mut notebook = Notebook::new();
    notebook.run(
        "Moon = {} Moon.__index = Moon
        function Moon:display() ilua.display.html('<b>' .. self.name .. '</b>') end",
    );
    let all = shown(
        &mut notebook,
        "ilua.display.display(setmetatable({name = 'Io'}, Moon), 5, nil, 'text', {display = '4k'})",
    );
    assert_eq!(all[0]["text/html"], json!("<b>Io</b>"));
    let rest: Vec<_> = all[1..]
        .iter()
        .map(|data| data["text/plain"].as_str().unwrap())
        .collect();
    assert_eq!(rest, ["5", "nil", "\"text\"", "{display = \"4k\"}"]);
}

#[test]
fn output_is_cleared_and_displays_are_updated() {
    let mut notebook = Notebook::new();
    notebook.run("ilua.display.clear_output(true) ilua.display.clear_output(false)");
    assert_eq!(
        notebook.host.take(),
        [Event::Clear(true), Event::Clear(false)]
    );
    notebook.run(
        "ilua.display.detail._display_data('{\"text/plain\": \"a\"}', '{}', '{\"display_id\": \"d\"}')
        ilua.display.detail._update_display_data('{\"text/plain\": \"b\"}', '{}', '{\"display_id\": \"d\"}')",
    );
    let events = notebook.host.take();
    let [Event::Display(first), Event::Display(second)] = &events[..] else {
        panic!("{events:?}");
    };
    assert_eq!(
        (first.action, second.action),
        (DisplayAction::Show, DisplayAction::Update)
    );
    assert_eq!(
        (first.bundle.text(), second.bundle.text()),
        (Some("a"), Some("b"))
    );
    assert_eq!(
        (first.id.as_deref(), second.id.as_deref()),
        (Some("d"), Some("d"))
    );
}

#[test]
fn its_time_and_json_work() {
    let mut notebook = Notebook::new();
    let output = notebook.output(
        "local calls = {}
        local ms = ilua.time.duration_ms(function()
            ilua.time.scheduled_ms(3, 5, function(i, delta) calls[i] = delta end)
            ilua.time.scheduled_fps(2, 200, function() end)
        end)
        print(ms >= 25, #calls, calls[1] < calls[2], ilua.json.encode({1, {a = 'b'}}))",
    );
    assert_eq!(output, "true\t3\ttrue\t[1,{\"a\":\"b\"}]\n");
}

#[test]
fn results_are_hidden_when_its_configuration_says_so() {
    let mut notebook = Notebook::new();
    notebook.run("ilua.config.auto_print = false");
    assert_eq!(notebook.value("1 + 1"), None);
    notebook.run("ilua.config.auto_print = true");
    assert_eq!(notebook.value("1 + 1").as_deref(), Some("2"));
    notebook.run("ilua = nil");
    assert_eq!(notebook.value("1 + 1").as_deref(), Some("2"));
}
