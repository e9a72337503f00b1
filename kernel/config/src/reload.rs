use crate::key::{Applies, Key};
use crate::layers::Configuration;
use crate::origin::Origin;
use crate::settings::KEYS;
use crate::value::Value;

/// A setting that is another one than before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its name.
    pub key: &'static str,
    /// What it was.
    pub old: Value,
    /// What it is.
    pub new: Value,
    /// Where the new value comes from.
    pub origin: Origin,
    /// Whether it takes effect now, or only at the next start.
    pub applies: Applies,
}

impl Configuration {
    /// What a kernel that runs with this has to change to run with `new`. What only commands read
    /// is left out.
    pub fn changes(&self, new: &Self) -> Vec<Change> {
        KEYS.iter()
            .filter(|key| key.applies != Applies::Command)
            .filter_map(|key| self.change(new, key))
            .collect()
    }

    fn change(&self, new: &Self, key: &'static Key) -> Option<Change> {
        let (old, value) = (self.value(key), new.value(key));
        (old != value).then(|| Change {
            key: key.name,
            old,
            new: value,
            origin: new.origin(key).clone(),
            applies: key.applies,
        })
    }

    /// Takes over one setting from `new`, once it has taken effect. The others stay as they are, so
    /// that the next reload tells of them again.
    pub fn take_over(&mut self, new: &Self, change: &Change) {
        if let Some(key) = KEYS.iter().find(|key| key.name == change.key) {
            (key.copy)(&mut self.settings, &new.settings);
            self.origins.insert(key.name, change.origin.clone());
        }
    }
}
