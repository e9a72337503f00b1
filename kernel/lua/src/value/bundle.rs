use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mlua::{Function, Lua, Table, Value};
use perilune_language::MimeBundle;
use serde_json::Value as Json;

use super::pretty::{Printer, Unwound, metatable};
use crate::cell::call_within;
use crate::failure::describe_error;
use crate::interrupt;
use crate::json::{Strictness, to_json};

/// How several values are shown: as plain text, as in an expression list.
pub(crate) fn bundle_of_all(lua: &Lua, values: &[Value]) -> Result<Option<MimeBundle>, Unwound> {
    match values {
        [] => Ok(None),
        [value] => bundle_of(lua, value).map(Some),
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

/// Every representation that a value has. Runs its `__mime` and `__tostring` metamethods.
pub(crate) fn bundle_of(lua: &Lua, value: &Value) -> Result<MimeBundle, Unwound> {
    let mime = metatable(lua, value)
        .and_then(|meta| meta.raw_get::<Option<Function>>("__mime").ok())
        .flatten();
    let Some(mime) = mime else {
        return Ok(MimeBundle::plain(Printer::new(lua).print(value)?));
    };
    let made = call_within(lua, &mime, value);
    if interrupt::is_unwinding() {
        return Err(Unwound);
    }
    let made = made
        .map_err(|error| describe_error(&error))
        .and_then(|made| match &*made {
            [Value::Table(data)] => bundle_from(data, None),
            [Value::Table(data), Value::Table(metadata), ..] => bundle_from(data, Some(metadata)),
            [Value::Table(data), ..] => bundle_from(data, None),
            other => {
                let kind = other.first().map_or("nil", Value::type_name);
                Err(format!("it gave a {kind} instead of a table"))
            }
        });
    let mut bundle = match made {
        Ok(bundle) => bundle,
        Err(problem) => MimeBundle::plain(format!("<error in __mime: {problem}>")),
    };
    if bundle.text().is_none() {
        bundle = bundle.with("text/plain", Printer::new(lua).print(value)?);
    }
    Ok(bundle)
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
