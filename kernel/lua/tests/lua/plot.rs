//! Charts from Lua's tables.

use crate::notebook::{Event, Notebook};
use perilune_language::{Display, DisplayAction};
use serde_json::{Value, json};

fn displays(notebook: &Notebook) -> Vec<Display> {
    let events = notebook.host.take().into_iter();
    events
        .filter_map(|event| match event {
            Event::Display(display) => Some(display),
            _ => None,
        })
        .collect()
}

/// The Vega-Lite specification of the one chart that a cell shows.
fn spec(code: &str) -> Value {
    let mut notebook = Notebook::new();
    let outcome = notebook.run(code);
    assert_eq!(outcome.result, None, "{code}: it is shown once");
    let shown = displays(&notebook);
    assert_eq!(shown.len(), 1, "{code}");
    shown[0].bundle.data["application/vnd.vegalite.v5+json"].clone()
}

/// The rows of that specification's data.
fn rows(code: &str) -> Value {
    spec(code)["data"]["values"].clone()
}

fn problem(code: &str) -> String {
    let failure = Notebook::new().fail(code);
    failure.message
}

#[test]
fn a_chart_is_shown_by_the_call_in_three_representations() {
    let mut notebook = Notebook::new();
    let outcome = notebook.run("plot.line({3, 1, 4}, {title = 'Digits'})");
    assert_eq!(outcome.result, None);
    let shown = displays(&notebook);
    assert_eq!(shown.len(), 1);
    assert_eq!(shown[0].action, DisplayAction::Show);
    assert!(shown[0].id.is_some());
    let kinds: Vec<_> = shown[0].bundle.data.keys().map(String::as_str).collect();
    assert_eq!(
        kinds,
        [
            "text/plain",
            "image/svg+xml",
            "application/vnd.vegalite.v5+json"
        ]
    );
    let text = shown[0].bundle.text().unwrap();
    assert!(text.contains("Digits") && text.contains('┤'), "{text}");
    assert!(
        text.lines().all(|line| line.chars().count() <= 72),
        "{text}"
    );
    let svg = shown[0].bundle.data["image/svg+xml"].as_str().unwrap();
    assert!(svg.starts_with("<svg") && svg.contains("Digits"));
}

#[test]
fn it_is_shown_exactly_once_in_its_cell_and_again_when_asked_for() {
    let mut notebook = Notebook::new();
    let shown = |notebook: &mut Notebook, code: &str| {
        let result = notebook.run(code).result;
        (displays(notebook).len(), result.is_some())
    };
    assert_eq!(
        shown(&mut notebook, "plot.bar{1, 2} local x = 1"),
        (1, false)
    );
    assert_eq!(shown(&mut notebook, "return plot.bar{1, 2}"), (1, false));
    assert_eq!(
        shown(&mut notebook, "chart = plot.bar{1, 2} chart"),
        (1, false)
    );
    assert_eq!(
        shown(&mut notebook, "for i = 1, 3 do plot.bar{i} end"),
        (3, false)
    );
    assert_eq!(
        shown(&mut notebook, "chart"),
        (0, true),
        "a later cell asks for it"
    );
    assert_eq!(shown(&mut notebook, "display(chart)"), (1, false));
    assert_eq!(
        shown(&mut notebook, "quiet = plot.bar({1}, {show = false})"),
        (0, false)
    );
    assert_eq!(
        shown(&mut notebook, "plot.bar({1}, {show = false})"),
        (0, true)
    );
    assert_eq!(shown(&mut notebook, "display(quiet)"), (1, false));
}

#[test]
fn shown_by_display_it_is_the_same() {
    let mut notebook = Notebook::new();
    notebook.run("chart = plot.scatter({{1, 2}, {3, 0.5}}, {title = 'same'})");
    let first = displays(&notebook).remove(0).bundle;
    notebook.run("display(chart)");
    let second = displays(&notebook).remove(0).bundle;
    assert_eq!(first.data, second.data);
    let third = notebook.run("chart").result.unwrap();
    assert_eq!(first.data, third.data);
}

