use std::fmt;

/// A setting's value as TOML and JSON have it, whatever its type here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// There is none; `"none"` in a file.
    None,
    /// true or false.
    Bool(bool),
    /// A whole number.
    Integer(u64),
    /// Text, also a size or a length of time with its unit.
    Text(String),
}

/// How a value is written so that nothing is set.
pub(crate) const NONE: &str = "none";

impl Value {
    /// The value in a document of JSON; `null` for none.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::None => serde_json::Value::Null,
            Self::Bool(value) => (*value).into(),
            Self::Integer(value) => (*value).into(),
            Self::Text(value) => value.as_str().into(),
        }
    }

    /// The value as a file says it.
    pub fn to_toml(&self) -> toml_edit::Value {
        match self {
            Self::None => NONE.into(),
            Self::Bool(value) => (*value).into(),
            // Counts are bounded far below.
            Self::Integer(value) => i64::try_from(*value).unwrap_or(i64::MAX).into(),
            Self::Text(value) => value.as_str().into(),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str(NONE),
            Self::Bool(value) => value.fmt(f),
            Self::Integer(value) => value.fmt(f),
            Self::Text(value) => f.write_str(value),
        }
    }
}
