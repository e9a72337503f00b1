use super::shade_legend;
use crate::chart::{Chart, Heatmap};
use crate::text::{pad_start, shorten, width};

/// From the least to the most; a missing cell is empty.
const SHADES: [char; 5] = ['·', '░', '▒', '▓', '█'];
/// The longest name of a row.
const NAME: usize = 16;
/// How many rows are drawn; more are averaged.
const ROWS: usize = 30;

/// Draws cells as shades.
pub(super) fn draw(chart: &Chart, heatmap: &Heatmap, columns: usize, lines: &mut Vec<String>) {
    let rows: Vec<String> = heatmap
        .rows
        .iter()
        .map(|name| shorten(name, NAME))
        .collect();
    let left = rows.iter().map(|name| width(name)).max().unwrap_or(0);
    let room = columns - left - 1;
    let heatmap = heatmap.clone().averaged(room, ROWS);
    let count = heatmap.columns.len();
    // Twice as wide as high, characters make squares.
    let across = room.checked_div(count).unwrap_or(1).clamp(1, 4);
    if let Some(label) = &chart.y_label {
        lines.push(shorten(label, columns));
    }
    for (row, cells) in heatmap.cells.chunks(count.max(1)).enumerate() {
        let mut line = format!("{} ", pad_start(&shorten(&heatmap.rows[row], NAME), left));
        for cell in cells {
            let shade = cell.map_or(' ', |value| {
                let share = heatmap.range.position(value);
                SHADES[((share * SHADES.len() as f64) as usize).min(SHADES.len() - 1)]
            });
            line.extend(std::iter::repeat_n(shade, across));
        }
        lines.push(line);
    }
    let names = names_below(&heatmap.columns, left + 1, across);
    lines.push(shorten(names.trim_end(), columns));
    if let Some(label) = &chart.x_label {
        let drawn = count * across;
        let label = shorten(label, columns - left - 1);
        let indent = left + 1 + drawn.saturating_sub(width(&label)) / 2;
        lines.push(format!("{:indent$}{label}", ""));
    }
    lines.push(shade_legend(
        chart.color_label.as_deref(),
        heatmap.range,
        &SHADES,
        columns,
    ));
}

/// The names of as many columns as have room, each where its column starts.
fn names_below(names: &[String], left: usize, across: usize) -> String {
    let longest = names
        .iter()
        .map(|name| width(name).min(8))
        .max()
        .unwrap_or(0);
    let every = (longest + 1).div_ceil(across).max(1);
    let room = every * across - 1;
    let named = names
        .iter()
        .step_by(every)
        .map(|name| crate::text::pad(&shorten(name, room), room));
    format!("{:left$}{}", "", named.collect::<Vec<_>>().join(" "))
}