#[test]
fn data_come_in_the_shapes_that_lua_has() {
    let expected = json!([{"x": 1, "y": 3}, {"x": 2, "y": 1}]);
    for code in [
        "plot.line{3, 1}",
        "plot.line{{1, 3}, {2, 1}}",
        "plot.line({1, 2}, {3, 1})",
        "plot.line({3, 1}, {x = {1, 2}})",
        "plot.line{{x = 1, y = 3}, {x = 2, y = 1}}",
        "plot.line({{t = 1, v = 3}, {t = 2, v = 1}}, {x = 't', y = 'v'})",
        "plot.line({{0, 1, 3}, {0, 2, 1}}, {x = 2, y = 3})",
        "plot.line({t = {1, 2}, v = {3, 1}}, {x = 't', y = 'v'})",
        "plot.line{x = {1, 2}, y = {3, 1}}",
        "plot.line(table.pack(3, 1))",
        "plot.line{'3', '1.0'}",
    ] {
        assert_eq!(rows(code), expected, "{code}");
    }
}

#[test]
fn fields_name_the_axes_and_words_name_those_of_plain_numbers() {
    let titles = |code: &str| {
        let encoding = &spec(code)["encoding"];
        json!([encoding["x"]["title"], encoding["y"]["title"]])
    };
    assert_eq!(
        titles("plot.line({{t = 1, v = 3}}, {x = 't', y = 'v'})"),
        json!(["t", "v"])
    );
    assert_eq!(
        titles("plot.line({3, 1}, {x = 'time', y = 'm'})"),
        json!(["time", "m"])
    );
    assert_eq!(
        titles("plot.line({{t = 1, v = 3}}, {x = 't', y = 'v', labels = {x = 's', y = 'm/s'}})"),
        json!(["s", "m/s"])
    );
}

#[test]
fn several_fields_are_several_series() {
    let expected = json!([
        {"x": 1, "y": 2, "color": "a"}, {"x": 2, "y": 3, "color": "a"},
        {"x": 1, "y": 4, "color": "b"}, {"x": 2, "y": null, "color": "b"},
    ]);
    for code in [
        "plot.line({{t = 1, a = 2, b = 4}, {t = 2, a = 3}}, {x = 't', y = {'a', 'b'}})",
        "plot.line({t = {1, 2}, a = {2, 3}, b = {4, 0/0}}, {x = 't'})",
    ] {
        assert_eq!(rows(code), expected, "{code}");
    }
}

#[test]
fn colour_is_a_field_values_or_a_colour() {
    let rows_by_kind = json!([{"x": 1, "y": 2, "color": "u"}, {"x": 2, "y": 3, "color": "v"}]);
    for code in [
        "plot.scatter({{a = 1, b = 2, kind = 'u'}, {a = 2, b = 3, kind = 'v'}}, {x = 'a', y = 'b', color = 'kind'})",
        "plot.scatter({2, 3}, {color = {'u', 'v'}})",
    ] {
        assert_eq!(rows(code), rows_by_kind, "{code}");
    }
    let color = |code: &str| spec(code)["encoding"]["color"].clone();
    assert_eq!(
        color("plot.bar({1}, {color = 'tomato'})"),
        json!({"value": "#ff6347"})
    );
    let shades = color("plot.scatter({1, 2}, {color = {10, 20}})");
    assert_eq!(shades["type"], "quantitative");
    assert_eq!(shades["scale"]["domain"], json!([10.0, 20.0]));
}

#[test]
fn dates_are_strings_or_what_os_date_makes() {
    for code in [
        "plot.line({'2026-01-31', '2026-02-01'}, {1, 2})",
        "plot.line({{year = 2026, month = 1, day = 31}, {year = 2026, month = 2, day = 1}}, {1, 2})",
    ] {
        assert_eq!(
            rows(code),
            json!([{"x": "2026-01-31", "y": 1}, {"x": "2026-02-01", "y": 2}]),
            "{code}"
        );
    }
    let spec = spec("plot.line({os.date('*t', 0)}, {1})");
    assert_eq!(spec["encoding"]["x"]["type"], "temporal");
}

#[test]
fn what_is_missing_is_a_gap_and_the_json_has_no_nan() {
    assert_eq!(
        rows("plot.line({1, 0/0, math.huge, perilune.null, 5})"),
        json!([
            {"x": 1, "y": 1}, {"x": 2, "y": null}, {"x": 3, "y": null}, {"x": 4, "y": null},
            {"x": 5, "y": 5},
        ])
    );
    assert_eq!(rows("plot.line{}"), json!([]));
    assert_eq!(rows("plot.scatter({}, {title = 'nothing yet'})"), json!([]));
}

