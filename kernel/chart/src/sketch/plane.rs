use super::canvas::{Canvas, Pen};
use super::{has_series, legend, shade_legend, symbol};
use crate::chart::{Chart, Coloring, Point, Points};
use crate::scale::{Scale, Tick};
use crate::text::{pad_start, shorten, width};

/// How many lines the plane itself has.
const ROWS: usize = 16;
/// The longest label of the y axis.
const LABEL: usize = 16;

/// Whether points are joined by lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Joined {
    Yes,
    No,
}

/// Draws points on two axes.
pub(super) fn draw(
    chart: &Chart,
    points: &Points,
    joined: Joined,
    columns: usize,
    lines: &mut Vec<String>,
) {
    let y = match &points.y {
        Scale::Linear(range) => Scale::Linear(range.rounded(5)),
        other => other.clone(),
    };
    let y_ticks = y.ticks(if matches!(y, Scale::Categories(_)) {
        ROWS
    } else {
        5
    });
    let labels: Vec<String> = y_ticks
        .iter()
        .map(|tick| shorten(&tick.label, LABEL))
        .collect();
    let left = labels.iter().map(|label| width(label)).max().unwrap_or(0);
    let room = columns - left - 2;

    if let Some(label) = &chart.y_label {
        lines.push(shorten(label, columns));
    }
    let canvas = plane(points, &y, joined, room);
    for (row, line) in canvas.lines().enumerate() {
        let label = y_ticks.iter().position(|tick| row_of(tick.at) == row);
        match label {
            Some(tick) => lines.push(format!("{} ┤{line}", pad_start(&labels[tick], left))),
            None => lines.push(format!("{:left$} │{line}", "")),
        }
    }
    x_axis(&points.x, left, room, lines);
    if let Some(label) = &chart.x_label {
        let label = shorten(label, room);
        let indent = left + 2 + (room - width(&label)) / 2;
        lines.push(format!("{:indent$}{label}", ""));
    }
    match points.coloring {
        Coloring::Fixed => {}
        Coloring::Series => {
            let names: Vec<&str> = points.series.iter().map(|series| &*series.name).collect();
            lines.extend(legend(
                chart.color_label.as_deref(),
                &names,
                symbol,
                columns,
            ));
        }
        Coloring::Shade(range) => {
            lines.push(shade_legend(
                chart.color_label.as_deref(),
                range,
                &SHADES,
                columns,
            ));
        }
    }
}

/// From a little to a lot.
const SHADES: [char; 4] = ['·', '∘', '○', '●'];

fn plane(points: &Points, y: &Scale, joined: Joined, columns: usize) -> Canvas {
    let mut canvas = Canvas::new(columns, ROWS);
    for (index, series) in points.series.iter().enumerate() {
        if has_series(points.coloring) {
            canvas.take(Pen::Symbol(symbol(index)));
        }
        for run in series.points.split(|point| point.y.is_none()) {
            if let Coloring::Shade(range) = points.coloring {
                for point in run {
                    let share = range.position(point.shade.unwrap_or(0.0));
                    canvas.take(Pen::Symbol(SHADES[((share * 4.0) as usize).min(3)]));
                    canvas.draw_point(place(points, y, point));
                }
                continue;
            }
            let places = run.iter().map(|point| place(points, y, point));
            match joined {
                Joined::Yes => canvas.draw_path(places),
                Joined::No => places.for_each(|place| canvas.draw_point(place)),
            }
        }
    }
    canvas
}

fn place(points: &Points, y: &Scale, point: &Point) -> (f64, f64) {
    (
        points.x.position(point.x),
        y.position(point.y.unwrap_or(0.0)),
    )
}

/// The line at a height from 0 to 1.
fn row_of(at: f64) -> usize {
    ((1.0 - at) * (ROWS - 1) as f64).round() as usize
}

/// The axis, and under it as many labels as fit.
fn x_axis(scale: &Scale, left: usize, room: usize, lines: &mut Vec<String>) {
    let place = |tick: &Tick| (tick.at * (room - 1) as f64).round() as usize;
    let mut count = 8;
    let (ticks, labels) = loop {
        let ticks = scale.ticks(count);
        if let Some(labels) = label_line(&ticks, left + 2, room, place) {
            break (ticks, labels);
        }
        if count <= 2 {
            break (Vec::new(), String::new());
        }
        count -= 1;
    };
    let mut axis: Vec<char> = vec!['─'; room];
    for tick in &ticks {
        axis[place(tick)] = '┬';
    }
    lines.push(format!(
        "{:left$} └{}",
        "",
        axis.into_iter().collect::<String>()
    ));
    lines.push(labels);
}

/// The labels, each in the middle under its tick; nothing if they do not fit.
fn label_line(
    ticks: &[Tick],
    left: usize,
    room: usize,
    place: impl Fn(&Tick) -> usize,
) -> Option<String> {
    let mut line = String::new();
    let mut used = 0;
    for (index, tick) in ticks.iter().enumerate() {
        let label = shorten(&tick.label, room / 3);
        let label_width = width(&label);
        let end = left + room - label_width.min(room);
        let start = (left + place(tick))
            .saturating_sub(label_width / 2)
            .min(end);
        let start = if index == 0 {
            start
        } else {
            Some(start).filter(|start| *start > used)?
        };
        let gap = start.saturating_sub(used);
        line.push_str(&format!("{:gap$}{label}", ""));
        used = start + label_width;
    }
    Some(line)
}
