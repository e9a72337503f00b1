//! Charts of more than an eye can tell apart stay small, and say so.

use super::{Chart, Column, Style, Table, Value, numbers, series};
use perilune_chart::{BarLayout, Matrix};

/// A walk that is the same each time.
fn walk(length: usize) -> Vec<f64> {
    let mut state = 1u64;
    let mut height = 0.0;
    (0..length)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            height += (state >> 40) as f64 / f64::from(1 << 24) - 0.5;
            height
        })
        .collect()
}

fn drawn(chart: &Chart) -> usize {
    chart.vega_lite()["data"]["values"]
        .as_array()
        .unwrap()
        .len()
}

#[test]
fn a_long_line_keeps_its_ends_its_extremes_and_its_gap() {
    let mut heights = walk(100_000);
    heights[33_333] = 1e6;
    heights[44_444] = -1e6;
    heights[55_555] = f64::NAN;
    let (first, last) = (heights[0], heights[99_999]);
    let chart = Chart::line(series(numbers(&heights)), Style::default()).unwrap();
    assert!((1_000..7_000).contains(&drawn(&chart)), "{}", drawn(&chart));
    let spec = chart.vega_lite();
    let rows = spec["data"]["values"].as_array().unwrap();
    let row = |x: usize| {
        rows.iter()
            .find(|row| row["x"] == x)
            .map(|row| row["y"].clone())
    };
    assert_eq!(row(33_334), Some(1_000_000.into()));
    assert_eq!(row(44_445), Some((-1_000_000).into()));
    assert_eq!(row(55_556), Some(serde_json::Value::Null));
    assert_eq!(
        (row(1), row(100_000)),
        (Some(first.into()), Some(last.into()))
    );
    let note = spec["title"]["subtitle"][0].as_str().unwrap();
    assert!(
        note.ends_with("of 100,000 points are drawn, those that keep its shape"),
        "{note}"
    );
    assert!(chart.svg().unwrap().contains(note) && chart.sketch(72).contains(note));
    assert!(chart.svg().unwrap().len() < 200_000);
}

#[test]
fn a_crowd_of_marks_keeps_its_outliers() {
    let (mut x, mut y) = (walk(100_000), walk(100_001).split_off(1));
    (x[5], y[5]) = (1e4, 1e4);
    let table = Table {
        x: Column::new("", numbers(&x)),
        y: vec![Column::new("", numbers(&y))],
        color: None,
    };
    let chart = Chart::scatter(table, Style::default()).unwrap();
    assert!((2..=4_000).contains(&drawn(&chart)));
    let spec = chart.vega_lite();
    assert!(
        spec["data"]["values"]
            .as_array()
            .unwrap()
            .iter()
            .any(|row| row["x"] == 10_000)
    );
    assert!(chart.svg().unwrap().len() < 1_000_000);
}

#[test]
fn bars_bins_and_cells_are_bounded() {
    let heights = walk(100_000);
    let chart = Chart::bar(
        series(numbers(&heights)),
        BarLayout::Grouped,
        Style::default(),
    )
    .unwrap();
    assert_eq!(drawn(&chart), 1_000);
    assert!(
        chart
            .sketch(72)
            .ends_with("(the first 1,000 of 100,000 bars are drawn)")
    );

    let values = Column::new("", numbers(&heights));
    let chart = Chart::histogram(&values, None, None, Style::default()).unwrap();
    assert!((10..=130).contains(&drawn(&chart)), "{}", drawn(&chart));
    let rows = chart.vega_lite();
    let counts = rows["data"]["values"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["y"].as_u64().unwrap());
    assert_eq!(counts.sum::<u64>(), 100_000, "every value is in a bin");

    let side: Vec<String> = (0..500).map(|n| n.to_string()).collect();
    let matrix = Matrix {
        name: String::new(),
        x_name: String::new(),
        y_name: String::new(),
        columns: side[..400].to_vec(),
        rows: side[..250].to_vec(),
        values: heights
            .iter()
            .map(|height| Value::Number(*height))
            .collect(),
    };
    let chart = Chart::heatmap(&matrix, Style::default()).unwrap();
    assert_eq!(drawn(&chart), 80 * 63);
    assert!(
        chart
            .sketch(72)
            .ends_with("(each cell is the mean of 4 × 5 values)")
    );
}

#[test]
fn thousands_of_categories_do_not_all_go_out() {
    let names: Vec<Value> = (0..50_000)
        .map(|n| Value::Text(format!("name {n}")))
        .collect();
    let table = Table {
        x: Column::new("", names),
        y: vec![Column::new("", numbers(&walk(50_000)))],
        color: None,
    };
    let spec = Chart::line(table, Style::default()).unwrap().vega_lite();
    assert!(serde_json::to_string(&spec).unwrap().len() < 500_000);
}
