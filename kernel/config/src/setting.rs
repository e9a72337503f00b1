//! The types that settings have: what is read as one, and how it is written.

mod choice;
mod count;
mod filter;
mod local_address;
mod path;
mod size;
mod span;

use std::net::IpAddr;

use toml::de::DeValue;

pub use choice::Choice;
pub(crate) use choice::choices;
pub use count::Count;
pub use filter::LogFilter;
pub use local_address::LocalAddress;
pub use path::FilePath;
pub use size::Size;
pub use span::Span;

use crate::value::{NONE, Value};

/// What a setting can be. Its values are valid by their type.
pub trait Setting: Sized + Clone + PartialEq {
    /// Whether the empty text of an environment variable says something; for most it is the same
    /// as no variable.
    const EMPTY_IS_SAID: bool = false;

    /// What is expected, to end a sentence: "a size such as \"10MB\"".
    fn expected() -> String;

    /// Reads what the environment or the command line says.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in words; empty when there is no more to say than what is expected.
    fn from_text(text: &str) -> Result<Self, String>;

    /// Reads what a file says.
    ///
    /// # Errors
    ///
    /// As [`Self::from_text`].
    fn from_toml(value: &DeValue<'_>) -> Result<Self, String> {
        match value.as_str() {
            Some(text) => Self::from_text(text),
            None => Err(String::new()),
        }
    }

    /// The value as files and programs see it; reading it gives the same setting.
    fn value(&self) -> Value;

    /// Whether a project that sets this asks for no more than `than`, the user's.
    fn is_within(&self, than: &Self) -> bool {
        self == than
    }
}

/// What a file or a line of text says that a setting is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Given<'a> {
    Text(&'a str),
    Toml(&'a DeValue<'a>),
}

impl Given<'_> {
    /// Reads it.
    pub fn read<T: Setting>(self) -> Result<T, String> {
        let (result, found) = match self {
            Self::Text(text) => (T::from_text(text), quoted(text)),
            Self::Toml(value) => (T::from_toml(value), found(value)),
        };
        result.map_err(|why| {
            let expected = T::expected();
            match why.as_str() {
                "" => format!("expected {expected}, found {found}"),
                why => format!("expected {expected}, found {found}: {why}"),
            }
        })
    }
}

/// What is in the file, for an error.
fn found(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => quoted(text),
        DeValue::Integer(number) => format!("the number {}", shortened(&number.to_string())),
        DeValue::Float(number) => format!("the number {}", shortened(&number.to_string())),
        DeValue::Boolean(value) => value.to_string(),
        DeValue::Datetime(_) => "a date or time".to_owned(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

/// Text as it can be shown, if not all of it.
fn quoted(text: &str) -> String {
    format!("{:?}", shortened(text))
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(MOST_SHOWN) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

/// So much of a value is enough to know it again.
const MOST_SHOWN: usize = 60;

impl Setting for bool {
    fn expected() -> String {
        "true or false".to_owned()
    }

    fn from_text(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Ok(true),
            "false" | "no" | "off" | "0" => Ok(false),
            _ => Err(String::new()),
        }
    }

    fn from_toml(value: &DeValue<'_>) -> Result<Self, String> {
        value.as_bool().ok_or_else(String::new)
    }

    fn value(&self) -> Value {
        Value::Bool(*self)
    }

    fn is_within(&self, than: &Self) -> bool {
        self <= than
    }
}

impl Setting for IpAddr {
    fn expected() -> String {
        "an IP address such as \"127.0.0.1\"".to_owned()
    }

    fn from_text(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| String::new())
    }

    fn value(&self) -> Value {
        Value::Text(self.to_string())
    }
}

/// What need not be set.
impl<T: Setting> Setting for Option<T> {
    const EMPTY_IS_SAID: bool = T::EMPTY_IS_SAID;

    fn expected() -> String {
        format!("{}, or \"{NONE}\"", T::expected())
    }

    fn from_text(text: &str) -> Result<Self, String> {
        match text {
            NONE => Ok(None),
            text => T::from_text(text).map(Some),
        }
    }

    fn from_toml(value: &DeValue<'_>) -> Result<Self, String> {
        match value.as_str() {
            Some(NONE) => Ok(None),
            _ => T::from_toml(value).map(Some),
        }
    }

    fn value(&self) -> Value {
        self.as_ref().map_or(Value::None, T::value)
    }

    fn is_within(&self, than: &Self) -> bool {
        match (self, than) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(value), Some(than)) => value.is_within(than),
        }
    }
}