#[test]
fn bars_come_from_maps_and_are_grouped_or_stacked() {
    assert_eq!(
        rows("plot.bar{pears = 2, apples = 3}"),
        json!([{"x": "apples", "y": 3}, {"x": "pears", "y": 2}]),
        "in the order of their names"
    );
    assert_eq!(
        rows(
            "plot.bar({{k = 'a', n = 1}, {k = 'b', n = 2}, {k = 'a', n = 4}}, {x = 'k', y = 'n'})"
        ),
        json!([{"x": "a", "y": 5}, {"x": "b", "y": 2}]),
        "what has the same name is added up"
    );
    let y = |stack: &str| {
        let code = format!(
            "plot.bar({{{{k = 'a', n = 1, m = 2}}}}, {{x = 'k', y = {{'n', 'm'}}, stack = {stack}}})"
        );
        spec(&code)["encoding"]["y"]["stack"].clone()
    };
    assert_eq!((y("false"), y("true")), (json!(null), json!("zero")));
}

#[test]
fn a_histogram_counts() {
    assert_eq!(
        rows("plot.hist({0, 1, 1.5, 4}, {bins = 2})"),
        json!([{"x": 0, "x2": 2, "y": 3}, {"x": 2, "x2": 4, "y": 1}])
    );
    assert_eq!(
        rows("plot.hist({{age = 7}, {age = 8}, {age = 8}}, {x = 'age'})"),
        json!([{"x": 6.5, "x2": 7.5, "y": 1}, {"x": 7.5, "x2": 8.5, "y": 2}])
    );
    assert_eq!(
        rows("plot.hist{'b', 'a', 'b'}"),
        json!([{"x": "b", "y": 2}, {"x": "a", "y": 1}])
    );
}

#[test]
fn a_heatmap_is_of_a_matrix_or_of_records() {
    let expected = json!([
        {"x": "a", "y": "p", "color": 1}, {"x": "b", "y": "p", "color": 2},
        {"x": "a", "y": "q", "color": 3}, {"x": "b", "y": "q", "color": 4},
    ]);
    for code in [
        "plot.heatmap({{1, 2}, {3, 4}}, {x = {'a', 'b'}, y = {'p', 'q'}})",
        "plot.heatmap({{c = 'a', r = 'p', n = 1}, {c = 'b', r = 'p', n = 2},
            {c = 'a', r = 'q', n = 3}, {c = 'b', r = 'q', n = 4}}, {x = 'c', y = 'r', color = 'n'})",
    ] {
        assert_eq!(rows(code), expected, "{code}");
    }
    assert_eq!(
        rows("plot.heatmap{{1, 2}, {3}}").as_array().unwrap().len(),
        3
    );
}

#[test]
fn a_chart_is_updated_where_it_stands() {
    let mut notebook = Notebook::new();
    notebook.run("chart = plot.line({1, 2}, {title = 'Live', y = 'metres'})");
    let first = displays(&notebook).remove(0);
    let outcome = notebook.run("chart:update({1, 2, 3})");
    assert_eq!(outcome.result, None);
    let second = displays(&notebook).remove(0);
    assert_eq!(second.action, DisplayAction::Update);
    assert_eq!(second.id, first.id);
    let spec = &second.bundle.data["application/vnd.vegalite.v5+json"];
    assert_eq!(spec["data"]["values"].as_array().unwrap().len(), 3);
    assert_eq!(spec["title"]["text"], "Live");
    assert_eq!(spec["encoding"]["y"]["title"], "metres");
    notebook.run("chart:update({5}, {6}, {title = 'Later'})");
    let third = displays(&notebook).remove(0);
    let spec = &third.bundle.data["application/vnd.vegalite.v5+json"];
    assert_eq!(spec["data"]["values"], json!([{"x": 5, "y": 6}]));
    assert_eq!(spec["title"]["text"], "Later");
    notebook.run("display.update(chart.id, 'gone')");
    assert_eq!(displays(&notebook)[0].id, first.id);
}

