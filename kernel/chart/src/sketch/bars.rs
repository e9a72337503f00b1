use super::{fill, legend};
use crate::chart::{Bar, BarLayout, Bars, Chart, Histogram};
use crate::scale::Range;
use crate::text::{grouped, pad, shorten, width};

/// How many lines of bars are drawn.
const LINES: usize = 40;
/// The longest name of a category.
const NAME: usize = 24;

/// Draws bars that lie, each with its number behind it.
pub(super) fn draw_bars(chart: &Chart, bars: &Bars, columns: usize, lines: &mut Vec<String>) {
    let names: Vec<String> = bars
        .categories
        .iter()
        .map(|name| shorten(name, NAME))
        .collect();
    let rows: Vec<(usize, Vec<Bar>)> = match bars.layout {
        BarLayout::Grouped => bars
            .bars()
            .into_iter()
            .map(|bar| (bar.category, vec![bar]))
            .collect(),
        BarLayout::Stacked => {
            let mut rows: Vec<(usize, Vec<Bar>)> = Vec::new();
            for bar in bars.bars() {
                match rows.last_mut() {
                    Some((category, parts)) if *category == bar.category => parts.push(bar),
                    _ => rows.push((bar.category, vec![bar])),
                }
            }
            rows
        }
    };
    let mut labelled = Vec::new();
    let mut before = None;
    for (category, parts) in rows {
        let name = if before == Some(category) {
            ""
        } else {
            &*names[category]
        };
        before = Some(category);
        labelled.push((name.to_owned(), parts));
    }
    draw(chart, &labelled, bars.range(), columns, lines);
    name_series(chart, &bars.names, columns, lines);
}

/// Draws a bar for each bin.
pub(super) fn draw_bins(
    chart: &Chart,
    histogram: &Histogram,
    columns: usize,
    lines: &mut Vec<String>,
) {
    let bins = histogram.names_of_bins().into_iter().enumerate();
    let rows: Vec<(String, Vec<Bar>)> = bins
        .map(|(bin, name)| {
            let mut base = 0.0;
            let parts = histogram.counts.iter().enumerate().map(|(series, counts)| {
                let from = base;
                base += counts[bin] as f64;
                Bar {
                    series,
                    category: bin,
                    from,
                    to: base,
                }
            });
            (name, parts.collect())
        })
        .collect();
    draw(chart, &rows, histogram.heights(), columns, lines);
    name_series(chart, &histogram.names, columns, lines);
}

fn name_series(chart: &Chart, names: &[String], columns: usize, lines: &mut Vec<String>) {
    if !names.is_empty() {
        let names: Vec<&str> = names.iter().map(|name| &**name).collect();
        lines.extend(legend(chart.color_label.as_deref(), &names, fill, columns));
    }
}

fn draw(
    chart: &Chart,
    rows: &[(String, Vec<Bar>)],
    range: Range,
    columns: usize,
    lines: &mut Vec<String>,
) {
    let labels = [&chart.x_label, &chart.y_label].map(|label| label.as_deref().unwrap_or_default());
    let heading = match labels {
        ["", ""] => None,
        [x, ""] => Some(x.to_owned()),
        ["", y] => Some(y.to_owned()),
        [x, y] => Some(format!("{y} by {x}")),
    };
    lines.extend(heading.map(|heading| shorten(&heading, columns)));
    let shown = &rows[..rows.len().min(LINES)];
    let left = shown.iter().map(|(name, _)| width(name)).max().unwrap_or(0);
    let totals: Vec<String> = shown.iter().map(|(_, parts)| total(parts)).collect();
    let right = totals.iter().map(|total| width(total)).max().unwrap_or(0);
    let room = columns.saturating_sub(left + right + 4).max(8);
    let zero = (range.position(0.0) * room as f64).round() as usize;
    for ((name, parts), total) in shown.iter().zip(&totals) {
        let mut cells = vec![' '; room];
        for part in parts {
            let ends = [part.from, part.to]
                .map(|end| (range.position(end) * room as f64).round() as usize);
            let (start, end) = (ends[0].min(ends[1]), ends[0].max(ends[1]));
            cells[start..end].fill(fill(part.series));
        }
        let is_negative = parts.iter().all(|part| part.to < part.from);
        let axis = if cells.iter().all(|cell| *cell == ' ') {
            '▏'
        } else {
            '│'
        };
        let before: String = cells[..zero].iter().collect();
        let behind: String = cells[zero..].iter().collect();
        let behind = if is_negative {
            behind
        } else {
            behind.trim_end().to_owned()
        };
        lines.push(format!(
            "{} {before}{axis}{} {total}",
            pad(name, left),
            behind.trim_end()
        ));
    }
    if shown.len() < rows.len() {
        lines.push(format!("… {} more", grouped(rows.len() - shown.len())));
    }
}

fn total(parts: &[Bar]) -> String {
    let total: f64 = parts.iter().map(|part| part.to - part.from).sum();
    if total.abs() >= 1e15 || (total != 0.0 && total.abs() < 1e-4) {
        return format!("{total:.3e}").replace('-', "−");
    }
    let rounded = (total * 1e4).round() / 1e4;
    rounded.to_string().replace('-', "−")
}
