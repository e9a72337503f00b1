//! Charts as Vega-Lite specifications.

use super::{Chart, Column, Style, Table, Value, line, numbers, sales, texts, titled};
use perilune_chart::BarLayout;
use serde_json::json;

#[test]
fn the_specification_has_its_data_in_it() {
    let spec = line(&[3.0, 1.5], titled("t")).vega_lite();
    assert_eq!(
        spec,
        json!({
            "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
            "description": "t",
            "title": {"text": "t", "subtitle": [], "anchor": "start"},
            "width": 640,
            "height": 360,
            "autosize": {"type": "fit", "contains": "padding"},
            "background": "transparent",
            "config": {
                "axis": {"gridColor": "#7a7a7a", "gridOpacity": 0.25, "labelSeparation": 8},
                "view": {"stroke": null},
            },
            "data": {"values": [{"x": 1, "y": 3}, {"x": 2, "y": 1.5}]},
            "mark": {"type": "line", "order": null, "point": true},
            "encoding": {
                "x": {"field": "x", "title": null, "type": "quantitative", "scale": {"zero": false}},
                "y": {"field": "y", "title": null, "type": "quantitative", "scale": {"zero": false}},
                "color": {"value": "#4c78a8"},
                "tooltip": [
                    {"field": "x", "type": "quantitative", "title": "x"},
                    {"field": "y", "type": "quantitative", "title": "y"},
                ],
            },
        })
    );
}

#[test]
fn names_with_dots_and_brackets_are_titles_and_never_fields() {
    let table = Table {
        x: Column::new("a.b[0]", numbers(&[1.0])),
        y: vec![Column::new("c\"d", numbers(&[1.0]))],
        color: Some(Column::new("e", texts(&["f.g"]))),
    };
    let encoding = &Chart::scatter(table, Style::default()).unwrap().vega_lite()["encoding"];
    let of = |channel: &str| {
        (
            encoding[channel]["field"].clone(),
            encoding[channel]["title"].clone(),
        )
    };
    assert_eq!(of("x"), (json!("x"), json!("a.b[0]")));
    assert_eq!(of("y"), (json!("y"), json!("c\"d")));
    assert_eq!(of("color"), (json!("color"), json!("e")));
}

#[test]
fn dates_are_in_utc_so_that_no_day_becomes_the_one_before() {
    let table = Table {
        x: Column::new("day", texts(&["1969-07-16", "1969-07-24"])),
        y: vec![Column::new("", numbers(&[1.0, 2.0]))],
        color: None,
    };
    let spec = Chart::line(table, Style::default()).unwrap().vega_lite();
    assert_eq!(spec["encoding"]["x"]["type"], "temporal");
    assert_eq!(spec["encoding"]["x"]["scale"], json!({"type": "utc"}));
    assert_eq!(spec["data"]["values"][0]["x"], "1969-07-16");
    assert_eq!(
        spec["encoding"]["tooltip"][0]["timeUnit"],
        "utcyearmonthdate"
    );
}

#[test]
fn what_is_not_a_number_is_a_gap() {
    let spec = line(&[1.0, f64::NAN, f64::NEG_INFINITY], Style::default()).vega_lite();
    assert_eq!(
        spec["data"]["values"],
        json!([{"x": 1, "y": 1}, {"x": 2, "y": null}, {"x": 3, "y": null}])
    );
}

#[test]
fn bars_stand_side_by_side_or_on_each_other() {
    let spec = Chart::bar(sales(), BarLayout::Grouped, Style::default())
        .unwrap()
        .vega_lite();
    assert_eq!(spec["encoding"]["xOffset"]["field"], "color");
    assert_eq!(spec["encoding"]["y"]["stack"], json!(null));
    let spec = Chart::bar(sales(), BarLayout::Stacked, Style::default())
        .unwrap()
        .vega_lite();
    assert_eq!(spec["encoding"]["xOffset"], json!(null));
    assert_eq!(spec["encoding"]["y"]["stack"], "zero");
    assert_eq!(
        spec["data"]["values"].as_array().map(Vec::len),
        Some(5),
        "a missing value has no bar"
    );
}

#[test]
fn numbers_in_text_are_numbers() {
    let table = Table {
        x: Column::new("", texts(&["1", "2.5"])),
        y: vec![Column::new(
            "",
            vec![Value::Text("10".to_owned()), Value::Text(" 1e2".to_owned())],
        )],
        color: None,
    };
    let spec = Chart::line(table, Style::default()).unwrap().vega_lite();
    assert_eq!(
        spec["data"]["values"],
        json!([{"x": 1, "y": 10}, {"x": 2.5, "y": 100}])
    );
}
