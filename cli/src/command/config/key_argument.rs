use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, Error};
use perilune_config::{KEYS, Key, SECTIONS};

/// Reads the name of a setting. A shell completes it.
#[derive(Debug, Clone)]
pub struct KeyParser;

/// Reads the name of a setting or of a section.
#[derive(Debug, Clone)]
pub struct PartParser;

/// A setting or a section.
#[derive(Debug, Clone, Copy)]
pub enum Part {
    Key(&'static Key),
    Section(&'static str),
}

impl Part {
    /// Whether the setting is this one or in this one.
    pub fn has(self, key: &Key) -> bool {
        match self {
            Self::Key(it) => it.name == key.name,
            Self::Section(name) => key.section() == name,
        }
    }
}

impl TypedValueParser for KeyParser {
    type Value = &'static Key;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &std::ffi::OsStr,
    ) -> Result<Self::Value, Error> {
        let name = StringValueParser::new().parse_ref(command, arg, value)?;
        perilune_config::key_named(&name).map_err(|why| wrong(command, &name, why))
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue>>> {
        Some(Box::new(keys()))
    }
}

impl TypedValueParser for PartParser {
    type Value = Part;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &std::ffi::OsStr,
    ) -> Result<Self::Value, Error> {
        let name = StringValueParser::new().parse_ref(command, arg, value)?;
        match SECTIONS.iter().find(|section| section.name == name) {
            Some(section) => Ok(Part::Section(section.name)),
            None => perilune_config::key_named(&name)
                .map(Part::Key)
                .map_err(|why| wrong(command, &name, why)),
        }
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue>>> {
        let sections = SECTIONS
            .iter()
            .map(|section| PossibleValue::new(section.name).help(section.description()));
        Some(Box::new(sections.chain(keys())))
    }
}

fn keys() -> impl Iterator<Item = PossibleValue> {
    KEYS.iter()
        .map(|key| PossibleValue::new(key.name).help(key.description()))
}

fn wrong(command: &Command, name: &str, why: String) -> Error {
    let mut error = Error::raw(ErrorKind::InvalidValue, format!("{why}\n")).with_cmd(command);
    error.insert(
        ContextKind::InvalidValue,
        ContextValue::String(name.to_owned()),
    );
    error
}
