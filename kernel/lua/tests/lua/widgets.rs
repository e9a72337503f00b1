//! Widgets: their fields in Lua, and what passes between them and the page.

use bytes::Bytes;
use perilune_language::{CommMessage, Language};
use serde_json::{Map, Value, json};

use crate::notebook::{Event, Notebook};

const VIEW: &str = "application/vnd.jupyter.widget-view+json";

/// What was sent over comms since it was asked last: the data, and how many buffers.
fn sent(notebook: &Notebook) -> Vec<Value> {
    let events = notebook.host.take().into_iter();
    let data = events.filter_map(|event| match event {
        Event::Comm(
            CommMessage::Open { data, .. }
            | CommMessage::Data { data, .. }
            | CommMessage::Close { data, .. },
        ) => Some(Value::Object(data)),
        _ => None,
    });
    data.collect()
}

/// Makes a widget by a cell, and gives its comm's id and all of the opening message.
fn open(notebook: &mut Notebook, code: &str) -> (String, Map<String, Value>) {
    notebook.host.take();
    notebook.run(code);
    let mut opened = notebook
        .host
        .take()
        .into_iter()
        .filter_map(|event| match event {
            Event::Comm(CommMessage::Open {
                id, target, data, ..
            }) => {
                assert_eq!(target, "jupyter.widget");
                Some((id, data))
            }
            _ => None,
        });
    opened.next().expect("a comm_open")
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        other => panic!("{other} is no object"),
    }
}

fn message(id: &str, data: Value, buffers: &[&'static [u8]]) -> CommMessage {
    CommMessage::Data {
        id: id.to_owned(),
        data: object(data),
        metadata: Map::new(),
        buffers: buffers
            .iter()
            .map(|bytes| Bytes::from_static(bytes))
            .collect(),
    }
}

/// Has the page change a widget's state, and gives what it is told then.
fn page_sets(notebook: &mut Notebook, id: &str, state: Value) -> Value {
    notebook.host.take();
    let update = json!({"method": "update", "state": state, "buffer_paths": []});
    notebook.lua.comm(message(id, update, &[])).unwrap();
    let mut told = sent(notebook);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["method"], "echo_update");
    assert_eq!(told[0]["buffer_paths"], json!([]));
    told[0]["state"].take()
}

fn page_presses(notebook: &mut Notebook, id: &str, content: Value) {
    let custom = json!({"method": "custom", "content": content});
    notebook.lua.comm(message(id, custom, &[])).unwrap();
}

#[test]
fn a_widget_opens_a_model_for_anywidget() {
    let mut notebook = Notebook::new();
    let (_, data) = open(
        &mut notebook,
        "w = widgets.slider{min = 1, max = 9, label = 'mass'}",
    );
    let state = &data["state"];
    let field = |name: &str| state[name].clone();
    assert_eq!(field("_model_module"), "anywidget");
    assert_eq!(field("_model_name"), "AnyModel");
    assert_eq!(field("_view_module"), "anywidget");
    assert_eq!(field("_view_name"), "AnyView");
    assert_eq!(field("_view_count"), Value::Null);
    assert!(field("_esm").as_str().unwrap().contains("export default"));
    assert!(
        field("_css")
            .as_str()
            .unwrap()
            .contains("--jp-ui-font-color1")
    );
    assert_eq!(field("value"), 1);
    assert_eq!(field("label"), "mass");
    assert_eq!(data["buffer_paths"], json!([]));
}

#[test]
fn a_widget_is_shown_as_its_view_and_as_the_call_that_makes_it() {
    let mut notebook = Notebook::new();
    let (id, _) = open(&mut notebook, "w = widgets.slider{max = 5, label = 'mass'}");
    let bundle = notebook.run("w").result.unwrap();
    let view = json!({"version_major": 2, "version_minor": 0, "model_id": id});
    assert_eq!(bundle.data[VIEW], view);
    let text = "widgets.slider {label = \"mass\", min = 0, max = 5, step = 1, value = 0}";
    assert_eq!(bundle.text(), Some(text));
    assert_eq!(notebook.host.take(), [Event::Place(id.clone())]);
    notebook.run("display(w)");
    let events = notebook.host.take();
    let [Event::Place(placed), Event::Display(display)] = &events[..] else {
        panic!("{events:?}");
    };
    assert_eq!(placed, &id);
    assert_eq!(display.bundle.data[VIEW], view);
}

