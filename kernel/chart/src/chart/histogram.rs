use super::{Bars, Drawing, Grouping, group, same_length};
use crate::ChartError;
use crate::scale::{Categories, Range};
use crate::text::{clean, grouped, pad_start, width};
use crate::value::{Column, Value};

/// How many bins a histogram may have.
const BINS: usize = 1_000;
/// How many it has at most if nobody says.
const USUAL_BINS: f64 = 60.0;

/// How many values lie in each of some intervals.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Histogram {
    /// The bins' edges, rising; one more than bins.
    pub(crate) edges: Vec<f64>,
    /// Empty if there is one series without a name.
    pub(crate) names: Vec<String>,
    /// For each series, at least one, the count of each bin.
    pub(crate) counts: Vec<Vec<usize>>,
}

impl Histogram {
    /// From the first edge to the last.
    pub(crate) fn range(&self) -> Range {
        Range::of(self.edges.iter().copied())
    }

    /// What each bin is called: the one whole number in it, or its edges.
    pub(crate) fn names_of_bins(&self) -> Vec<String> {
        let is_one = |edges: &[f64]| edges[0].fract().abs() == 0.5 && edges[1] - edges[0] == 1.0;
        if self.edges.windows(2).all(is_one) {
            let middles: Vec<_> = self.edges.windows(2).map(|edges| edges[0] + 0.5).collect();
            return self.range().labels(&middles);
        }
        let edges = self.range().labels(&self.edges);
        let longest = edges.iter().map(|edge| width(edge)).max().unwrap_or(0);
        let pairs = edges.windows(2).map(|pair| {
            format!(
                "{} – {}",
                pad_start(&pair[0], longest),
                pad_start(&pair[1], longest)
            )
        });
        pairs.collect()
    }

    /// The range of the bins' heights, all series on top of each other.
    pub(crate) fn heights(&self) -> Range {
        let total = |bin: usize| self.counts.iter().map(|counts| counts[bin]).sum::<usize>();
        let highest = (0..self.edges.len().saturating_sub(1)).map(total).max();
        Range::of([0.0, highest.unwrap_or(0).max(1) as f64])
    }
}

pub(super) fn count(
    column: &Column,
    color: Option<&Column>,
    bins: Option<usize>,
) -> Result<(Drawing, Vec<String>), ChartError> {
    if let Some(bins) = bins
        && !(1..=BINS).contains(&bins)
    {
        return Err(ChartError::Bins(bins));
    }
    let grouping = match color {
        None => Grouping {
            names: Vec::new(),
            groups: vec![Some(0); column.values.len()],
            columns: Vec::new(),
        },
        Some(color) => {
            same_length((column, "the data"), (color, "color"))?;
            group(color)?
        }
    };
    let values = &column.values;
    let is_text = |value: &&Value| matches!(value, Value::Text(_)) && value.number().is_err();
    if let Some(first) = values.iter().position(|value| is_text(&value)) {
        if bins.is_none()
            && values
                .iter()
                .all(|value| !matches!(value, Value::Number(_)))
        {
            return Ok(count_categories(values, grouping));
        }
        let text = values[first].number().err().unwrap_or_default();
        return Err(ChartError::NotANumber {
            column: if column.name.is_empty() {
                "the data".to_owned()
            } else {
                clean(&column.name)
            },
            row: first + 1,
            value: clean(text),
        });
    }
    let numbers: Vec<Option<f64>> = values
        .iter()
        .map(|value| value.number().ok().flatten())
        .collect();
    let present: Vec<f64> = numbers.iter().flatten().copied().collect();
    let edges = match bins {
        Some(bins) => equal_edges(Range::of(present.iter().copied()), bins),
        None => round_edges(&present),
    };
    let mut counts = vec![vec![0; edges.len() - 1]; grouping.names.len().max(1)];
    let mut missing = 0;
    for (number, group) in numbers.iter().zip(&grouping.groups) {
        match (number, group) {
            (Some(number), Some(group)) => {
                // The last bin has its upper edge too.
                let above = edges.partition_point(|edge| edge <= number);
                counts[*group][above.clamp(1, edges.len() - 1) - 1] += 1;
            }
            _ => missing += 1,
        }
    }
    let notes = match missing {
        0 => Vec::new(),
        1 => vec!["1 missing value is not counted".to_owned()],
        missing => vec![format!(
            "{} missing values are not counted",
            grouped(missing)
        )],
    };
    let histogram = Histogram {
        edges,
        names: grouping.names,
        counts,
    };
    Ok((Drawing::Histogram(histogram), notes))
}

fn count_categories(values: &[Value], grouping: Grouping<'_>) -> (Drawing, Vec<String>) {
    let mut categories = Categories::default();
    let places = values
        .iter()
        .map(|value| Some(categories.index(value.category()?)));
    let places: Vec<_> = places.collect();
    let mut counts = vec![vec![0; categories.names.len()]; grouping.names.len().max(1)];
    for (place, group) in places.into_iter().zip(grouping.groups) {
        if let (Some(place), Some(group)) = (place, group) {
            counts[group][place] += 1;
        }
    }
    let mut notes = Vec::new();
    if categories.names.len() > BINS {
        let count = grouped(categories.names.len());
        notes.push(format!(
            "the first {} of {count} categories are drawn",
            grouped(BINS)
        ));
        categories.names.truncate(BINS);
    }
    let bars = Bars::counted(categories.names, grouping.names, &counts);
    (Drawing::Bars(bars), notes)
}

fn equal_edges(range: Range, bins: usize) -> Vec<f64> {
    let mut edges: Vec<_> = (0..=bins)
        .map(|edge| range.at(edge as f64 / bins as f64))
        .collect();
    edges.dedup();
    edges
}

/// Edges at round numbers, so many that the shape shows: by the rule of Freedman and Diaconis, or
/// Sturges's where that has fewer bins.
fn round_edges(values: &[f64]) -> Vec<f64> {
    let range = Range::of(values.iter().copied());
    let span = range.max() - range.min();
    let sturges = (values.len().max(1) as f64).log2().ceil() + 1.0;
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let quartile = |share: f64| {
        sorted
            .get((share * sorted.len() as f64) as usize)
            .copied()
            .unwrap_or(0.0)
    };
    let spread = quartile(0.75) - quartile(0.25);
    let width = 2.0 * spread / (values.len().max(1) as f64).cbrt();
    let wanted = (span / width).max(sturges);
    let wanted = if wanted.is_finite() {
        wanted.clamp(1.0, USUAL_BINS)
    } else {
        sturges.min(USUAL_BINS)
    };
    let Some(mut step) = range.step(wanted.round() as usize) else {
        return equal_edges(range, wanted as usize);
    };
    let are_whole = values.iter().all(|value| value.fract() == 0.0);
    if are_whole {
        step = step.max(1.0);
    }
    let mut first = (range.min() / step).floor();
    let mut last = (range.max() / step).ceil();
    // Each whole number stands in the middle of a bin of its own.
    if are_whole && step == 1.0 {
        first -= 0.5;
        last += 0.5;
    }
    let count = (last - first) as usize;
    let edges: Vec<_> = (0..=count)
        .map(|edge| (first + edge as f64) * step)
        .collect();
    if count == 0 || count > BINS || !edges.iter().all(|edge| edge.is_finite()) {
        return equal_edges(range, wanted as usize);
    }
    edges
}
