use super::{Table, numbers};
use crate::ChartError;
use crate::scale::{Categories, Range};
use crate::text::grouped;

/// More bars than this are no bars any more.
const BARS: usize = 1_000;

/// Where the bars of several series stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BarLayout {
    /// Side by side.
    #[default]
    Grouped,
    /// One on top of the other; the negative ones hang below the axis.
    Stacked,
}

/// Bars over categories.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bars {
    pub(crate) categories: Vec<String>,
    /// Empty if there is one series without a name.
    pub(crate) names: Vec<String>,
    /// For each series, at least one, the height of each category's bar. All are finite.
    pub(crate) heights: Vec<Vec<Option<f64>>>,
    pub(crate) layout: BarLayout,
}

/// From where to where a bar goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bar {
    pub(crate) series: usize,
    pub(crate) category: usize,
    pub(crate) from: f64,
    pub(crate) to: f64,
}

impl Bars {
    pub(super) fn new(table: &Table, layout: BarLayout) -> Result<(Self, Vec<String>), ChartError> {
        let grouping = table.series()?;
        let mut categories = Categories::default();
        let places: Vec<_> = table
            .x
            .values
            .iter()
            .map(|value| Some(categories.index(value.category()?)))
            .collect();
        let mut heights = vec![vec![None; categories.names.len()]; grouping.names.len().max(1)];
        let rows = places.len();
        for (index, y) in table.y.iter().enumerate() {
            for (row, height) in numbers(y, "y")?.into_iter().enumerate() {
                if let (Some(place), Some(group), Some(height)) =
                    (places[row], grouping.groups[index * rows + row], height)
                {
                    add(&mut heights[group][place], height);
                }
            }
        }
        let mut notes = Vec::new();
        let count = categories.names.len();
        let room = (BARS / heights.len()).max(1);
        if count > room {
            notes.push(format!(
                "the first {} of {} bars are drawn",
                grouped(room),
                grouped(count)
            ));
            categories.names.truncate(room);
            for heights in &mut heights {
                heights.truncate(room);
            }
        }
        let bars = Self {
            categories: categories.names,
            names: grouping.names,
            heights,
            layout,
        };
        Ok((bars, notes))
    }

    /// How often each category appears.
    pub(super) fn counted(
        categories: Vec<String>,
        names: Vec<String>,
        counts: &[Vec<usize>],
    ) -> Self {
        let heights = counts
            .iter()
            .map(|counts| counts.iter().map(|count| Some(*count as f64)).collect());
        Self {
            categories,
            names,
            heights: heights.collect(),
            layout: BarLayout::Stacked,
        }
    }

    /// Every bar, category after category.
    pub(crate) fn bars(&self) -> Vec<Bar> {
        let mut bars = Vec::new();
        for category in 0..self.categories.len() {
            let (mut above, mut below) = (0.0, 0.0);
            for (series, heights) in self.heights.iter().enumerate() {
                let Some(height) = heights[category] else {
                    continue;
                };
                let base = match self.layout {
                    BarLayout::Grouped => &mut 0.0,
                    BarLayout::Stacked if height < 0.0 => &mut below,
                    BarLayout::Stacked => &mut above,
                };
                let from = *base;
                let to = finite(from + height);
                *base = to;
                bars.push(Bar {
                    series,
                    category,
                    from,
                    to,
                });
            }
        }
        bars
    }

    /// The range of heights, with the axis's 0.
    pub(crate) fn range(&self) -> Range {
        let ends = self.bars().into_iter().flat_map(|bar| [bar.from, bar.to]);
        Range::of(ends.chain([0.0])).with_zero()
    }
}

fn add(sum: &mut Option<f64>, height: f64) {
    *sum = Some(finite(sum.unwrap_or(0.0) + height));
}

fn finite(sum: f64) -> f64 {
    sum.clamp(f64::MIN, f64::MAX)
}
