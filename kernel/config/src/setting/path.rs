use std::path::{Path, PathBuf};

use toml::de::DeValue;

use super::Setting;
use crate::value::Value;

/// Where a file is. Empty where that says that there shall be none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePath(String);

impl FilePath {
    /// Whether it names no file.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The path, with the user's home in place of a `~` at its beginning.
    pub fn path(&self) -> PathBuf {
        let in_home = self.0.strip_prefix("~/").zip(std::env::home_dir());
        in_home.map_or_else(|| PathBuf::from(&self.0), |(rest, home)| home.join(rest))
    }
}

impl Setting for FilePath {
    const EMPTY_IS_SAID: bool = true;

    fn expected() -> String {
        "a path such as \"/var/lib/it\" or \"~/it\"".to_owned()
    }

    fn from_text(text: &str) -> Result<Self, String> {
        if text.contains('\0') {
            return Err("a path has no NUL in it".to_owned());
        }
        Ok(Self(text.to_owned()))
    }

    fn from_toml(value: &DeValue<'_>) -> Result<Self, String> {
        let text = value.as_str().ok_or_else(String::new)?;
        // A file of settings is read from whatever folder one is in.
        if !(text.is_empty() || text.starts_with("~/") || Path::new(text).is_absolute()) {
            return Err("in a file it begins with \"/\" or \"~/\"".to_owned());
        }
        Self::from_text(text)
    }

    fn value(&self) -> Value {
        Value::Text(self.0.clone())
    }
}
