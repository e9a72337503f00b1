//! `display`: showing more than the value of the last expression.

mod handle;
mod options;

use std::sync::Arc;

use mlua::{Lua, Table, Value, Variadic};
use perilune_language::{Display, DisplayAction, Host, MimeBundle};

use crate::function;
use crate::value::{Unwound, bundle_from, bundle_of, representation};

pub(crate) use handle::is_handle;
use options::Options;

/// The functions that show one representation: their name, their MIME type, and what the plain
/// text calls it, or nothing where the source itself is plain text.
const KINDS: [(&str, &str, Option<&str>); 10] = [
    ("html", "text/html", Some("HTML")),
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

/// Makes the global `display`, which is a module too.
///
/// # Errors
///
/// When there is no memory left.
pub(crate) fn install(lua: &Lua, host: &Arc<dyn Host>) -> mlua::Result<()> {
    let display = lua.create_table()?;
    handle::install(lua, host)?;
    for (name, mime, label) in KINDS {
        let host = Arc::clone(host);
        let show = function::create(lua, move |lua, arguments| {
            let (content, options) =
                Options::of_content(lua, arguments, mime != "application/json")?;
            show(
                lua,
                &*host,
                bundle_of_kind(lua, mime, label, &content)?,
                options,
            )
        })?;
        display.raw_set(name, show)?;
    }
    let shown_by = Arc::clone(host);
    let mime = function::create(lua, move |lua, arguments| {
        let Some(Value::Table(data)) = arguments.first() else {
            return Err("display.mime wants a table from MIME types to data".to_owned());
        };
        let mut bundle = bundle_from(data, None)?;
        if bundle.text().is_none() {
            let kinds: Vec<_> = bundle.data.keys().cloned().collect();
            bundle = bundle.with("text/plain", format!("<{}>", kinds.join(", ")));
        }
        show(lua, &*shown_by, bundle, Options::of(lua, arguments.get(1))?)
    })?;
    display.raw_set("mime", mime)?;
    let shown_by = Arc::clone(host);
    let update = function::create(lua, move |lua, arguments| {
        let id = function::string(arguments, 0, "the display's id")?;
        let value = arguments.get(1).unwrap_or(&Value::Nil);
        handle::update(lua, &*shown_by, id, value, arguments.get(2))
    })?;
    display.raw_set("update", update)?;
    let cleared_by = Arc::clone(host);
    let clear = function::create(lua, move |_, arguments| {
        let wait = match arguments.first() {
            Some(Value::Table(options)) => options.raw_get::<Value>("wait").unwrap_or(Value::Nil),
            other => other.cloned().unwrap_or(Value::Nil),
        };
        cleared_by.clear_output(!matches!(wait, Value::Nil | Value::Boolean(false)));
        Ok(())
    })?;
    display.raw_set("clear", clear)?;
    let shown_by = Arc::clone(host);
    let call = function::create(lua, move |lua, arguments| {
        let value = arguments.get(1).unwrap_or(&Value::Nil);
        let options = Options::of(lua, arguments.get(2))?;
        show(lua, &*shown_by, bundle(lua, value)?, options)
    })?;
    let meta = lua.create_table()?;
    meta.raw_set("__call", call)?;
    meta.raw_set("__name", "display")?;
    display.set_metatable(Some(meta))?;
    let loaded: Table = lua.named_registry_value("_LOADED")?;
    loaded.raw_set("display", &display)?;
    lua.globals().raw_set("display", display)
}

/// Every representation of a value.
fn bundle(lua: &Lua, value: &Value) -> Result<MimeBundle, String> {
    // When it unwinds, nobody will read the message.
    bundle_of(lua, value).map_err(|Unwound| String::new())
}

fn bundle_of_kind(
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
        (None, other) => bundle(lua, other)?.text().unwrap_or_default().to_owned(),
    };
    Ok(MimeBundle::plain(plain).with(mime, made))
}

/// Shows a bundle; returns a handle if it was given an id, and nothing at all if not, so that a
/// cell which ends with it has no value.
fn show(
    lua: &Lua,
    host: &dyn Host,
    mut bundle: MimeBundle,
    options: Options,
) -> Result<Variadic<Table>, String> {
    bundle.metadata.extend(options.metadata);
    host.display(Display {
        action: DisplayAction::Show,
        bundle,
        id: options.id.clone(),
        transient: options.transient,
    });
    let handle = options.id.map(|id| handle::create(lua, &id)).transpose()?;
    Ok(handle.into_iter().collect())
}
