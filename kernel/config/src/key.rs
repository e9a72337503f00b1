use crate::setting::Given;
use crate::settings::Settings;
use crate::value::Value;

/// One setting: all there is to know about it.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Section and name, as in `log.level`.
    pub name: &'static str,
    /// What it is, in sentences.
    pub(crate) doc: &'static [&'static str],
    /// What its values are, as in "a size such as \"10MB\"".
    pub expected: fn() -> String,
    /// Its value where nobody has set it.
    pub default: fn() -> Value,
    /// The environment variable that sets it.
    pub variable: &'static str,
    /// The option of `perilune kernel start` that sets it, beside `--set`.
    pub flag: Option<&'static str>,
    /// When a change of it takes effect.
    pub applies: Applies,
    /// Whether a project's file may set it.
    pub project: ProjectRule,
    pub(crate) empty_is_said: bool,
    pub(crate) put: fn(&mut Settings, Given<'_>, Bound) -> Result<(), String>,
    pub(crate) get: fn(&Settings) -> Value,
    pub(crate) copy: fn(&mut Settings, &Settings),
}

/// A part of the settings, as `[log]`.
#[derive(Debug, Clone, Copy)]
pub struct Section {
    /// Its name.
    pub name: &'static str,
    pub(crate) doc: &'static [&'static str],
}

/// When a change takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applies {
    /// A kernel that runs takes it over when it is told to reload.
    Reload,
    /// A kernel takes it over when it starts anew.
    Restart,
    /// Commands read it each time they are run; kernels have nothing to do with it.
    Command,
}

impl Applies {
    /// In a word, for programs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Reload => "reload",
            Self::Restart => "restart",
            Self::Command => "command",
        }
    }
}

/// What a project's file may say of a setting. It is read because a folder was entered, not because
/// anybody trusts it, so that it may never listen, write elsewhere, load code or raise a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProjectRule {
    /// Whatever it likes.
    May,
    /// Less than the user allows, never more; false for true.
    Lower,
    /// Nothing.
    No,
}

impl ProjectRule {
    /// In a word, for programs.
    pub fn word(self) -> &'static str {
        match self {
            Self::May => "yes",
            Self::Lower => "lower",
            Self::No => "no",
        }
    }
}

/// Whether a value may be more than the one that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bound {
    Free,
    NoMoreThanNow,
}

impl Key {
    /// The section, as `log` of `log.level`.
    pub fn section(&self) -> &'static str {
        self.name.split_once('.').map_or("", |(section, _)| section)
    }

    /// The name within the section, as `level` of `log.level`.
    pub fn short_name(&self) -> &'static str {
        self.name.split_once('.').map_or("", |(_, name)| name)
    }

    /// What it is, in sentences.
    pub fn description(&self) -> String {
        joined(self.doc)
    }

    /// What these settings have for it.
    pub fn value_in(&self, settings: &Settings) -> Value {
        (self.get)(settings)
    }

    /// Reads a value as `config set` and flags give it.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in words.
    pub fn parse(&self, text: &str) -> Result<Value, String> {
        let mut settings = Settings::default();
        (self.put)(&mut settings, Given::Text(text), Bound::Free)?;
        Ok((self.get)(&settings))
    }
}

impl Section {
    /// What it is about.
    pub fn description(&self) -> String {
        joined(self.doc)
    }
}

/// The lines of a doc comment as one.
fn joined(lines: &[&str]) -> String {
    let lines: Vec<&str> = lines.iter().map(|line| line.trim()).collect();
    lines.join(" ")
}
