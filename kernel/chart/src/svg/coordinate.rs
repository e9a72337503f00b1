use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

use crate::scale::Tick;

/// An axis of plotters from 0 to 1, with its grid where our own ticks are. So plotters never
/// computes with the user's numbers, some of which it cannot stand.
pub(super) struct Coordinate {
    ticks: Vec<f64>,
}

impl Coordinate {
    pub(super) fn new(ticks: &[Tick]) -> Self {
        Self {
            ticks: ticks.iter().map(|tick| tick.at).collect(),
        }
    }
}

impl Ranged for Coordinate {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        limit.0 + (value * f64::from(limit.1 - limit.0)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.ticks.clone()
    }

    fn range(&self) -> std::ops::Range<f64> {
        0.0..1.0
    }
}

impl ValueFormatter<f64> for Coordinate {
    fn format(value: &f64) -> String {
        value.to_string()
    }
}
