//! Charts as text, for terminals and logs.

mod bars;
mod canvas;
mod cells;
mod plane;

use crate::chart::{Chart, Coloring, Drawing};
use crate::scale::Range;
use crate::text::{shorten, width};

/// The least that a sketch can be drawn in, in characters.
const NARROWEST: usize = 40;

impl Chart {
    /// The chart as lines of at most `columns` characters, 40 at least, without a final newline.
    /// It has no colours and no control characters.
    #[must_use]
    pub fn sketch(&self, columns: usize) -> String {
        let columns = columns.max(NARROWEST);
        let mut lines = Vec::new();
        if let Some(title) = &self.title {
            let title = shorten(title, columns);
            let indent = (columns - width(&title)) / 2;
            lines.push(format!("{:indent$}{title}", ""));
        }
        match &self.drawing {
            Drawing::Line(points) => {
                plane::draw(self, points, plane::Joined::Yes, columns, &mut lines)
            }
            Drawing::Scatter(points) => {
                plane::draw(self, points, plane::Joined::No, columns, &mut lines)
            }
            Drawing::Bars(bars) => bars::draw_bars(self, bars, columns, &mut lines),
            Drawing::Histogram(histogram) => bars::draw_bins(self, histogram, columns, &mut lines),
            Drawing::Heatmap(heatmap) => cells::draw(self, heatmap, columns, &mut lines),
        }
        for note in &self.notes {
            lines.push(format!("({})", shorten(note, columns - 2)));
        }
        let trimmed: Vec<_> = lines.iter().map(|line| line.trim_end()).collect();
        trimmed.join("\n")
    }
}

/// What stands for the n-th of several series.
fn symbol(index: usize) -> char {
    const SYMBOLS: [char; 8] = ['•', '×', '○', '+', '▲', '◇', '▪', '*'];
    SYMBOLS[index % SYMBOLS.len()]
}

/// What fills the bars of the n-th of several series.
fn fill(index: usize) -> char {
    const FILLS: [char; 4] = ['█', '░', '▓', '▒'];
    FILLS[index % FILLS.len()]
}

/// A line or more that say what stands for which series.
fn legend(
    title: Option<&str>,
    names: &[&str],
    sign: fn(usize) -> char,
    columns: usize,
) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = title
        .map(|title| format!("{}:", shorten(title, columns / 2)))
        .unwrap_or_default();
    for (index, name) in names.iter().enumerate() {
        let entry = format!("{} {}", sign(index), shorten(name, columns / 2 - 3));
        if width(&line) + width(&entry) + 3 > columns {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push_str("  ");
        }
        line.push_str(&entry);
    }
    lines.push(line);
    lines
}

/// A line that says which values the shades stand for.
fn shade_legend(title: Option<&str>, range: Range, shades: &[char], columns: usize) -> String {
    let ends = range.labels(&[range.min(), range.max()]);
    let shades: Vec<String> = shades.iter().map(char::to_string).collect();
    let title = title.map(|title| format!("{title}: ")).unwrap_or_default();
    shorten(
        &format!("{title}{} {} {}", ends[0], shades.join(" "), ends[1]),
        columns,
    )
}

/// Whether several series have to be told apart.
fn has_series(coloring: Coloring) -> bool {
    coloring == Coloring::Series
}
