//! `display.html` and what belongs to it, and the names of xeus-lua.

use std::sync::Arc;
use std::time::Instant;

use mlua::{Lua, Table, Value};
use perilune_language::Host;

use super::kinds::bundle_of_kind;
use super::options::Options;
use super::{publish, show};
use crate::function;
use crate::html;
use crate::json::{Strictness, to_json};
use crate::library;
use crate::value::FRAGMENT;

/// The registry's `ilua.config`.
const CONFIG: &str = "perilune.ilua.config";

/// Adds to `display` what is written in Lua, and makes `ilua`.
pub(super) fn install(lua: &Lua, host: &Arc<dyn Host>, display: &Table) -> mlua::Result<()> {
    let native = lua.create_table()?;
    let escape = function::create(lua, |_, arguments| {
        Ok(html::escape(&function::string(arguments, 0, "the text")?))
    })?;
    native.raw_set("escape", escape)?;
    let host = Arc::clone(host);
    let show_html = function::create(lua, move |lua, arguments| {
        let content = arguments.first().unwrap_or(&Value::Nil);
        let options = Options::of(arguments.get(1), &[])?;
        let bundle = bundle_of_kind(lua, "text/html", Some("HTML"), content)?;
        show(lua, &*host, bundle, options)
    })?;
    native.raw_set("show_html", show_html)?;
    let started = Instant::now();
    let clock = function::create(lua, move |_, _| Ok(started.elapsed().as_secs_f64()))?;
    native.raw_set("clock", clock)?;
    let to_json = function::create(lua, |_, arguments| {
        let value = arguments.first().unwrap_or(&Value::Nil);
        Ok(to_json(value, Strictness::Strict)?.to_string())
    })?;
    native.raw_set("to_json", to_json)?;
    let from_json = function::create(lua, |lua, arguments| {
        let text = function::string(arguments, 0, "the JSON")?;
        let json = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        crate::json::from_json(lua, &json).map_err(|error| error.to_string())
    })?;
    native.raw_set("from_json", from_json)?;
    let fragment: Table = library::load(
        lua,
        "display",
        include_str!("../library/display.lua"),
        (display, &native),
    )?;
    lua.set_named_registry_value(FRAGMENT, fragment)?;
    let ilua: Table = library::load(
        lua,
        "ilua",
        include_str!("../library/ilua.lua"),
        (display, &native),
    )?;
    lua.set_named_registry_value(CONFIG, ilua.raw_get::<Table>("config")?)?;
    publish(lua, "ilua", &ilua)
}

/// Whether a notebook made for xeus-lua has said that cells show no results.
pub(crate) fn is_quiet(lua: &Lua) -> bool {
    let config = lua.named_registry_value::<Table>(CONFIG);
    let prints = config.and_then(|config| config.raw_get::<Value>("auto_print"));
    matches!(prints, Ok(Value::Boolean(false)))
}
