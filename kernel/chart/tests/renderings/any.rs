//! Any data in, valid output out.

use perilune_chart::{BarLayout, Chart, Column, Matrix, Style, Table, Value};
use proptest::collection::vec;
use proptest::prelude::*;

fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>(),
        -100.0..100.0f64,
        Just(f64::MAX),
        Just(f64::MIN),
        Just(5e-324),
        Just(f64::NAN),
        Just(f64::INFINITY),
        Just(-0.0),
    ]
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        1 => Just(Value::Missing),
        4 => any_number().prop_map(Value::Number),
        1 => any::<String>().prop_map(Value::Text),
        1 => "[0-9]{4}-[01][0-9]-[0-3][0-9]".prop_map(Value::Text),
    ]
}

fn dates() -> impl Strategy<Value = Vec<Value>> {
    vec(
        "[0-9]{4}-0[1-9]-[01][1-9]T[01][0-9]:[0-5][0-9]:[0-5][0-9]Z",
        0..20,
    )
    .prop_map(|dates| dates.into_iter().map(Value::Text).collect())
}

/// Columns of the same length: x of any kind, y of numbers, a colour of any kind.
fn any_table() -> impl Strategy<Value = Table> {
    let x = prop_oneof![
        vec(any_value(), 0..20),
        vec(any_number().prop_map(Value::Number), 0..20),
        dates()
    ];
    (x, any::<String>(), any::<bool>()).prop_flat_map(|(x, name, has_color)| {
        let rows = x.len();
        let y = vec(
            prop_oneof![any_number().prop_map(Value::Number), Just(Value::Missing)],
            rows,
        );
        let color = vec(any_value(), rows);
        (Just(x), vec(y, 1..3), color, Just(name)).prop_map(move |(x, y, color, name)| Table {
            x: Column::new(name.clone(), x),
            y: y.into_iter()
                .map(|y| Column::new(name.clone(), y))
                .collect(),
            color: has_color.then(|| Column::new(name.clone(), color)),
        })
    })
}

fn any_style() -> impl Strategy<Value = Style> {
    (
        any::<Option<String>>(),
        any::<Option<String>>(),
        100..1000u32,
        100..800u32,
    )
        .prop_map(|(title, label, width, height)| Style {
            title,
            x_label: label.clone(),
            y_label: label.clone(),
            color_label: label,
            color: None,
            width: Some(width),
            height: Some(height),
        })
}

/// What must hold of every chart.
fn is_valid(chart: &Chart) -> Result<(), TestCaseError> {
    let svg = chart.svg().unwrap();
    let document = roxmltree::Document::parse(&svg);
    prop_assert!(document.is_ok(), "{:?}\n{svg}", document.err());
    let document = document.unwrap();
    for node in document.descendants().filter(roxmltree::Node::is_element) {
        let name = node.tag_name().name();
        let known = [
            "svg", "g", "text", "line", "polyline", "polygon", "rect", "circle",
        ];
        prop_assert!(known.contains(&name), "{name}");
        for attribute in node.attributes() {
            prop_assert!(!attribute.name().starts_with("on") && attribute.name() != "href");
            let is_number = ["x", "y", "width", "height", "cx", "cy", "r", "x1", "y1"]
                .contains(&attribute.name());
            prop_assert!(
                !is_number || attribute.value().parse::<f64>().is_ok_and(f64::is_finite),
                "{svg}"
            );
            let is_size = ["width", "height"].contains(&attribute.name());
            prop_assert!(!is_size || !attribute.value().starts_with('-'), "{svg}");
        }
    }

    let spec = chart.vega_lite();
    let text = serde_json::to_string(&spec).unwrap();
    prop_assert_eq!(
        &serde_json::from_str::<serde_json::Value>(&text).unwrap(),
        &spec
    );
    for row in spec["data"]["values"].as_array().unwrap() {
        // Nothing but a gap is null: JSON has no NaN.
        prop_assert!(!row["x"].is_null(), "{row}");
    }

    let sketch = chart.sketch(72);
    prop_assert!(sketch.lines().count() <= 70);
    for line in sketch.lines() {
        prop_assert!(
            unicode_width::UnicodeWidthStr::width(line) <= 72,
            "{line}\n{sketch}"
        );
        prop_assert!(!line.chars().any(char::is_control), "{line:?}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_table_makes_valid_lines_marks_and_bars(table in any_table(), style in any_style()) {
        is_valid(&Chart::line(table.clone(), style.clone()).unwrap())?;
        is_valid(&Chart::scatter(table.clone(), style.clone()).unwrap())?;
        is_valid(&Chart::bar(table.clone(), BarLayout::Grouped, style.clone()).unwrap())?;
        is_valid(&Chart::bar(table, BarLayout::Stacked, style).unwrap())?;
    }

    #[test]
    fn any_numbers_make_a_valid_histogram(
        values in vec(any_number(), 0..60), bins in proptest::option::of(1..200usize), style in any_style(),
    ) {
        let values = Column::new("", values.into_iter().map(Value::Number).collect());
        let color = Column::new("", (0..values.values.len()).map(|n| Value::Number((n % 3) as f64)).collect());
        is_valid(&Chart::histogram(&values, None, bins, style.clone()).unwrap())?;
        is_valid(&Chart::histogram(&values, Some(&color), bins, style).unwrap())?;
    }

    #[test]
    fn any_numbers_make_a_valid_heatmap(
        values in vec(any_number(), 0..200), width in 1..20usize, names in any::<[String; 20]>(), style in any_style(),
    ) {
        let rows = values.len() / width;
        let matrix = Matrix {
            name: String::new(),
            x_name: String::new(),
            y_name: String::new(),
            columns: names[..width].to_vec(),
            rows: (1..=rows).map(|row| row.to_string()).collect(),
            values: values[..rows * width].iter().copied().map(Value::Number).collect(),
        };
        is_valid(&Chart::heatmap(&matrix, style.clone()).unwrap())?;
        let places = Column::new("", (0..values.len()).map(|n| Value::Number((n % 7) as f64)).collect());
        let values = Column::new("", values.into_iter().map(Value::Number).collect());
        is_valid(&Chart::heatmap(&Matrix::of_cells(&places, &values, &values).unwrap(), style).unwrap())?;
    }
}
