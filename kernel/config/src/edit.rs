//! Changes to the text of a file that leave all else in it as it is.

use toml_edit::{DocumentMut, Item, Table, TableLike};

use crate::error::ConfigError;
use crate::key::Key;
use crate::value::Value;

/// The text with the setting in it: in place of what was there, else at the end of its section.
///
/// # Errors
///
/// When the text is no TOML, or its section is something else.
pub fn set(text: &str, key: &Key, value: &Value) -> Result<String, ConfigError> {
    let mut document = parse(text)?;
    let section = document
        .entry(key.section())
        .or_insert_with(|| Item::Table(Table::new()));
    let table = section
        .as_table_like_mut()
        .ok_or_else(|| not_a_section(key))?;
    let new = value.to_toml();
    match table.get_mut(key.short_name()).and_then(Item::as_value_mut) {
        Some(present) => {
            // A comment behind the value is part of how it is written.
            let decor = present.decor().clone();
            *present = new;
            *present.decor_mut() = decor;
        }
        None => {
            table.insert(key.short_name(), Item::Value(new));
        }
    }
    Ok(document.to_string())
}

/// The text without the setting of this name, which may be one that there is not; none if it is not
/// in it. A section that becomes empty stays, since there may be comments in it.
///
/// # Errors
///
/// When the text is no TOML.
pub fn unset(text: &str, name: &str) -> Result<Option<String>, ConfigError> {
    let mut document = parse(text)?;
    let (folder, name) = name.rsplit_once('.').unwrap_or(("", name));
    let mut table: &mut dyn TableLike = document.as_table_mut();
    for part in folder.split('.').filter(|part| !part.is_empty()) {
        match table.get_mut(part).and_then(Item::as_table_like_mut) {
            Some(found) => table = found,
            None => return Ok(None),
        }
    }
    let removed = table.remove(name);
    Ok(removed.map(|_| document.to_string()))
}

fn parse(text: &str) -> Result<DocumentMut, ConfigError> {
    text.parse().map_err(|error: toml_edit::TomlError| {
        let start = error.span().map_or(0, |span| span.start);
        let before = text.get(..start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|it| *it != '\n').count() + 1;
        let message = error.message();
        ConfigError::Edit(format!("line {line}, column {column}: {message}"))
    })
}

fn not_a_section(key: &Key) -> ConfigError {
    let section = key.section();
    ConfigError::Edit(format!(
        "{section} is a section, which is written [{section}]"
    ))
}
