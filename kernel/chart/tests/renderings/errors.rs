//! What cannot be drawn says which row and what to do.

use super::{Chart, Column, Style, Value, numbers, series, texts};
use perilune_chart::{ChartError, Table};

#[test]
fn text_among_numbers_is_named_with_its_row() {
    let mut table = series(vec![Value::Number(1.0), Value::Text("n/a".to_owned())]);
    table.y[0].name = "price".to_owned();
    assert_eq!(
        Chart::line(table, Style::default())
            .unwrap_err()
            .to_string(),
        "row 2 of price: \"n/a\" is not a number; make it one, or leave it out for a gap"
    );
}

#[test]
fn columns_that_do_not_match_are_named_with_their_lengths() {
    let mut table = series(numbers(&[1.0, 2.0, 3.0]));
    table.x = Column::new("t", numbers(&[1.0, 2.0]));
    assert_eq!(
        Chart::scatter(table, Style::default())
            .unwrap_err()
            .to_string(),
        "t has 2 values but y has 3; they go in pairs"
    );
}

#[test]
fn too_many_colours_are_refused() {
    let names: Vec<String> = (0..60).map(|n| format!("k{n}")).collect();
    let names: Vec<&str> = names.iter().map(|name| &**name).collect();
    let table = Table {
        color: Some(Column::new("kind", texts(&names))),
        ..series(numbers(&[1.0; 60]))
    };
    assert_eq!(
        Chart::line(table, Style::default()).unwrap_err(),
        ChartError::TooManySeries {
            column: "kind".to_owned(),
            count: 60,
            limit: 50
        }
    );
}

#[test]
fn sizes_and_bins_have_limits() {
    let style = Style {
        width: Some(5),
        ..Style::default()
    };
    let chart = Chart::line(series(Vec::new()), style);
    assert_eq!(chart.unwrap_err(), ChartError::Size(5));
    let values = Column::new("", numbers(&[1.0]));
    let chart = Chart::histogram(&values, None, Some(0), Style::default());
    assert_eq!(chart.unwrap_err(), ChartError::Bins(0));
}