#[test]
fn how_widgets_read_in_plain_text() {
    let mut notebook = Notebook::new();
    let mut reads = |code: &str| notebook.value(code).unwrap();
    assert_eq!(
        reads("widgets.slider{min = 0, max = 0.5}"),
        "widgets.slider {min = 0, max = 0.5, step = 0.005, value = 0}"
    );
    assert_eq!(
        reads("widgets.checkbox{label = 'on', value = true}"),
        "widgets.checkbox {label = \"on\", value = true}"
    );
    assert_eq!(
        reads("widgets.text{value = 'two\\n\"lines\"'}"),
        "widgets.text {value = \"two\\n\\\"lines\\\"\"}"
    );
    assert_eq!(
        reads("widgets.select{options = {'a', 2, {label = 'c', value = false}}}"),
        "widgets.select {options = {\"a\", 2, {…}}, value = \"a\"}"
    );
    assert_eq!(
        reads("widgets.button{label = 'Go'}"),
        "widgets.button {label = \"Go\"}"
    );
    assert_eq!(
        reads("widgets.progress{value = 0.25}"),
        "widgets.progress {max = 1, value = 0.25}"
    );
    assert_eq!(
        reads("widgets.html{value = '<b>'}"),
        "widgets.html {value = \"<b>\"}"
    );
    assert_eq!(
        reads("widgets.hbox{widgets.button{}, widgets.vbox{}}"),
        "widgets.hbox {widgets.button {}, widgets.vbox {}}"
    );
    assert_eq!(
        reads("widgets.any{esm = '', state = {n = 1}}"),
        "widgets.any {n = 1}"
    );
}

#[test]
fn what_lua_sets_the_page_is_told_once() {
    let mut notebook = Notebook::new();
    notebook.run("w = widgets.slider{max = 10}");
    notebook.host.take();
    notebook.run("w.value = 3 w.value = 3 w.value = 3.0");
    let update = json!({"method": "update", "state": {"value": 3}, "buffer_paths": []});
    assert_eq!(sent(&notebook), [update]);
    assert_eq!(notebook.value("w.value").as_deref(), Some("3"));
}

#[test]
fn what_the_page_sets_lua_reads_and_the_page_hears_of_it_as_an_echo() {
    let mut notebook = Notebook::new();
    let (id, _) = open(&mut notebook, "w = widgets.slider{max = 10}");
    assert_eq!(
        page_sets(&mut notebook, &id, json!({"value": 7})),
        json!({"value": 7})
    );
    assert_eq!(notebook.value("w.value").as_deref(), Some("7"));
}

#[test]
fn observers_are_called_with_new_old_and_widget_until_they_are_stopped() {
    let mut notebook = Notebook::new();
    let (id, _) = open(
        &mut notebook,
        "w = widgets.slider{max = 10, on_change = function(new) print('first', new) end}
         stop = w:observe('value', function(new, old, which) print(new, old, which == w) end)",
    );
    page_sets(&mut notebook, &id, json!({"value": 7}));
    let update = json!({"method": "update", "state": {"value": 8}});
    notebook.lua.comm(message(&id, update, &[])).unwrap();
    assert_eq!(notebook.take_output(), "first\t8\n8\t7\ttrue\n");
    assert_eq!(notebook.output("w.value = 9"), "first\t9\n9\t8\ttrue\n");
    assert_eq!(notebook.output("stop() stop() w.value = 1"), "first\t1\n");
}

