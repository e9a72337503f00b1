use mlua::{Lua, Table, Value};
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use crate::json::{Strictness, to_json};

/// What a display may be told beside its content.
#[derive(Debug, Default)]
pub(super) struct Options {
    /// By which it can be updated.
    pub(super) id: Option<String>,
    pub(super) metadata: Map<String, Json>,
    pub(super) transient: Map<String, Json>,
}

impl Options {
    /// The options in `{id = , metadata = , transient = }`; `id = true` makes one up.
    pub(super) fn of(_: &Lua, options: Option<&Value>) -> Result<Self, String> {
        match options {
            None | Some(Value::Nil) => Ok(Self::default()),
            Some(Value::Table(options)) => Self::of_table(options),
            Some(other) => Err(format!(
                "options must be a table, not a {}",
                other.type_name()
            )),
        }
    }

    /// Content and options of `f(content, options)` and, if the content cannot be a table, of
    /// `f{content, id = ...}`.
    pub(super) fn of_content(
        lua: &Lua,
        arguments: &[Value],
        content_in_table: bool,
    ) -> Result<(Value, Self), String> {
        let content = arguments.first().cloned().unwrap_or(Value::Nil);
        match &content {
            Value::Table(table) if content_in_table && arguments.len() == 1 => {
                let content = table.raw_get::<Value>(1).unwrap_or(Value::Nil);
                Ok((content, Self::of_table(table)?))
            }
            _ => Ok((content, Self::of(lua, arguments.get(1))?)),
        }
    }

    fn of_table(options: &Table) -> Result<Self, String> {
        let field = |name: &str| options.raw_get::<Value>(name).unwrap_or(Value::Nil);
        let id = match field("id") {
            Value::Nil | Value::Boolean(false) => None,
            Value::Boolean(true) => Some(Uuid::new_v4().to_string()),
            Value::String(id) => Some(id.to_string_lossy()),
            Value::Integer(id) => Some(id.to_string()),
            other => return Err(format!("a display's id cannot be a {}", other.type_name())),
        };
        Ok(Self {
            id,
            metadata: object(&field("metadata"), "metadata")?,
            transient: object(&field("transient"), "transient")?,
        })
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
