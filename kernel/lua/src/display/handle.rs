use std::sync::Arc;

use mlua::{Lua, Table, Value};
use perilune_language::{Display, DisplayAction, Host};

use super::options::{OF_VALUES, Options, new_id};
use super::{bundle, is_shown, remember_shown};
use crate::function;

/// The registry's metatable of handles.
const METATABLE: &str = "perilune.display.handle";

/// Makes what handles have in common, and the function that makes one.
pub(super) fn install(lua: &Lua, host: &Arc<dyn Host>, display: &Table) -> mlua::Result<()> {
    let meta = lua.create_table()?;
    let methods = lua.create_table()?;
    for (name, action) in [("update", None), ("show", Some(DisplayAction::Show))] {
        let host = Arc::clone(host);
        let show_this = function::create(lua, move |lua, arguments| {
            let Some(Value::Table(handle)) = arguments.first() else {
                return Err(format!("call it with a colon: handle:{name}(value)"));
            };
            let id = handle.raw_get::<Value>("id").unwrap_or(Value::Nil);
            let id = function::string(&[id], 0, "the handle's id")?;
            let value = arguments.get(1).unwrap_or(&Value::Nil);
            show(lua, &*host, action, id, value, arguments.get(2))
        })?;
        methods.raw_set(name, show_this)?;
    }
    meta.raw_set("__index", methods)?;
    meta.raw_set("__name", "display handle")?;
    lua.set_named_registry_value(METATABLE, meta)?;
    let make = function::create(lua, |lua, arguments| {
        let id = match arguments.first() {
            None | Some(Value::Nil) => new_id(),
            Some(Value::Integer(id)) => id.to_string(),
            _ => function::string(arguments, 0, "the display's id")?,
        };
        create(lua, &id)
    })?;
    display.raw_set("handle", make)?;
    let host = Arc::clone(host);
    let update = function::create(lua, move |lua, arguments| {
        let id = function::string(arguments, 0, "the display's id")?;
        let value = arguments.get(1).unwrap_or(&Value::Nil);
        show(lua, &*host, None, id, value, arguments.get(2))
    })?;
    display.raw_set("update", update)
}

/// What stands for a display that can be updated.
pub(super) fn create(lua: &Lua, id: &str) -> Result<Table, String> {
    let create = || {
        let handle = lua.create_table()?;
        handle.raw_set("id", id)?;
        handle.set_metatable(Some(lua.named_registry_value::<Table>(METATABLE)?))?;
        Ok(handle)
    };
    create().map_err(|error: mlua::Error| error.to_string())
}

/// Whether a value is a handle. As a cell's value it is not shown, as its display just was.
pub(crate) fn is_handle(lua: &Lua, value: &Value) -> bool {
    let Value::Table(table) = value else {
        return false;
    };
    let meta = lua.named_registry_value::<Table>(METATABLE).ok();
    meta.is_some() && table.metatable() == meta
}

/// Shows a value under an id: in place of what was shown by it, or if nothing was, here.
fn show(
    lua: &Lua,
    host: &dyn Host,
    action: Option<DisplayAction>,
    id: String,
    value: &Value,
    options: Option<&Value>,
) -> Result<(), String> {
    let options = Options::of(options, &OF_VALUES)?;
    let mut bundle = bundle(lua, value, &options.look)?;
    bundle.metadata.extend(options.metadata);
    let action = action.unwrap_or(if is_shown(lua, &id) {
        DisplayAction::Update
    } else {
        DisplayAction::Show
    });
    remember_shown(lua, &id)?;
    host.display(Display {
        action,
        bundle,
        id: Some(id),
        transient: options.transient,
    });
    Ok(())
}
