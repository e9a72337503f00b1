use super::Tick;
use crate::text::group_digits;

/// A part of the real numbers: both ends finite, the first below the second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Range {
    min: f64,
    max: f64,
}

impl Range {
    /// From the least to the greatest; around the one there is; 0 to 1 if there is none.
    ///
    /// All of them must be finite.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let ends = values.into_iter().fold(None, |ends, value| match ends {
            None => Some((value, value)),
            Some((min, max)) => Some((f64::min(min, value), f64::max(max, value))),
        });
        let Some((min, max)) = ends else {
            return Self { min: 0.0, max: 1.0 };
        };
        if min < max {
            return Self { min, max };
        }
        let margin = (min.abs() * 0.1).max(f64::MIN_POSITIVE);
        let margin = if (1e-3..10.0).contains(&min.abs()) || min == 0.0 {
            1.0
        } else {
            margin
        };
        Self {
            min: (min - margin).max(f64::MIN),
            max: (max + margin).min(f64::MAX),
        }
    }

    /// With 0 in it.
    pub(crate) fn with_zero(self) -> Self {
        Self {
            min: self.min.min(0.0),
            max: self.max.max(0.0),
        }
    }

    /// Wide enough that both ends are round.
    pub(crate) fn rounded(self, count: usize) -> Self {
        let Some(step) = self.step(count) else {
            return self;
        };
        let min = (self.min / step).floor() * step;
        let max = (self.max / step).ceil() * step;
        // What rounding makes of the largest numbers may be infinite.
        Self {
            min: if min.is_finite() {
                min.min(self.min)
            } else {
                self.min
            },
            max: if max.is_finite() {
                max.max(self.max)
            } else {
                self.max
            },
        }
    }

    pub(crate) fn min(self) -> f64 {
        self.min
    }

    pub(crate) fn max(self) -> f64 {
        self.max
    }

    /// From 0 at the start to 1 at the end.
    pub(crate) fn position(self, value: f64) -> f64 {
        // Halves, because the whole of it may be more than a float can hold.
        let position = (value / 2.0 - self.min / 2.0) / (self.max / 2.0 - self.min / 2.0);
        if position.is_finite() {
            position.clamp(0.0, 1.0)
        } else {
            0.5
        }
    }

    /// The value at a share of the way, from 0 to 1.
    pub(crate) fn at(self, share: f64) -> f64 {
        self.min * (1.0 - share) + self.max * share
    }

    /// The round number nearest to a `count`-th of it; nothing if floats cannot tell its multiples
    /// apart here.
    pub(crate) fn step(self, count: usize) -> Option<f64> {
        let rough = self.max / count as f64 - self.min / count as f64;
        let power = 10f64.powf(rough.log10().floor());
        let round = [1.0, 2.0, 5.0, 10.0];
        let factor = round
            .into_iter()
            .find(|factor| factor * power >= rough * 0.999);
        let step = factor? * power;
        let steps = (self.min / step).abs().max((self.max / step).abs());
        (step.is_normal() && steps < 1e15).then_some(step)
    }

    pub(crate) fn ticks(self, count: usize) -> Vec<Tick> {
        let values = match self.step(count) {
            Some(step) => {
                let first = (self.min / step - 1e-9).ceil() as i64;
                let last = (self.max / step + 1e-9).floor() as i64;
                (first..=last).map(|n| n as f64 * step).collect()
            }
            None => vec![self.min, self.max],
        };
        let step = values.get(1).map_or(0.0, |second| second - values[0]);
        let format = Format::of(&values, step);
        values
            .iter()
            .map(|value| Tick {
                at: self.position(*value),
                label: format.write(*value),
            })
            .collect()
    }

    /// How several values on it are written, so that they can be told apart.
    pub(crate) fn labels(self, values: &[f64]) -> Vec<String> {
        let step = values
            .windows(2)
            .map(|pair| pair[1] - pair[0])
            .fold(f64::INFINITY, f64::min);
        // Two digits more, because they need not be round.
        let step = if step.is_finite() {
            step / 10.0
        } else {
            self.max / 100.0 - self.min / 100.0
        };
        let format = Format::of(values, step);
        let labels: Vec<_> = values.iter().map(|value| format.write(*value)).collect();
        let zeros = |label: &String| match label.split_once('.') {
            Some((_, decimals)) if !label.contains('e') => {
                decimals.chars().rev().take_while(|c| *c == '0').count()
            }
            _ => 0,
        };
        let has_point = |label: &&String| label.contains('.');
        let spare = labels
            .iter()
            .filter(has_point)
            .map(zeros)
            .min()
            .unwrap_or(0);
        let trim = |label: String| match label.split_once('.') {
            Some(_) => label[..label.len() - spare]
                .trim_end_matches('.')
                .to_owned(),
            None => label,
        };
        labels.into_iter().map(trim).collect()
    }
}

