//! The functions that show one representation of one content.

use std::sync::Arc;

use mlua::{Lua, Table, Value};
use perilune_language::{Host, MimeBundle};

use super::options::Options;
use super::{bundle, show};
use crate::function;
use crate::value::{Look, representation};

/// Their name, their MIME type, and what the plain text calls it, or nothing where the source
/// itself is plain text.
const KINDS: [(&str, &str, Option<&str>); 9] = [
    ("markdown", "text/markdown", None),
    ("latex", "text/latex", None),
    ("svg", "image/svg+xml", Some("SVG image")),
    ("png", "image/png", Some("PNG image")),
    ("jpeg", "image/jpeg", Some("JPEG image")),
    ("gif", "image/gif", Some("GIF image")),
    ("json", "application/json", None),
    ("javascript", "application/javascript", Some("JavaScript")),
    ("text", "text/plain", None),
];

pub(super) fn install(lua: &Lua, host: &Arc<dyn Host>, display: &Table) -> mlua::Result<()> {
    for (name, mime, label) in KINDS {
        let host = Arc::clone(host);
        let show = function::create(lua, move |lua, arguments| {
            let is_text = mime != "application/json";
            let (content, options) = Options::of_content(arguments, is_text, &[])?;
            let bundle = bundle_of_kind(lua, mime, label, &content)?;
            show(lua, &*host, bundle, options)
        })?;
        display.raw_set(name, show)?;
    }
    Ok(())
}

pub(super) fn bundle_of_kind(
    lua: &Lua,
    mime: &str,
    label: Option<&str>,
    content: &Value,
) -> Result<MimeBundle, String> {
    let made = representation(mime, content)?;
    let plain = match (label, content) {
        (Some(label), Value::String(text)) => format!("<{label}: {} bytes>", text.as_bytes().len()),
        (Some(label), _) => format!("<{label}>"),
        (None, Value::String(text)) => text.to_string_lossy(),
        (None, other) => bundle(lua, other, &Look::default())?
            .text()
            .unwrap_or_default()
            .to_owned(),
    };
    Ok(MimeBundle::plain(plain).with(mime, made))
}