#[test]
fn an_observer_that_sets_the_value_is_told_of_it_and_ends() {
    let mut notebook = Notebook::new();
    let code = "w = widgets.slider{max = 10}
        w:observe('value', function(new) print(new) if new % 2 == 1 then w.value = new + 1 end end)";
    let (id, _) = open(&mut notebook, code);
    notebook.host.take();
    let update = json!({"method": "update", "state": {"value": 3}});
    notebook.lua.comm(message(&id, update, &[])).unwrap();
    let events = notebook.host.take();
    let kinds: Vec<_> = events
        .iter()
        .map(|event| match event {
            Event::Comm(CommMessage::Data { data, .. }) => {
                format!(
                    "{} {}",
                    data["method"].as_str().unwrap(),
                    data["state"]["value"]
                )
            }
            Event::Write(_, text) => String::from_utf8_lossy(text).into_owned(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(kinds, ["echo_update 3", "3\n", "update 4", "4\n"]);
}

#[test]
fn an_observer_as_a_cells_value_is_not_shown() {
    let mut notebook = Notebook::new();
    let code = "w = widgets.button{} w:on_click(print)";
    assert_eq!(notebook.value(code), None);
    assert_eq!(notebook.value("w:observe('label', print)"), None);
    assert_eq!(
        notebook.value("stop = w:on_click(print) stop").as_deref(),
        Some("observer")
    );
}

#[test]
fn a_page_cannot_set_what_no_person_could() {
    let mut notebook = Notebook::new();
    let cases = [
        (
            "slider{max = 10, value = 4}",
            json!({"value": "7"}),
            json!({"value": 4}),
        ),
        (
            "slider{max = 10, value = 4}",
            json!({"value": null}),
            json!({"value": 4}),
        ),
        (
            "slider{max = 10, value = 4}",
            json!({"value": 4.5}),
            json!({"value": 4}),
        ),
        (
            "slider{max = 10, value = 4}",
            json!({"value": [1]}),
            json!({"value": 4}),
        ),
        (
            "slider{max = 10, value = 4}",
            json!({"value": 1e300}),
            json!({"value": 4}),
        ),
        (
            "slider{max = 10, value = 4}",
            json!({"value": -3}),
            json!({"value": 0}),
        ),
        (
            "slider{max = 10, value = 4}",
            json!({"value": 11}),
            json!({"value": 10}),
        ),
        (
            "slider{max = 1.0}",
            json!({"value": 7}),
            json!({"value": 1.0}),
        ),
        (
            "slider{max = 1.0}",
            json!({"value": 1}),
            json!({"value": 1.0}),
        ),
        (
            "slider{max = 10, value = 4, disabled = true}",
            json!({"value": 7}),
            json!({"value": 4}),
        ),
        ("checkbox{}", json!({"value": 1}), json!({"value": false})),
        (
            "text{value = 'kept'}",
            json!({"value": {"a": 1}}),
            json!({"value": "kept"}),
        ),
        (
            "select{options = {'a', 'b'}}",
            json!({"index": 2}),
            json!({"index": 0}),
        ),
        (
            "select{options = {'a', 'b'}}",
            json!({"index": -1}),
            json!({"index": 0}),
        ),
        (
            "select{options = {'a', 'b'}}",
            json!({"index": "1"}),
            json!({"index": 0}),
        ),
        (
            "select{options = {'a', 'b'}}",
            json!({"index": 1.0}),
            json!({"index": 0}),
        ),
    ];
    for (widget, said, held) in cases {
        let (id, _) = open(&mut notebook, &format!("w = widgets.{widget}"));
        assert_eq!(
            page_sets(&mut notebook, &id, said.clone()),
            held,
            "{widget} {said}"
        );
    }
}

#[test]
fn fields_that_are_not_the_pages_are_left_alone_without_a_word() {
    let mut notebook = Notebook::new();
    let (id, _) = open(&mut notebook, "w = widgets.slider{max = 10}");
    for state in [
        json!({"max": 99}),
        json!({"_esm": "alert()"}),
        json!({"close": 1}),
        json!({}),
    ] {
        notebook.host.take();
        let update = json!({"method": "update", "state": state, "buffer_paths": []});
        notebook.lua.comm(message(&id, update, &[])).unwrap();
        assert_eq!(sent(&notebook), Vec::<Value>::new(), "{state}");
    }
    let text = "widgets.slider {min = 0, max = 10, step = 1, value = 0}";
    assert_eq!(notebook.value("w").as_deref(), Some(text));
}

#[test]
fn a_message_that_makes_no_sense_does_nothing() {
    let mut notebook = Notebook::new();
    let (id, _) = open(
        &mut notebook,
        "w = widgets.slider{} a = widgets.any{esm = '', state = {x = {}}}",
    );
    for data in [
        json!({}),
        json!({"method": 7}),
        json!({"method": "update"}),
        json!({"method": "update", "state": "all"}),
        json!({"method": "update", "state": {}, "buffer_paths": [[], [1, 2], "x", [[1]], [null]]}),
        json!({"method": "custom"}),
        json!({"method": "dance"}),
    ] {
        notebook.host.take();
        notebook
            .lua
            .comm(message(&id, data.clone(), &[b"x", b"y"]))
            .unwrap();
        assert_eq!(notebook.host.take(), [], "{data}");
    }
}

#[test]
fn lua_is_told_at_once_what_is_wrong() {
    let mut notebook = Notebook::new();
    notebook.run("w = widgets.slider{max = 10} s = widgets.select{options = {'a'}}");
    let mut fails = |code: &str| {
        let message = notebook.fail(code).message;
        let (_, message) = message.split_once(": ").unwrap();
        message.to_owned()
    };
    let cases = [
        (
            "w.value = 'much'",
            "widgets.slider: value must be a number, not string",
        ),
        (
            "w.value = nil",
            "widgets.slider: value must be a number, not nil",
        ),
        (
            "w.value = 0/0",
            "widgets.slider: value must be a finite number",
        ),
        (
            "w.value = 2.5",
            "widgets.slider: value is 2.5, but min, max and step are integers",
        ),
        ("w.min = 11", "widgets.slider: min is 11, above max, 10"),
        ("w.step = 0", "widgets.slider: step must be above zero"),
        (
            "w.valeu = 1",
            "a slider has no field valeu; it has disabled, label, max, min, step, value",
        ),
        (
            "w:observe('valeu', print)",
            "a slider has no field valeu; it has disabled, label, max, min, step, value",
        ),
        ("w:observe('value')", "observe wants a function, not nil"),
        (
            "w.observe('value', print)",
            "call it with a colon: widget:observe(...)",
        ),
        (
            "w:set(1)",
            "set wants a table of fields and values, not number",
        ),
        (
            "w = widgets.slider{maxx = 1}",
            "widgets.slider has no option maxx; it has disabled, label, max, min, on_change, step, value",
        ),
        (
            "w = widgets.slider(1)",
            "widgets.slider wants a table of options, not number",
        ),
        (
            "w = widgets.slider{on_change = 1}",
            "widgets.slider: on_change must be a function, not number",
        ),
        (
            "w = widgets.slider{min = {}}",
            "widgets.slider: min must be a number, not table",
        ),
        (
            "w = widgets.checkbox{value = 1}",
            "widgets.checkbox: value must be a boolean, not number",
        ),
        (
            "s.value = 'b'",
            "widgets.select: value \"b\" is none of the options",
        ),
        (
            "s.options = 'b'",
            "widgets.select: options must be a list, not string",
        ),
        (
            "w = widgets.vbox{1}",
            "widgets.vbox: children has no open widget at 1 but 1",
        ),
        (
            "b = widgets.vbox{} b.children = {widgets.hbox{b}}",
            "widgets.vbox: children would contain itself",
        ),
        (
            "w = widgets.any{}",
            "widgets.any wants a table with esm, the source of a JavaScript module",
        ),
        (
            "w = widgets.any{esm = '', state = {close = 1}}",
            "widgets.any: a field of the state cannot be called close",
        ),
        (
            "w = widgets.any{esm = '', state = {f = print}}",
            "JSON cannot hold a function",
        ),
        (
            "w = widgets.any{esm = '', css = 1}",
            "widgets.any: css must be a string, not number",
        ),
        (
            "w = widgets.bytes(1)",
            "widgets.bytes wants a string, not number",
        ),
    ];
    for (code, message) in cases {
        assert_eq!(fails(code), message, "{code}");
    }
}

#[test]
fn the_place_of_an_error_is_the_users_own_line() {
    let mut notebook = Notebook::new();
    notebook.run("w = widgets.slider{max = 10}");
    for code in [
        "\nw.value = 'x'",
        "\nw:set{value = 'x'}",
        "\nlocal v = widgets.slider{min = 'x'}",
        "\nw:observe('x')",
        "\nw.set()",
    ] {
        let message = notebook.fail(code).message;
        assert!(
            message.split(':').nth(1) == Some("2"),
            "{code:?}: {message}"
        );
    }
}

#[test]
fn a_number_beyond_the_ends_is_set_to_the_end() {
    let mut notebook = Notebook::new();
    notebook.run("w = widgets.slider{max = 10, value = 99}");
    assert_eq!(notebook.value("w.value").as_deref(), Some("10"));
    notebook.host.take();
    notebook.run("w:set{min = 20, max = 30}");
    let state = json!({"min": 20, "max": 30, "value": 20});
    assert_eq!(sent(&notebook)[0]["state"], state);
    notebook.run("p = widgets.progress{max = 4, value = 5}");
    assert_eq!(notebook.value("p.value").as_deref(), Some("4"));
    notebook.host.take();
    notebook.run("p.value = nil");
    assert_eq!(sent(&notebook)[0]["state"], json!({"value": null}));
}

#[test]
fn a_select_gives_the_option_itself() {
    let mut notebook = Notebook::new();
    let code = "planet = {} w = widgets.select{options = {'a', {label = 'B', value = planet}, {label = 'no', value = false}}}";
    let (id, data) = open(&mut notebook, code);
    assert_eq!(data["state"]["options"], json!(["a", "B", "no"]));
    assert_eq!(data["state"]["index"], 0);
    page_sets(&mut notebook, &id, json!({"index": 1}));
    assert_eq!(notebook.value("w.value == planet").as_deref(), Some("true"));
    page_sets(&mut notebook, &id, json!({"index": 2}));
    assert_eq!(notebook.value("w.value").as_deref(), Some("false"));
    assert_eq!(
        page_sets(&mut notebook, &id, json!({"index": null})),
        json!({"index": null})
    );
    assert_eq!(notebook.value("w.value").as_deref(), Some("nil"));
    // The value stays, at its new place.
    notebook.run("w.value = 'a'");
    notebook.host.take();
    notebook.run("w.options = {'z', 'a'}");
    assert_eq!(
        sent(&notebook)[0]["state"],
        json!({"options": ["z", "a"], "index": 1})
    );
    notebook.run("w.options = {}");
    assert_eq!(
        sent(&notebook)[0]["state"],
        json!({"options": [], "index": null})
    );
}

#[test]
fn a_button_calls_back() {
    let mut notebook = Notebook::new();
    let code = "b = widgets.button{label = 'Go', on_click = function(w) print('went', w == b) end}
        b:on_click(function() error('broken') end)";
    let (id, _) = open(&mut notebook, code);
    page_presses(&mut notebook, &id, json!("noise"));
    page_presses(&mut notebook, &id, json!({"event": "leave"}));
    assert_eq!(notebook.take_output(), "");
    let click = json!({"method": "custom", "content": {"event": "click"}});
    let failure = notebook
        .lua
        .comm(message(&id, click.clone(), &[]))
        .unwrap_err();
    assert_eq!(failure.message, "cell[1]:2: broken");
    assert_eq!(notebook.take_output(), "went\ttrue\n");
    notebook.run("b.disabled = true");
    notebook.lua.comm(message(&id, click, &[])).unwrap();
    assert_eq!(notebook.take_output(), "");
}

#[test]
fn a_box_holds_widgets() {
    let mut notebook = Notebook::new();
    let (child, _) = open(&mut notebook, "a = widgets.button{}");
    let (_, data) = open(&mut notebook, "box = widgets.hbox{a}");
    assert_eq!(data["state"]["_model_module"], "@jupyter-widgets/controls");
    assert_eq!(data["state"]["_model_name"], "HBoxModel");
    assert_eq!(
        data["state"]["children"],
        json!([format!("IPY_MODEL_{child}")])
    );
    notebook.host.take();
    notebook.run("box.children = {}");
    assert_eq!(sent(&notebook)[0]["state"], json!({"children": []}));
}

#[test]
fn ones_own_widget_has_its_state_as_fields() {
    let mut notebook = Notebook::new();
    let code =
        "w = widgets.any{esm = 'export default {}', css = '.x {}', state = {n = 1, list = {1, 2}},
          check = function(field, value) return field ~= 'n' or math.type(value) == 'integer' end}
        w:observe('list', function(new) print(#new) end)";
    let (id, data) = open(&mut notebook, code);
    assert_eq!(data["state"]["_esm"], "export default {}");
    assert_eq!(data["state"]["_css"], ".x {}");
    assert_eq!(data["state"]["list"], json!([1, 2]));
    let told = page_sets(&mut notebook, &id, json!({"n": "x", "other": 1}));
    assert_eq!(told, json!({"n": 1}));
    let told = page_sets(&mut notebook, &id, json!({"n": 5, "list": []}));
    assert_eq!(told, json!({"n": 5, "list": []}));
    assert_eq!(notebook.value("w.n + #w.list").as_deref(), Some("5"));
    // What is within a table may have changed.
    notebook.host.take();
    notebook.run("w.list[1] = 7 w.list = w.list");
    assert_eq!(sent(&notebook)[0]["state"], json!({"list": [7]}));
}

#[test]
fn messages_of_ones_own_pass_both_ways_with_buffers() {
    let mut notebook = Notebook::new();
    let code = "w = widgets.any{esm = ''}
        w:on_msg(function(content, buffers, which) print(content.hello, #buffers[1], which == w) end)";
    let (id, _) = open(&mut notebook, code);
    let custom = json!({"method": "custom", "content": {"hello": "moon"}});
    notebook
        .lua
        .comm(message(&id, custom, &[b"\0\xff"]))
        .unwrap();
    assert_eq!(notebook.take_output(), "moon\t2\ttrue\n");
    notebook.run("w:send({1}, {'\\0\\xff'})");
    let content = json!({"method": "custom", "content": [1]});
    assert_eq!(
        notebook.host.take(),
        [Event::Comm(message(&id, content, &[b"\0\xff"]))]
    );
}

#[test]
fn bytes_travel_beside_the_state_both_ways() {
    let mut notebook = Notebook::new();
    let code = "w = widgets.any{esm = '', state = {
        raw = widgets.bytes('\\0\\xff'), deep = {list = {1, widgets.bytes('x')}}}}";
    notebook.host.take();
    notebook.run(code);
    let events = notebook.host.take();
    let [
        Event::Comm(CommMessage::Open {
            id, data, buffers, ..
        }),
    ] = &events[..]
    else {
        panic!("{events:?}");
    };
    assert_eq!(data["state"]["deep"], json!({"list": [1, null]}));
    assert!(data["state"].get("raw").is_none());
    let mut paths: Vec<_> = data["buffer_paths"]
        .as_array()
        .unwrap()
        .iter()
        .zip(buffers)
        .collect();
    paths.sort_by_key(|(path, _)| path.to_string());
    let deep = json!(["deep", "list", 1]);
    let raw = json!(["raw"]);
    assert_eq!(
        paths,
        [
            (&deep, &Bytes::from_static(b"x")),
            (&raw, &Bytes::from_static(b"\0\xff"))
        ]
    );

    let update = json!({"method": "update", "state": {"deep": {"list": [null]}},
        "buffer_paths": [["deep", "list", 0], ["raw"]]});
    notebook
        .lua
        .comm(message(id, update, &[b"page", b"\x01"]))
        .unwrap();
    let code = "print(w.deep.list[1].data, #w.raw, w.raw == widgets.bytes('\\1'))";
    assert_eq!(notebook.output(code), "page\t1\ttrue\n");
}

#[test]
fn a_page_that_was_loaded_anew_gets_the_state_of_all() {
    let mut notebook = Notebook::new();
    let (slider, _) = open(&mut notebook, "w = widgets.slider{max = 10} w.value = 4");
    let (own, _) = open(
        &mut notebook,
        "a = widgets.any{esm = '', state = {raw = widgets.bytes('x')}}",
    );
    notebook.run("gone = widgets.button{} gone:close()");
    let control = CommMessage::Open {
        id: "control".to_owned(),
        target: "jupyter.widget.control".to_owned(),
        data: Map::new(),
        metadata: object(json!({"version": "1.0.0"})),
        buffers: Vec::new(),
    };
    notebook.host.take();
    assert!(notebook.lua.comm(control).unwrap());
    let ask = json!({"method": "request_states"});
    notebook.lua.comm(message("control", ask, &[])).unwrap();
    let told = sent(&notebook);
    assert_eq!(told[0]["method"], "update_states");
    let states = told[0]["states"].as_object().unwrap();
    assert_eq!(states.len(), 2);
    assert_eq!(states[&slider]["model_name"], "AnyModel");
    assert_eq!(states[&slider]["model_module"], "anywidget");
    assert_eq!(states[&slider]["state"]["value"], 4);
    assert_eq!(told[0]["buffer_paths"], json!([[own, "state", "raw"]]));

    let ask = json!({"method": "request_state"});
    notebook.lua.comm(message(&slider, ask, &[])).unwrap();
    let told = sent(&notebook);
    assert_eq!(told[0]["method"], "update");
    assert_eq!(told[0]["state"], states[&slider]["state"]);
}

#[test]
fn a_closed_widget_leaves_the_page_and_keeps_its_values() {
    let mut notebook = Notebook::new();
    let (id, _) = open(
        &mut notebook,
        "w = widgets.slider{value = 3} b = widgets.button{}",
    );
    notebook.host.take();
    notebook.run("w:close() w:close()");
    let events = notebook.host.take();
    assert!(
        matches!(&events[..], [Event::Comm(CommMessage::Close { id: closed, .. })] if *closed == id)
    );
    assert_eq!(notebook.value("w.value").as_deref(), Some("3"));
    let failure = notebook.fail("w.value = 4");
    assert_eq!(failure.message, "cell[4]:1: this widget is closed");
    assert_eq!(
        notebook.fail("w:send(1)").message,
        "cell[5]:1: this widget is closed"
    );
    let bundle = notebook.run("w").result.unwrap();
    assert!(bundle.text().unwrap().ends_with("value = 3} (closed)"));
    assert!(!bundle.data.contains_key(VIEW));
}

#[test]
fn a_widget_that_the_page_closed_is_closed() {
    let mut notebook = Notebook::new();
    let (id, _) = open(&mut notebook, "w = widgets.slider{}");
    let close = CommMessage::Close {
        id,
        data: Map::new(),
        metadata: Map::new(),
        buffers: Vec::new(),
    };
    notebook.lua.comm(close).unwrap();
    assert_eq!(
        notebook.fail("w.value = 4").message,
        "cell[2]:1: this widget is closed"
    );
}

#[test]
fn users_may_take_the_names_away() {
    let mut notebook = Notebook::new();
    let code = "own = require 'widgets' w = own.slider{max = 10}
        widgets, comm, display, type, pairs, error, setmetatable = nil
        string.format, table.sort, math.type = nil";
    let (id, _) = open(&mut notebook, code);
    assert_eq!(
        page_sets(&mut notebook, &id, json!({"value": 7})),
        json!({"value": 7})
    );
    assert_eq!(
        notebook.value("own.checkbox{}").as_deref(),
        Some("widgets.checkbox {}")
    );
    assert_eq!(
        notebook.fail("w.value = 'x'").message,
        "cell[3]:1: widgets.slider: value must be a number, not string"
    );
}

#[test]
fn an_endless_observer_is_interrupted() {
    let mut notebook = Notebook::new();
    let (id, _) = open(
        &mut notebook,
        "w = widgets.slider{on_change = function() print('on') while true do end end}",
    );
    let interrupt = notebook.interrupt.clone();
    notebook.host.on_event(move |event| {
        if matches!(event, Event::Write(..)) {
            interrupt.raise();
        }
    });
    let update = json!({"method": "update", "state": {"value": 7}});
    let failure = notebook.lua.comm(message(&id, update, &[])).unwrap_err();
    assert_eq!(failure.name, "Interrupted");
    notebook.interrupt.clear();
    assert_eq!(notebook.value("w.value").as_deref(), Some("7"));
}
