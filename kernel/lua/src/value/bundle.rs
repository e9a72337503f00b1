use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::c_void;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mlua::{Lua, Table, Value};
use perilune_language::MimeBundle;
use serde_json::Value as Json;

use super::plotly::{figure, figure_bundle};
use super::pretty::{Printer, Unwound, metatable};
use super::records::{GridError, Selection, grid_of, is_plainly_records};
use crate::cell::call_within;
use crate::failure::describe_error;
use crate::interrupt;
use crate::json::{Strictness, to_json};

/// What somebody wants to see of a value.
#[derive(Debug, Default)]
pub(crate) struct Look {
    /// The MIME types that are wanted beside plain text; all of them if nothing.
    pub(crate) include: Option<Vec<String>>,
    /// How deep tables are shown.
    pub(crate) depth: Option<usize>,
    /// How many entries of a table are shown, or rows.
    pub(crate) most: Option<usize>,
}

/// How several values are shown: as plain text, as in an expression list.
pub(crate) fn bundle_of_all(lua: &Lua, values: &[Value]) -> Result<Option<MimeBundle>, Unwound> {
    match values {
        [] => Ok(None),
        [value] => bundle_of(lua, value, &Look::default()).map(Some),
        values => {
            let texts = values
                .iter()
                .map(|value| Printer::new(lua).print(value))
                .collect::<Result<Vec<_>, _>>()?;
            let separator = if texts.iter().any(|text| text.contains('\n')) {
                ",\n"
            } else {
                ", "
            };
            Ok(Some(MimeBundle::plain(texts.join(separator))))
        }
    }
}

/// Has a value show itself by its `__display` metamethod, if it has one that comes first. The
/// answer is whether it did, or what to show of its failure.
pub(crate) fn acts(
    lua: &Lua,
    value: &Value,
    options: Option<&Value>,
) -> Result<Result<bool, MimeBundle>, Unwound> {
    let Some(meta) = metatable(lua, value) else {
        return Ok(Ok(false));
    };
    let field = |name: &str| meta.raw_get::<Value>(name).unwrap_or(Value::Nil);
    let display = field("__display");
    if display.is_nil() || !field("__mime").is_nil() {
        return Ok(Ok(false));
    }
    let Some(_asked) = Asked::enter(value) else {
        return Ok(Ok(false));
    };
    let options = options.cloned().unwrap_or(Value::Nil);
    Ok(match call_metamethod(lua, &display, (value, options))? {
        Ok(_) => Ok(true),
        Err(problem) => Err(MimeBundle::plain(format!(
            "<error in __display: {problem}>"
        ))),
    })
}

thread_local! {
    static ASKED: RefCell<Vec<*const c_void>> = const { RefCell::new(Vec::new()) };
}

/// A value is being asked how it looks. If its metamethod shows the value itself, that does not
/// ask it once more.
struct Asked;

impl Asked {
    /// Nothing if it is being asked already.
    fn enter(value: &Value) -> Option<Self> {
        let pointer = value.to_pointer();
        ASKED.with_borrow_mut(|asked| {
            let is_new = !asked.contains(&pointer);
            is_new.then(|| {
                asked.push(pointer);
                Self
            })
        })
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        ASKED.with_borrow_mut(Vec::pop);
    }
}

/// Calls a value that should be a function. The inner error says what went wrong.
fn call_metamethod(
    lua: &Lua,
    function: &Value,
    arguments: impl mlua::IntoLuaMulti,
) -> Result<Result<Vec<Value>, String>, Unwound> {
    let Value::Function(function) = function else {
        return Ok(Err(format!(
            "it is a {}, not a function",
            function.type_name()
        )));
    };
    let made = call_within(lua, function, arguments);
    if interrupt::is_unwinding() {
        return Err(Unwound);
    }
    Ok(made.map_err(|error| describe_error(&error)))
}

/// Every representation that a value has. Runs its `__mime` and `__tostring` metamethods.
pub(crate) fn bundle_of(lua: &Lua, value: &Value, look: &Look) -> Result<MimeBundle, Unwound> {
    let meta = metatable(lua, value);
    let field = |name: &str| match &meta {
        Some(meta) => meta.raw_get::<Value>(name).unwrap_or(Value::Nil),
        None => Value::Nil,
    };
    let print = || {
        Printer::new(lua)
            .limited(look.depth, look.most)
            .print(value)
    };
    let mime = field("__mime");
    let mut bundle = MimeBundle::default();
    if !mime.is_nil() {
        match own_bundle(lua, value, &mime, look)? {
            Ok(Some(own)) => bundle = own,
            Ok(None) => {}
            Err(problem) => return Ok(MimeBundle::plain(format!("<error in __mime: {problem}>"))),
        }
    } else if field("__tostring").is_nil()
        && let Value::Table(table) = value
    {
        match own_look(lua, value, table, look) {
            Ok(own) => bundle = own,
            Err(GridError::Unwound) => return Err(Unwound),
            // It has no other look than that of any value.
            Err(GridError::Message(_)) => {}
        }
    }
    if bundle.text().is_none() {
        bundle = bundle.with("text/plain", print()?);
    }
    Ok(wanted(bundle, look))
}

