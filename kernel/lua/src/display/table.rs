//! `display.table`: records, lists and columns as a table.

use std::sync::Arc;

use mlua::{Function, Lua, Table, Value};
use perilune_language::{Host, MimeBundle};

use super::options::{Options, count};
use super::show;
use crate::cell::call_within;
use crate::failure::describe_error;
use crate::function;
use crate::interrupt;
use crate::value::{Chosen, GridError, Key, ROWS, Selection, Unwound, grid_of};

pub(super) fn install(lua: &Lua, host: &Arc<dyn Host>, display: &Table) -> mlua::Result<()> {
    let host = Arc::clone(host);
    // The user may assign over it.
    let format: Function = lua.globals().get::<Table>("string")?.get("format")?;
    let table = function::create(lua, move |lua, arguments| {
        let Some(Value::Table(rows)) = arguments.first() else {
            let kind = arguments.first().map_or("nothing", Value::type_name);
            return Err(format!("display.table wants a table of rows, not {kind}"));
        };
        let options = Options::of(arguments.get(1), &["columns", "max", "title"])?;
        let selection = selection(arguments.get(1))?;
        let format = |pattern: &str, value: &Value| formatted(lua, &format, pattern, value);
        let grid = match grid_of(lua, rows, &selection, &format) {
            Ok(grid) => grid,
            Err(GridError::Message(problem)) => return Err(problem),
            // Nobody will read it.
            Err(GridError::Unwound) => return Err(String::new()),
        };
        let bundle = MimeBundle::plain(grid.to_text()).with("text/html", grid.to_html());
        show(lua, &*host, bundle, options)
    })?;
    display.raw_set("table", table)
}

fn selection(options: Option<&Value>) -> Result<Selection, String> {
    let Some(Value::Table(options)) = options else {
        return Ok(Selection::default());
    };
    let field = |name: &str| options.raw_get::<Value>(name).unwrap_or(Value::Nil);
    let title = match field("title") {
        Value::Nil => None,
        Value::String(title) => Some(title.to_string_lossy()),
        other => {
            return Err(format!(
                "title must be a string, not a {}",
                other.type_name()
            ));
        }
    };
    let columns = match field("columns") {
        Value::Nil => None,
        Value::Table(columns) => Some(
            columns
                .sequence_values::<Value>()
                .flatten()
                .map(|column| chosen(&column))
                .collect::<Result<Vec<_>, _>>()?,
        ),
        other => {
            return Err(format!(
                "columns must be a table, not a {}",
                other.type_name()
            ));
        }
    };
    Ok(Selection {
        title,
        columns,
        most_rows: count(&field("max"), "max")?.unwrap_or(ROWS),
    })
}

/// A column: its key, or a table `{key, title = , format = }`.
fn chosen(column: &Value) -> Result<Chosen, String> {
    if let Some(key) = Key::of(column) {
        let title = key.text();
        return Ok(Chosen {
            key,
            title,
            format: None,
        });
    }
    let Value::Table(column) = column else {
        return Err(format!(
            "a column is a name or a table such as {{\"size\", title = \"Size\", format = \"%.1f\"}}, not a {}",
            column.type_name()
        ));
    };
    let field = |name: &str| match column.raw_get::<Value>(name) {
        Ok(Value::String(text)) => Ok(Some(text.to_string_lossy())),
        Ok(Value::Nil) | Err(_) => Ok(None),
        Ok(other) => Err(format!(
            "a column's {name} must be a string, not a {}",
            other.type_name()
        )),
    };
    let key = column
        .raw_get::<Value>(1)
        .ok()
        .and_then(|key| Key::of(&key));
    let key = key.ok_or("a column's table begins with its name, such as {\"size\"}")?;
    Ok(Chosen {
        title: field("title")?.unwrap_or_else(|| key.text()),
        format: field("format")?,
        key,
    })
}

fn formatted(
    lua: &Lua,
    format: &Function,
    pattern: &str,
    value: &Value,
) -> Result<String, GridError> {
    let made = call_within(lua, format, (pattern, value));
    if interrupt::is_unwinding() {
        return Err(GridError::from(Unwound));
    }
    match made.as_deref() {
        Ok([Value::String(text), ..]) => Ok(text.to_string_lossy()),
        Ok(_) => Ok(String::new()),
        Err(error) => Err(GridError::Message(format!(
            "the format '{pattern}' does not fit: {}",
            describe_error(error)
        ))),
    }
}
