//! What a chart promises in each of its three renderings.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod any;
mod errors;
mod large;
mod sketch;
mod svg;
mod vega_lite;

use perilune_chart::{Chart, Column, Style, Table, Value};

fn numbers(values: &[f64]) -> Vec<Value> {
    values.iter().copied().map(Value::Number).collect()
}

fn texts(values: &[&str]) -> Vec<Value> {
    values
        .iter()
        .map(|text| Value::Text((*text).to_owned()))
        .collect()
}

fn titled(title: &str) -> Style {
    Style {
        title: Some(title.to_owned()),
        ..Style::default()
    }
}

/// One series over 1, 2, 3, …
fn series(values: Vec<Value>) -> Table {
    Table {
        x: Column::index(values.len()),
        y: vec![Column::new("", values)],
        color: None,
    }
}

/// Two series of three categories.
fn sales() -> Table {
    Table {
        x: Column::new("quarter", texts(&["Q1", "Q2", "Q3"])),
        y: vec![
            Column::new("north", numbers(&[4.0, 6.0, -2.0])),
            Column::new(
                "south",
                vec![Value::Number(3.0), Value::Missing, Value::Number(5.0)],
            ),
        ],
        color: None,
    }
}

fn line(values: &[f64], style: Style) -> Chart {
    Chart::line(series(numbers(values)), style).unwrap()
}
