//! Charts in a terminal.

use super::{Chart, Column, Style, Table, Value, line, numbers, sales, texts, titled};
use perilune_chart::{BarLayout, Matrix};

fn trimmed(text: &str) -> String {
    let lines: Vec<_> = text.trim_matches('\n').lines().map(str::trim_end).collect();
    lines.join("\n")
}

#[test]
fn a_line_is_drawn_in_dots_between_labelled_axes() {
    let style = Style {
        x_label: Some("second".to_owned()),
        y_label: Some("metres".to_owned()),
        ..titled("A throw")
    };
    let chart = line(&[0.0, 15.0, 20.0, 15.0, 0.0], style);
    assert_eq!(
        chart.sketch(40),
        trimmed(
            "
                A throw
metres
20 ┤                ⢀⠔⠑⢄
   │              ⡠⠊⠁   ⠑⢄
   │            ⡠⠊        ⠉⠢⡀
   │         ⢀⠔⠉            ⠈⠢⡀
15 ┤        ⢠⠃                ⠘⡄
   │       ⢀⠇                  ⠸⡀
   │       ⡜                    ⢣
   │      ⡸                      ⢇
10 ┤     ⢰⠁                      ⠈⡆
   │    ⢀⠇                        ⠸⡀
   │    ⡎                          ⢱
 5 ┤   ⡸                            ⢇
   │  ⢰⠁                            ⠈⡆
   │ ⢠⠃                              ⠘⡄
   │ ⡎                                ⢱
 0 ┤⡜                                  ⢣
   └┬────────┬────────┬───────┬────────┬
    1        2        3       4        5
                   second
"
        )
    );
}

#[test]
fn bars_lie_behind_their_names_and_before_their_numbers() {
    let chart = Chart::bar(sales(), BarLayout::Grouped, titled("Sales")).unwrap();
    assert_eq!(
        chart.sketch(40),
        trimmed(
            "
                 Sales
quarter
Q1         │████████████████ 4
           │░░░░░░░░░░░░ 3
Q2         │████████████████████████ 6
Q3 ████████│ −2
           │░░░░░░░░░░░░░░░░░░░░ 5
█ north  ░ south
"
        )
    );
    let chart = Chart::bar(sales(), BarLayout::Stacked, Style::default()).unwrap();
    assert_eq!(
        chart.sketch(40),
        trimmed(
            "
quarter
Q1        │███████████████░░░░░░░░░░░ 7
Q2        │██████████████████████ 6
Q3 ███████│░░░░░░░░░░░░░░░░░░░ 3
█ north  ░ south
"
        )
    );
}

#[test]
fn bins_are_named_by_their_edges_and_whole_numbers_by_themselves() {
    let sample = |values: &[f64]| {
        let values = Column::new("points", numbers(values));
        Chart::histogram(&values, None, None, Style::default())
            .unwrap()
            .sketch(40)
    };
    assert_eq!(
        sample(&[2.0, 3.0, 3.0, 3.0, 5.0]),
        trimmed(
            "
count by points
2 │███████████ 1
3 │██████████████████████████████████ 3
4 ▏ 0
5 │███████████ 1
"
        )
    );
    assert_eq!(
        sample(&[0.1, 0.2, 0.9, 1.4, 1.9, 2.0]),
        trimmed(
            "
count by points
  0 – 0.5 │██████████████████████████ 2
0.5 – 1.0 │█████████████ 1
1.0 – 1.5 │█████████████ 1
1.5 – 2.0 │██████████████████████████ 2
"
        )
    );
}

#[test]
fn series_have_signs_of_their_own() {
    let table = Table {
        x: Column::new("", numbers(&[1.0, 2.0, 3.0, 4.0])),
        y: vec![Column::new("", numbers(&[1.0, 2.0, 3.0, 4.0]))],
        color: Some(Column::new("kind", texts(&["a", "b", "a", "b"]))),
    };
    let sketch = Chart::scatter(table, Style::default()).unwrap().sketch(40);
    assert_eq!(sketch.lines().last(), Some("kind:  • a  × b"));
    assert_eq!(sketch.matches('•').count(), 3);
    assert_eq!(sketch.matches('×').count(), 3);
}

#[test]
fn a_heatmap_is_drawn_in_shades() {
    let matrix = Matrix {
        name: "heat".to_owned(),
        x_name: "hour".to_owned(),
        y_name: "day".to_owned(),
        columns: ["8", "9", "10"].map(str::to_owned).into(),
        rows: ["Mon", "Tue"].map(str::to_owned).into(),
        values: vec![
            Value::Number(0.0),
            Value::Number(1.0),
            Value::Number(2.0),
            Value::Number(3.0),
            Value::Missing,
            Value::Number(5.0),
        ],
    };
    let chart = Chart::heatmap(&matrix, Style::default()).unwrap();
    assert_eq!(
        chart.sketch(40),
        trimmed(
            "
day
Mon ····░░░░▒▒▒▒
Tue ▓▓▓▓    ████
    8   9   10
        hour
heat: 0 · ░ ▒ ▓ █ 5
"
        )
    );
}
