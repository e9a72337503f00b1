use std::fmt;
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a kernel is called by its user: letters, digits, `.`, `_` and `-`, at most 64 of them, and no
/// `.` or `-` at the start. So it can be a file's name, and is never taken for an option.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(String);

/// What cannot be a kernel's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no name for a kernel: take letters, digits, '.', '_' and '-', at most {LONGEST} of them, \
     and start with a letter, a digit or '_'"
)]
pub struct NameError(String);

/// With the longest suffix of ours it is still a name for every file system.
const LONGEST: usize = 64;

impl Name {
    /// The name of a kernel that was given none: what its connection file is called, with `-` in the
    /// place of what a name cannot have.
    pub fn of_connection_file(path: &Path) -> Self {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let mut name: String = stem
            .chars()
            .map(|c| if is_allowed(c) { c } else { '-' })
            .take(LONGEST)
            .collect();
        if !name.starts_with(is_allowed_first) {
            name.insert(0, '_');
            name.truncate(LONGEST);
        }
        Self(name)
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Name {
    fn default() -> Self {
        Self("default".to_owned())
    }
}

fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
}

fn is_allowed_first(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let is_name = text.starts_with(is_allowed_first)
            && text.chars().all(is_allowed)
            && text.len() <= LONGEST;
        is_name
            .then(|| Self(text.to_owned()))
            .ok_or_else(|| NameError(text.to_owned()))
    }
}

impl TryFrom<String> for Name {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_be_a_file_and_is_never_an_option() {
        for name in ["default", "a", "_", "7", "My.kernel-2_x", &"x".repeat(64)] {
            assert_eq!(name.parse::<Name>().unwrap().as_str(), name);
        }
        let long = "x".repeat(65);
        for text in [
            "", ".", "..", ".a", "-a", "a/b", "a b", "a\n", "a\0", "ä", "%i", &long,
        ] {
            let error = text.parse::<Name>().unwrap_err();
            assert!(
                error
                    .to_string()
                    .starts_with(&format!("{text:?} is no name"))
            );
        }
    }

    #[test]
    fn a_kernel_without_a_name_is_called_like_its_connection_file() {
        let cases = [
            ("/run/kernel-0a1b.json", "kernel-0a1b"),
            ("kernel-v2-12.json", "kernel-v2-12"),
            ("/x/my kernel ä.json", "my-kernel--"),
            ("/x/.hidden.json", "_.hidden"),
            ("/", "_"),
        ];
        for (path, name) in cases {
            let found = Name::of_connection_file(Path::new(path));
            assert_eq!(found.as_str(), name);
            assert_eq!(found.as_str().parse(), Ok(found.clone()));
        }
        let long = Name::of_connection_file(Path::new(&format!(".{}.json", "x".repeat(200))));
        assert_eq!(long.as_str().len(), LONGEST);
    }

    #[test]
    fn what_is_read_from_a_file_is_a_name_or_an_error() {
        assert_eq!(serde_json::from_str::<Name>("\"a\"").unwrap().as_str(), "a");
        assert!(serde_json::from_str::<Name>("\"../a\"").is_err());
    }
}
