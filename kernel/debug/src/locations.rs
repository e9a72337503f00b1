use std::collections::HashMap;

use perilune_language::debug::SourceKey;

/// So many are remembered.
const MOST: usize = 100_000;

/// Places in code that clients may ask for by a number.
#[derive(Debug, Default)]
pub(crate) struct Locations {
    numbers: HashMap<(SourceKey, u32), i64>,
    places: HashMap<i64, (SourceKey, u32)>,
    newest: i64,
}

impl Locations {
    /// The number of a place.
    pub(crate) fn number(&mut self, place: &(SourceKey, u32)) -> i64 {
        if let Some(number) = self.numbers.get(place) {
            return *number;
        }
        if self.numbers.len() >= MOST {
            self.numbers.clear();
            self.places.clear();
        }
        self.newest += 1;
        self.numbers.insert(place.clone(), self.newest);
        self.places.insert(self.newest, place.clone());
        self.newest
    }

    /// The place of a number.
    pub(crate) fn place(&self, number: i64) -> Option<(SourceKey, u32)> {
        self.places.get(&number).cloned()
    }
}
