//! What people read about the settings, made from the table.

use std::fmt::Write;

use crate::key::{Applies, Key, ProjectRule};
use crate::settings::{KEYS, SECTIONS};

/// The settings as docs/configuration.md has them.
pub fn markdown() -> String {
    let mut text = String::new();
    for section in SECTIONS {
        // Writing into a text does not fail.
        let _ = writeln!(
            text,
            "### `[{}]`\n\n{}\n",
            section.name,
            section.description()
        );
        for key in KEYS.iter().filter(|key| key.section() == section.name) {
            entry(&mut text, key);
        }
        text.push('\n');
    }
    // One empty line less than between sections.
    text.pop();
    text
}

fn entry(text: &mut String, key: &Key) {
    let option = key
        .flag
        .map(|flag| format!(", option `{flag}`"))
        .unwrap_or_default();
    let _ = writeln!(
        text,
        "* **`{}`**: {} Value: {}. Default: `{}`. Variable `{}`{option}. Applies {}. Project: {}.",
        key.name,
        key.description(),
        (key.expected)(),
        (key.default)().to_toml(),
        key.variable,
        key.applies.words(),
        key.project.words(),
    );
}

/// A file that sets nothing, and has all that could be set in comments.
pub fn template(is_project: bool) -> String {
    let mut text = match is_project {
        true => "# What this project asks of perilune, for whoever works in its folder.\n",
        false => "# The settings of perilune. `perilune config info` explains each.\n",
    }
    .to_owned();
    for section in SECTIONS {
        let keys = KEYS.iter().filter(|key| key.section() == section.name);
        let keys: Vec<&Key> = keys
            .filter(|key| !is_project || key.project != ProjectRule::No)
            .collect();
        if keys.is_empty() {
            continue;
        }
        let _ = writeln!(text, "\n# {}\n[{}]", section.description(), section.name);
        for key in keys {
            let (name, default) = (key.short_name(), (key.default)().to_toml());
            let _ = writeln!(text, "# {}\n#{name} = {default}", key.description());
        }
    }
    text
}

impl Applies {
    /// In words, to end a sentence.
    pub fn words(self) -> &'static str {
        match self {
            Self::Reload => "at a reload",
            Self::Restart => "when the kernel is started anew",
            Self::Command => "when a command is run",
        }
    }
}

impl ProjectRule {
    /// In words, to end a sentence.
    pub fn words(self) -> &'static str {
        match self {
            Self::May => "may set it",
            Self::Lower => "may set less than the user",
            Self::No => "may not set it",
        }
    }
}
