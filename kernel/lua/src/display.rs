//! `display`: showing more than the value of the last expression.

mod chart;
mod handle;
mod image;
mod kinds;
mod markup;
mod options;
mod table;

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use mlua::{Lua, Table, Value, Variadic};
use perilune_language::{Display, DisplayAction, Host, MimeBundle};

use crate::function;
use crate::value::{Look, Unwound, acts, bundle_from, bundle_of};

pub(crate) use handle::is_handle;
pub(crate) use markup::is_quiet;
use options::OF_VALUES;
pub(crate) use options::Options;

/// The registry's set of ids by which something was shown.
const SHOWN: &str = "perilune.display.shown";

/// Makes the global `display`, which is a module too, and `ilua`. Returns the number of times that
/// the output was cleared, which grows.
///
/// # Errors
///
/// When there is no memory left.
pub(crate) fn install(lua: &Lua, host: &Arc<dyn Host>) -> mlua::Result<Rc<Cell<u64>>> {
    let cleared = Rc::new(Cell::new(0));
    lua.set_named_registry_value(SHOWN, lua.create_table()?)?;
    let display = lua.create_table()?;
    handle::install(lua, host, &display)?;
    kinds::install(lua, host, &display)?;
    chart::install(lua, host, &display)?;
    image::install(lua, host, &display)?;
    table::install(lua, host, &display)?;
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
        show(lua, &*shown_by, bundle, Options::of(arguments.get(1), &[])?)
    })?;
    display.raw_set("mime", mime)?;
    let cleared_by = Arc::clone(host);
    let count = Rc::clone(&cleared);
    let clear = function::create(lua, move |_, arguments| {
        let wait = match arguments.first() {
            Some(Value::Table(options)) => options.raw_get::<Value>("wait").unwrap_or(Value::Nil),
            other => other.cloned().unwrap_or(Value::Nil),
        };
        count.set(count.get() + 1);
        cleared_by.clear_output(!matches!(wait, Value::Nil | Value::Boolean(false)));
        Ok(())
    })?;
    display.raw_set("clear", clear)?;
    let shown_by = Arc::clone(host);
    let call = function::create(lua, move |lua, arguments| {
        let value = arguments.get(1).unwrap_or(&Value::Nil);
        let options = Options::of(arguments.get(2), &OF_VALUES)?;
        let bundle = match acts(lua, value, arguments.get(2)) {
            Ok(Ok(true)) => return Ok(Variadic::new()),
            Ok(Ok(false)) => bundle(lua, value, &options.look)?,
            Ok(Err(failure)) => failure,
            Err(Unwound) => return Err(String::new()),
        };
        show(lua, &*shown_by, bundle, options)
    })?;
    let meta = lua.create_table()?;
    meta.raw_set("__call", call)?;
    meta.raw_set("__name", "display")?;
    display.set_metatable(Some(meta))?;
    markup::install(lua, host, &display)?;
    publish(lua, "display", &display)?;
    Ok(cleared)
}

/// Makes a table a global and a module.
///
/// # Errors
///
/// When there is no memory left.
pub(crate) fn publish(lua: &Lua, name: &str, table: &Table) -> mlua::Result<()> {
    let loaded: Table = lua.named_registry_value("_LOADED")?;
    loaded.raw_set(name, table)?;
    lua.globals().raw_set(name, table)
}

/// Every representation of a value.
fn bundle(lua: &Lua, value: &Value, look: &Look) -> Result<MimeBundle, String> {
    // When it unwinds, nobody will read the message.
    bundle_of(lua, value, look).map_err(|Unwound| String::new())
}

/// Shows a bundle; returns a handle if it was given an id, and nothing at all if not, so that a
/// cell which ends with it has no value.
pub(crate) fn show(
    lua: &Lua,
    host: &dyn Host,
    mut bundle: MimeBundle,
    options: Options,
) -> Result<Variadic<Table>, String> {
    bundle.metadata.extend(options.metadata);
    if let Some(id) = &options.id {
        remember_shown(lua, id)?;
    }
    host.display(Display {
        action: DisplayAction::Show,
        bundle,
        id: options.id.clone(),
        transient: options.transient,
    });
    let handle = options.id.map(|id| handle::create(lua, &id)).transpose()?;
    Ok(handle.into_iter().collect())
}

/// Whether something was shown by this id.
fn is_shown(lua: &Lua, id: &str) -> bool {
    lua.named_registry_value::<Table>(SHOWN)
        .and_then(|shown| shown.raw_get::<bool>(id))
        .unwrap_or(false)
}

fn remember_shown(lua: &Lua, id: &str) -> Result<(), String> {
    lua.named_registry_value::<Table>(SHOWN)
        .and_then(|shown| shown.raw_set(id, true))
        .map_err(|error| error.to_string())
}
