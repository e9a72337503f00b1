/// One value of a column, as the language gave it.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing is known: a gap.
    Missing,
    /// A number; one that is not finite counts as missing.
    Number(f64),
    /// A category, or a date such as `2026-11-21` or `2026-11-21T08:30:00Z`.
    Text(String),
}

impl Value {
    /// The number to draw, if this is one or reads as one; an error is the text that does not.
    pub(crate) fn number(&self) -> Result<Option<f64>, &str> {
        let number = match self {
            Self::Missing => return Ok(None),
            Self::Number(number) => *number,
            Self::Text(text) => text.trim().parse().map_err(|_| text.as_str())?,
        };
        Ok(number.is_finite().then_some(number))
    }

    /// What it is called as a category; nothing if it is missing.
    pub(crate) fn category(&self) -> Option<String> {
        match self {
            Self::Missing => None,
            Self::Number(number) => number.is_finite().then(|| number.to_string()),
            Self::Text(text) => Some(crate::text::clean(text)),
        }
    }
}

/// Values that belong together, and what they are called.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// The name of an axis or legend; may be empty.
    pub name: String,
    /// One for each row.
    pub values: Vec<Value>,
}

impl Column {
    /// A column with this name.
    pub fn new(name: impl Into<String>, values: Vec<Value>) -> Self {
        Self {
            name: name.into(),
            values,
        }
    }

    /// The numbers 1 to `length`, without a name.
    #[must_use]
    pub fn index(length: usize) -> Self {
        let values = (1..=length).map(|row| Value::Number(row as f64)).collect();
        Self::new("", values)
    }
}
