//! Where values lie on an axis.

mod range;
mod time;

use crate::date;
use crate::value::Value;
pub(crate) use range::Range;

/// An axis's values and their order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Scale {
    /// Numbers.
    Linear(Range),
    /// Milliseconds since 1970.
    Time(Range),
    /// Categories, each in a band of its own; the value is its index.
    Categories(Vec<String>),
}

/// A labelled place on an axis.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tick {
    /// From 0 at the axis's start to 1 at its end.
    pub(crate) at: f64,
    pub(crate) label: String,
}

impl Scale {
    /// The scale that suits the values, and their places on it; nothing where there is none.
    pub(crate) fn of(values: &[Value]) -> (Self, Vec<Option<f64>>) {
        let numbers: Option<Vec<_>> = values
            .iter()
            .map(|value| match value {
                Value::Text(_) => None,
                other => Some(other.number().ok().flatten()),
            })
            .collect();
        if let Some(numbers) = numbers {
            let range = Range::of(numbers.iter().flatten().copied());
            return (Self::Linear(range), numbers);
        }
        let dates: Option<Vec<_>> = values
            .iter()
            .map(|value| match value {
                Value::Missing => Some(None),
                Value::Number(_) => None,
                Value::Text(text) => date::parse(text).map(Some),
            })
            .collect();
        if let Some(dates) = dates {
            let range = Range::of(dates.iter().flatten().copied());
            return (Self::Time(range), dates);
        }
        let mut categories = Categories::default();
        let places = values
            .iter()
            .map(|value| Some(categories.index(value.category()?) as f64));
        let places = places.collect();
        (Self::Categories(categories.names), places)
    }

    /// From 0 at the axis's start to 1 at its end.
    pub(crate) fn position(&self, value: f64) -> f64 {
        match self {
            Self::Linear(range) | Self::Time(range) => range.position(value),
            Self::Categories(names) => (value + 0.5) / names.len().max(1) as f64,
        }
    }

    /// About `count` places to label, at most two or three more.
    pub(crate) fn ticks(&self, count: usize) -> Vec<Tick> {
        let count = count.max(2);
        match self {
            Self::Linear(range) => range.ticks(count),
            Self::Time(range) => time::ticks(*range, count),
            Self::Categories(names) => {
                let step = names.len().div_ceil(count).max(1);
                let named = names.iter().enumerate().step_by(step);
                named
                    .map(|(index, name)| Tick {
                        at: self.position(index as f64),
                        label: name.clone(),
                    })
                    .collect()
            }
        }
    }
}

/// Names in the order in which they first appear.
#[derive(Debug, Default)]
pub(crate) struct Categories {
    pub(crate) names: Vec<String>,
    indices: std::collections::HashMap<String, usize>,
}

impl Categories {
    pub(crate) fn index(&mut self, name: String) -> usize {
        if let Some(index) = self.indices.get(&name) {
            return *index;
        }
        self.names.push(name.clone());
        self.indices.insert(name, self.names.len() - 1);
        self.names.len() - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(texts: &[&str]) -> Vec<Value> {
        texts
            .iter()
            .map(|text| Value::Text((*text).to_owned()))
            .collect()
    }

    #[test]
    fn numbers_dates_and_categories_are_told_apart() {
        let numbers = [Value::Number(1.0), Value::Missing, Value::Number(f64::NAN)];
        assert!(
            matches!(Scale::of(&numbers), (Scale::Linear(_), places) if places == [Some(1.0), None, None])
        );
        assert!(matches!(
            Scale::of(&texts(&["2026-01-01", "2026-01-02"])).0,
            Scale::Time(_)
        ));
        let mixed = texts(&["b", "a", "b", "2026-01-01"]);
        let (scale, places) = Scale::of(&mixed);
        assert_eq!(
            scale,
            Scale::Categories(["b", "a", "2026-01-01"].map(str::to_owned).into())
        );
        assert_eq!(places, [Some(0.0), Some(1.0), Some(0.0), Some(2.0)]);
    }

    #[test]
    fn categories_sit_in_the_middle_of_their_bands_and_are_thinned_out() {
        let names: Vec<String> = (0..100).map(|n| n.to_string()).collect();
        let scale = Scale::Categories(names);
        let ticks = scale.ticks(10);
        assert_eq!(ticks.len(), 10);
        assert_eq!(
            ticks[1],
            Tick {
                at: 0.105,
                label: "10".to_owned()
            }
        );
    }
}