/// How values look that are recognised by what is in them.
fn own_look(lua: &Lua, value: &Value, table: &Table, look: &Look) -> Result<MimeBundle, GridError> {
    if let Some(figure) = figure(value) {
        return figure_bundle(figure).map_err(GridError::Message);
    }
    if is_plainly_records(lua, table) {
        let mut selection = Selection::default();
        selection.most_rows = look.most.unwrap_or(selection.most_rows);
        let unformatted = |_: &str, _: &Value| Ok(String::new());
        let grid = grid_of(lua, table, &selection, &unformatted)?;
        return Ok(MimeBundle::plain(grid.to_text()).with("text/html", grid.to_html()));
    }
    Ok(MimeBundle::default())
}

/// What is left of a bundle when only some types are wanted; plain text always is.
fn wanted(mut bundle: MimeBundle, look: &Look) -> MimeBundle {
    if let Some(include) = &look.include {
        let is_wanted = |mime: &String| mime == "text/plain" || include.contains(mime);
        bundle.data.retain(|mime, _| is_wanted(mime));
        bundle.metadata.retain(|mime, _| is_wanted(mime));
    }
    bundle
}

/// What a value's `__mime` gives: a bundle, nothing, or what is wrong with it.
fn own_bundle(
    lua: &Lua,
    value: &Value,
    mime: &Value,
    look: &Look,
) -> Result<Result<Option<MimeBundle>, String>, Unwound> {
    let Some(_asked) = Asked::enter(value) else {
        return Ok(Ok(None));
    };
    let include = match include_table(lua, look) {
        Ok(include) => include,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let made = call_metamethod(lua, mime, (value, include))?;
    Ok(made.and_then(|made| match &*made {
        [] | [Value::Nil, ..] => Ok(None),
        [Value::Table(data)] | [Value::Table(data), Value::Nil, ..] => {
            bundle_from(data, None).map(Some)
        }
        [Value::Table(data), Value::Table(metadata), ..] => {
            bundle_from(data, Some(metadata)).map(Some)
        }
        [Value::Table(_), metadata, ..] => Err(format!(
            "its metadata is a {}, not a table",
            metadata.type_name()
        )),
        [other, ..] => Err(format!(
            "it gave a {} instead of a table",
            other.type_name()
        )),
    }))
}

/// The wanted types, as a sequence and as a set at once; nothing if all are.
fn include_table(lua: &Lua, look: &Look) -> mlua::Result<Value> {
    let Some(include) = &look.include else {
        return Ok(Value::Nil);
    };
    let table = lua.create_table()?;
    for (index, mime) in include.iter().enumerate() {
        table.raw_set(index + 1, mime.as_str())?;
        table.raw_set(mime.as_str(), true)?;
    }
    Ok(Value::Table(table))
}

/// The bundle that a table from MIME types to data describes.
pub(crate) fn bundle_from(data: &Table, metadata: Option<&Table>) -> Result<MimeBundle, String> {
    let mut bundle = MimeBundle::default();
    let mut kinds = BTreeMap::new();
    for (mime, data) in data.pairs::<Value, Value>().flatten() {
        let Value::String(mime) = &mime else {
            return Err(format!("a MIME type is a {}", mime.type_name()));
        };
        kinds.insert(mime.to_string_lossy(), data);
    }
    for (mime, data) in kinds {
        bundle = bundle.with(&mime, representation(&mime, &data)?);
    }
    if let Some(metadata) = metadata {
        match to_json(&Value::Table(metadata.clone()), Strictness::Lenient)? {
            Json::Object(metadata) => bundle.metadata = metadata,
            _ => return Err("metadata must be a table with keys".to_owned()),
        }
    }
    Ok(bundle)
}

/// Data as a MIME type wants it: JSON as it is, binary as base64, else text.
pub(crate) fn representation(mime: &str, data: &Value) -> Result<Json, String> {
    if is_json(mime) {
        return to_json(data, Strictness::Lenient);
    }
    let text = match data {
        Value::String(text) => text.clone(),
        other => {
            return Err(format!(
                "{mime} must be a string, not a {}",
                other.type_name()
            ));
        }
    };
    let bytes = text.as_bytes();
    if is_binary(mime) && !is_base64(&bytes) {
        return Ok(Json::String(STANDARD.encode(&*bytes)));
    }
    Ok(Json::String(String::from_utf8_lossy(&bytes).into_owned()))
}

fn is_json(mime: &str) -> bool {
    mime == "application/json" || mime.ends_with("+json")
}

fn is_binary(mime: &str) -> bool {
    let is_picture = mime.starts_with("image/") && !mime.ends_with("+xml");
    is_picture
        || mime.starts_with("audio/")
        || mime.starts_with("video/")
        || mime == "application/pdf"
        || mime == "application/octet-stream"
}

/// Whether somebody has encoded it already. No picture begins like that.
fn is_base64(bytes: &[u8]) -> bool {
    let signs = bytes.iter().filter(|byte| !byte.is_ascii_whitespace());
    bytes.len() >= 16
        && signs
            .clone()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='))
        && signs.count() % 4 == 0
}
