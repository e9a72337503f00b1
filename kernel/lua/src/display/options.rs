use mlua::{Table, Value};
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use crate::json::{Strictness, to_json};
use crate::value::Look;

/// What a display may be told beside its content.
#[derive(Debug, Default)]
pub(crate) struct Options {
    /// By which it can be updated.
    pub(super) id: Option<String>,
    pub(super) metadata: Map<String, Json>,
    pub(super) transient: Map<String, Json>,
    pub(super) look: Look,
}

/// What every display understands.
const COMMON: [&str; 3] = ["id", "metadata", "transient"];
/// What only the display of a Lua value understands.
pub(super) const OF_VALUES: [&str; 3] = ["include", "depth", "max"];

impl Options {
    /// The options in `{id = , metadata = , transient = }`, and those in `others`, which the
    /// caller reads; `id = true` makes one up.
    pub(crate) fn of(options: Option<&Value>, others: &[&str]) -> Result<Self, String> {
        match options {
            None | Some(Value::Nil) => Ok(Self::default()),
            Some(Value::Table(options)) => Self::of_table(options, others),
            Some(other) => Err(format!(
                "options must be a table, not a {}",
                other.type_name()
            )),
        }
    }

    /// Content and options of `f(content, options)` and, if the content cannot be a table, of
    /// `f{content, id = ...}`.
    pub(super) fn of_content(
        arguments: &[Value],
        content_in_table: bool,
        others: &[&str],
    ) -> Result<(Value, Self), String> {
        let content = arguments.first().cloned().unwrap_or(Value::Nil);
        match &content {
            Value::Table(table) if content_in_table && arguments.len() == 1 => {
                let content = table.raw_get::<Value>(1).unwrap_or(Value::Nil);
                Ok((content, Self::of_table(table, others)?))
            }
            _ => Ok((content, Self::of(arguments.get(1), others)?)),
        }
    }

    pub(crate) fn of_table(options: &Table, others: &[&str]) -> Result<Self, String> {
        for (name, _) in options.pairs::<Value, Value>().flatten() {
            let Value::String(name) = name else { continue };
            let name = name.to_string_lossy();
            if !COMMON.iter().chain(others).any(|known| *known == name) {
                let known: Vec<_> = COMMON.iter().chain(others).copied().collect();
                let known = known.join(", ");
                return Err(format!("there is no option '{name}'; there are {known}"));
            }
        }
        let field = |name: &str| options.raw_get::<Value>(name).unwrap_or(Value::Nil);
        let id = match field("id") {
            Value::Nil | Value::Boolean(false) => None,
            Value::Boolean(true) => Some(new_id()),
            Value::String(id) => Some(id.to_string_lossy()),
            Value::Integer(id) => Some(id.to_string()),
            other => return Err(format!("a display's id cannot be a {}", other.type_name())),
        };
        let look = if others.contains(&"include") {
            Look {
                include: types(&field("include"))?,
                depth: count(&field("depth"), "depth")?,
                most: count(&field("max"), "max")?,
            }
        } else {
            Look::default()
        };
        Ok(Self {
            id,
            metadata: object(&field("metadata"), "metadata")?,
            transient: object(&field("transient"), "transient")?,
            look,
        })
    }
}

/// An id that no other display has.
pub(super) fn new_id() -> String {
    Uuid::new_v4().to_string()
}

/// A number of things that is an option; `math.huge` means all of them.
pub(super) fn count(value: &Value, name: &str) -> Result<Option<usize>, String> {
    match value {
        Value::Nil => Ok(None),
        Value::Integer(count) if *count >= 0 => Ok(usize::try_from(*count).ok()),
        Value::Number(count) if *count >= 0.0 => Ok(Some(*count as usize)),
        other => Err(format!(
            "{name} must be a number from 0, not {}",
            match other {
                Value::Integer(number) => number.to_string(),
                Value::Number(number) => number.to_string(),
                other => format!("a {}", other.type_name()),
            }
        )),
    }
}

/// MIME types: one, or a table of them.
fn types(value: &Value) -> Result<Option<Vec<String>>, String> {
    match value {
        Value::Nil => Ok(None),
        Value::String(one) => Ok(Some(vec![one.to_string_lossy()])),
        Value::Table(all) => all
            .sequence_values::<Value>()
            .flatten()
            .map(|mime| match mime {
                Value::String(mime) => Ok(mime.to_string_lossy()),
                other => Err(format!("a MIME type is a {}", other.type_name())),
            })
            .collect::<Result<_, _>>()
            .map(Some),
        other => Err(format!(
            "include must be a table of MIME types, not a {}",
            other.type_name()
        )),
    }
}

fn object(value: &Value, name: &str) -> Result<Map<String, Json>, String> {
    match value {
        Value::Nil => Ok(Map::new()),
        value => match to_json(value, Strictness::Strict)? {
            Json::Object(object) => Ok(object),
            _ => Err(format!("{name} must be a table with keys")),
        },
    }
}
