use std::fmt;

use bytesize::ByteSize;
use toml::de::DeValue;

use super::Setting;
use super::count::integer;
use crate::value::Value;

/// How many bytes: at least `MIN`, and no more than 1 EiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size<const MIN: u64 = 1>(u64);

const MAX: u64 = 1 << 60;

/// The units, from the largest, and those of a thousand before those of 1024.
const UNITS: [(&str, u64); 8] = [
    ("TB", 1_000_000_000_000),
    ("TiB", 1 << 40),
    ("GB", 1_000_000_000),
    ("GiB", 1 << 30),
    ("MB", 1_000_000),
    ("MiB", 1 << 20),
    ("kB", 1_000),
    ("KiB", 1 << 10),
];

impl<const MIN: u64> Size<MIN> {
    /// So many bytes, if they are in the range.
    pub const fn new(bytes: u64) -> Option<Self> {
        if bytes < MIN || bytes > MAX {
            return None;
        }
        Some(Self(bytes))
    }

    /// A size that is known when the program is built.
    #[allow(dead_code, reason = "for the sizes of the table of settings")]
    pub(crate) const fn of(bytes: u64) -> Self {
        assert!(bytes >= MIN && bytes <= MAX);
        Self(bytes)
    }

    /// How many bytes.
    pub const fn bytes(self) -> u64 {
        self.0
    }

    fn checked(bytes: u64) -> Result<Self, String> {
        Self::new(bytes).ok_or_else(|| match bytes {
            bytes if bytes < MIN => format!("it is at least {}", Size::<0>(MIN)),
            _ => "it is too much".to_owned(),
        })
    }
}

/// In the largest unit that says it in a whole number, so that nothing is rounded.
impl<const MIN: u64> fmt::Display for Size<MIN> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = UNITS
            .iter()
            .filter(|(_, bytes)| self.0 > 0 && self.0.is_multiple_of(*bytes))
            .min_by_key(|(_, bytes)| self.0 / bytes);
        match unit {
            Some((unit, bytes)) => write!(f, "{}{unit}", self.0 / bytes),
            None => write!(f, "{}B", self.0),
        }
    }
}

impl<const MIN: u64> Setting for Size<MIN> {
    fn expected() -> String {
        "a size such as \"10MB\" or \"512MiB\"".to_owned()
    }

    fn from_text(text: &str) -> Result<Self, String> {
        let size: ByteSize = text.parse().map_err(|_| String::new())?;
        Self::checked(size.as_u64())
    }

    fn from_toml(value: &DeValue<'_>) -> Result<Self, String> {
        match (value.as_str(), integer(value)) {
            (Some(text), _) => Self::from_text(text),
            (None, Some(bytes)) => Self::checked(bytes),
            (None, None) => Err(String::new()),
        }
    }

    fn value(&self) -> Value {
        Value::Text(self.to_string())
    }

    fn is_within(&self, than: &Self) -> bool {
        self.0 <= than.0
    }
}