/// How the numbers of one axis are written.
enum Format {
    /// With this many decimals.
    Fixed(usize),
    /// With an exponent, and this many decimals before it.
    Exponent(usize),
}

impl Format {
    fn of(values: &[f64], step: f64) -> Self {
        let magnitude = values.iter().fold(0.0, |most, value| value.abs().max(most));
        let digit = |number: f64| {
            if number > 0.0 {
                number.log10().floor()
            } else {
                0.0
            }
        };
        if (1e-4..1e9).contains(&magnitude) && step >= 1e-9 {
            // A step such as 0.5 is written 0.5, and 0.1 may be a little less than that.
            return Self::Fixed((-digit(step * 1.000_001)).clamp(0.0, 12.0) as usize);
        }
        Self::Exponent((digit(magnitude) - digit(step * 1.000_001)).clamp(0.0, 16.0) as usize)
    }

    fn write(&self, value: f64) -> String {
        // Neither -0 nor what a multiple of 0.1 leaves over.
        match self {
            _ if value == 0.0 => "0".to_owned(),
            Self::Fixed(decimals) => {
                let text = format!("{value:.decimals$}");
                let (whole, decimals) = text
                    .split_once('.')
                    .map_or((&*text, None), |(whole, decimals)| (whole, Some(decimals)));
                let (sign, digits) = whole
                    .strip_prefix('-')
                    .map_or(("", whole), |digits| ("−", digits));
                // Years are written without a comma.
                let digits = if digits.len() > 4 {
                    group_digits(digits)
                } else {
                    digits.to_owned()
                };
                match decimals {
                    Some(decimals) => format!("{sign}{digits}.{decimals}"),
                    None => format!("{sign}{digits}"),
                }
            }
            Self::Exponent(decimals) => format!("{value:.decimals$e}").replace('-', "−"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(min: f64, max: f64) -> Vec<String> {
        let ticks = Range::of([min, max]).ticks(5);
        ticks.into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn ticks_are_round_numbers() {
        assert_eq!(labels(0.0, 10.0), ["0", "2", "4", "6", "8", "10"]);
        assert_eq!(labels(-1.0, 1.0), ["−1.0", "−0.5", "0", "0.5", "1.0"]);
        assert_eq!(labels(0.0, 0.3), ["0", "0.1", "0.2", "0.3"]);
        assert_eq!(labels(1969.0, 2026.0), ["1980", "2000", "2020"]);
        assert_eq!(
            labels(0.0, 40_000.0),
            ["0", "10,000", "20,000", "30,000", "40,000"]
        );
        assert_eq!(labels(0.0, 4e12), ["0", "1e12", "2e12", "3e12", "4e12"]);
        assert_eq!(
            labels(0.0, 2e-7),
            ["0", "5.0e−8", "1.0e−7", "1.5e−7", "2.0e−7"]
        );
    }

    #[test]
    fn a_single_value_has_room_around_it() {
        assert_eq!(Range::of([5.0]), Range { min: 4.0, max: 6.0 });
        assert_eq!(
            Range::of([0.0, 0.0]),
            Range {
                min: -1.0,
                max: 1.0
            }
        );
        assert_eq!(Range::of([]), Range { min: 0.0, max: 1.0 });
        let high = Range::of([f64::MAX]);
        assert!(high.min < high.max && high.max.is_finite());
    }

    #[test]
    fn any_range_has_a_few_ticks_within_it() {
        let extremes = [
            0.0,
            5e-324,
            f64::MIN_POSITIVE,
            1e-9,
            1.0,
            1.0 + f64::EPSILON,
            1e15,
            1e16,
            f64::MAX,
        ];
        for low in extremes.iter().flat_map(|value| [-value, *value]) {
            for high in extremes {
                let range = Range::of([low, high]);
                let rounded = range.rounded(5);
                assert!(
                    rounded.min <= range.min && rounded.max >= range.max && rounded.max.is_finite()
                );
                let ticks = rounded.ticks(5);
                assert!(
                    (1..=13).contains(&ticks.len()),
                    "{low} {high}: {}",
                    ticks.len()
                );
                assert!(ticks.iter().all(|tick| (0.0..=1.0).contains(&tick.at)));
            }
        }
    }
}
