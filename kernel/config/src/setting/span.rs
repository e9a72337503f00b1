use std::fmt;
use std::time::Duration;

use super::Setting;
use crate::value::Value;

/// A length of time in whole milliseconds: at least `MIN` of them, and at most `MAX`, which is 100
/// years.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span<const MIN: u64 = 0, const MAX: u64 = { 100 * 366 * DAY }>(u64);

const DAY: u64 = 24 * HOUR;
const HOUR: u64 = 60 * MINUTE;
const MINUTE: u64 = 60 * SECOND;
const SECOND: u64 = 1_000;

/// The units, from the largest.
const UNITS: [(&str, u64); 4] = [("d", DAY), ("h", HOUR), ("m", MINUTE), ("s", SECOND)];

impl<const MIN: u64, const MAX: u64> Span<MIN, MAX> {
    /// So much time, if it is in the range.
    pub const fn from_milliseconds(milliseconds: u64) -> Option<Self> {
        if milliseconds < MIN || milliseconds > MAX {
            return None;
        }
        Some(Self(milliseconds))
    }

    /// A time that is known when the program is built.
    #[allow(dead_code, reason = "for the times of the table of settings")]
    pub(crate) const fn of_seconds(seconds: u64) -> Self {
        let milliseconds = seconds * SECOND;
        assert!(milliseconds >= MIN && milliseconds <= MAX);
        Self(milliseconds)
    }

    /// The same, as the standard library has it.
    pub const fn duration(self) -> Duration {
        Duration::from_millis(self.0)
    }
}

/// In the largest unit that says it in a whole number, so that nothing is rounded.
impl<const MIN: u64, const MAX: u64> fmt::Display for Span<MIN, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match UNITS.iter().find(|(_, unit)| self.0.is_multiple_of(*unit)) {
            Some(_) if self.0 == 0 => f.write_str("0s"),
            Some((name, unit)) => write!(f, "{}{name}", self.0 / unit),
            None => write!(f, "{}ms", self.0),
        }
    }
}

impl<const MIN: u64, const MAX: u64> Setting for Span<MIN, MAX> {
    fn expected() -> String {
        "a length of time with its unit, such as \"7d\", \"1h 30m\" or \"500ms\"".to_owned()
    }

    fn from_text(text: &str) -> Result<Self, String> {
        let duration = humantime::parse_duration(text).map_err(|_| String::new())?;
        if !duration.subsec_nanos().is_multiple_of(1_000_000) {
            return Err("it is counted in whole milliseconds".to_owned());
        }
        let too_long = || format!("it is at most {}", Span::<0>(MAX));
        let milliseconds = u64::try_from(duration.as_millis()).map_err(|_| too_long())?;
        if milliseconds < MIN {
            return Err(format!("it is at least {}", Span::<0>(MIN)));
        }
        Self::from_milliseconds(milliseconds).ok_or_else(too_long)
    }

    fn value(&self) -> Value {
        Value::Text(self.to_string())
    }

    fn is_within(&self, than: &Self) -> bool {
        self.0 <= than.0
    }
}