#[test]
fn a_chart_gives_and_saves_what_it_looks_like() {
    let folder = std::env::temp_dir().join(format!("perilune-plot-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut notebook = Notebook::new();
    notebook.run(&format!(
        "chart = plot.line({{1, 2}}, {{show = false, title = 'kept'}})
        for _, kind in ipairs{{'svg', 'json', 'txt'}} do chart:save({:?} .. '/chart.' .. kind) end",
        folder.to_str().unwrap()
    ));
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    assert!(read("chart.svg").starts_with("<svg"));
    assert!(serde_json::from_str::<Value>(&read("chart.json")).unwrap()["mark"].is_object());
    assert!(read("chart.txt").contains('┤'));
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(
        notebook.value("chart:svg():sub(1, 4)").as_deref(),
        Some("\"<svg\"")
    );
    assert_eq!(
        notebook.value("chart:vega().title.text").as_deref(),
        Some("\"kept\"")
    );
    assert_eq!(
        notebook
            .value("tostring(chart):find('kept') ~= nil")
            .as_deref(),
        Some("true")
    );
    assert!(
        notebook
            .fail("chart:save('x.png')")
            .message
            .contains("end it with .svg, .json")
    );
    assert!(
        notebook
            .fail("chart:save('/nowhere/x.svg')")
            .message
            .contains("cannot be written")
    );
}

#[test]
fn errors_say_where_and_what_to_do() {
    for (code, expected) in [
        (
            "plot.line()",
            "plot.line wants a table of data, such as {3, 1, 4}, not nothing",
        ),
        (
            "plot.line({1}, 'x')",
            "options are a table, such as {title = \"…\"}, not a string",
        ),
        (
            "plot.line({1}, {colour = 'red'})",
            "there is no option \"colour\"; there are title, x, y, color",
        ),
        (
            "plot.line({1}, {title = {}})",
            "title is a string, not a table",
        ),
        (
            "plot.line({1, 'n/a'})",
            "row 2 of y: \"n/a\" is not a number",
        ),
        (
            "plot.line({1, print})",
            "value 2 of y is a function, which cannot be drawn",
        ),
        (
            "plot.line({{a = 1, b = 2}})",
            "say which field is y, such as {y = \"…\"}; the fields are a, b",
        ),
        (
            "plot.line({{a = 1}, 7}, {y = 'a'})",
            "row 2 is a number, but the first is a table",
        ),
        (
            "plot.line({{a = 1}}, {y = 'c'})",
            "no row has a field c; the fields are a",
        ),
        (
            "plot.line({{a = 1}, {a = {}}}, {y = 'a'})",
            "row 2: a is a table, which cannot be drawn",
        ),
        ("plot.line({1, 2}, {1, 2, 3})", "x has 2 values but y has 3"),
        (
            "plot.line({{a = 1}}, {y = 'a', color = 'b'})",
            "\"b\" is not a colour; write a name such as \"steelblue\", or \"#4682b4\"; and it is no field, which are a",
        ),
        (
            "plot.line({{1, 2, 3}, {4, 5, 6}})",
            "say which field is y, such as {y = 2}; the fields are 1, 2, 3",
        ),
        (
            "plot.line({a = {1, 2}, b = 3})",
            "b is a number, not a list of values",
        ),
        ("plot.bar({a = 1, b = 'x'})", "b is a string, not a number"),
        (
            "plot.hist({1, 2}, {bins = 0})",
            "a histogram has 1 to 1000 bins, not 0",
        ),
        (
            "plot.hist({1, 2}, {bins = 'many'})",
            "bins is a whole number, not a string",
        ),
        (
            "plot.heatmap({{1, 2}, 3})",
            "row 2 is a number, not a table of numbers",
        ),
        (
            "plot.heatmap({{1, 2}}, {x = {'a'}})",
            "x has 1 names, but the matrix has 2 of them",
        ),
        (
            "plot.line({1}, {width = 9})",
            "width and height are 100 to 4000 pixels, not 9",
        ),
        (
            "plot.line({1}).update({1})",
            "call it with a colon: chart:update(data)",
        ),
        (
            "plot.line({1}, {labels = {z = 'a'}})",
            "labels has x, y and color, but no \"z\"",
        ),
    ] {
        let message = problem(code);
        assert!(message.contains(expected), "{code}\n{message}\n{expected}");
        assert!(message.starts_with("cell[1]:1: "), "{message}");
    }
}

#[test]
fn it_is_a_module_too_and_works_when_its_name_is_taken() {
    let mut notebook = Notebook::new();
    assert_eq!(
        notebook.value("require('plot') == plot").as_deref(),
        Some("true")
    );
    notebook.run("chart = plot.line{1} plot, display = nil, nil");
    displays(&notebook);
    notebook.run("chart:update{2}");
    assert_eq!(displays(&notebook).len(), 1);
    assert!(
        notebook
            .run("chart")
            .result
            .unwrap()
            .data
            .contains_key("image/svg+xml")
    );
}

#[test]
fn metamethods_of_the_data_are_not_run() {
    let mut notebook = Notebook::new();
    notebook.run(
        "local strict = setmetatable({1, 2}, {__index = error, __len = error, __pairs = error})
        plot.line(strict)",
    );
    assert_eq!(displays(&notebook).len(), 1);
}
