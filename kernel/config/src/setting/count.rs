use toml::de::DeValue;

use super::Setting;
use crate::value::Value;

/// A whole number from `MIN` to `MAX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count<const MIN: u64, const MAX: u64>(u64);

impl<const MIN: u64, const MAX: u64> Count<MIN, MAX> {
    /// The number, if it is in the range.
    pub const fn new(number: u64) -> Option<Self> {
        if number < MIN || number > MAX {
            return None;
        }
        Some(Self(number))
    }

    /// A number that is known when the program is built; one out of range does not compile where
    /// it is a constant.
    pub(crate) const fn of(number: u64) -> Self {
        assert!(number >= MIN && number <= MAX);
        Self(number)
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl<const MIN: u64, const MAX: u64> Setting for Count<MIN, MAX> {
    fn expected() -> String {
        format!("a whole number from {MIN} to {MAX}")
    }

    fn from_text(text: &str) -> Result<Self, String> {
        let number = text.parse().map_err(|_| String::new())?;
        Self::new(number).ok_or_else(String::new)
    }

    fn from_toml(value: &DeValue<'_>) -> Result<Self, String> {
        integer(value).and_then(Self::new).ok_or_else(String::new)
    }

    fn value(&self) -> Value {
        Value::Integer(self.0)
    }

    fn is_within(&self, than: &Self) -> bool {
        self.0 <= than.0
    }
}

/// The whole number that a file says; none if it is not one, or negative, or too big.
pub(super) fn integer(value: &DeValue<'_>) -> Option<u64> {
    let number = value.as_integer()?;
    u64::from_str_radix(number.as_str(), number.radix()).ok()
}
