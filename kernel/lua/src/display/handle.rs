use std::sync::Arc;

use mlua::{Lua, Table, Value};
use perilune_language::{Display, DisplayAction, Host};

use super::{bundle, options::Options};
use crate::function;

/// The registry's metatable of handles.
const METATABLE: &str = "perilune.display.handle";

/// Makes what handles have in common.
pub(super) fn install(lua: &Lua, host: &Arc<dyn Host>) -> mlua::Result<()> {
    let meta = lua.create_table()?;
    let methods = lua.create_table()?;
    let host = Arc::clone(host);
    let update_this = function::create(lua, move |lua, arguments| {
        let Some(Value::Table(handle)) = arguments.first() else {
            return Err("call it with a colon: handle:update(value)".to_owned());
        };
        let id = handle.raw_get::<Value>("id").unwrap_or(Value::Nil);
        let id = function::string(&[id], 0, "the handle's id")?;
        let value = arguments.get(1).unwrap_or(&Value::Nil);
        update(lua, &*host, id, value, arguments.get(2))
    })?;
    methods.raw_set("update", update_this)?;
    meta.raw_set("__index", methods)?;
    meta.raw_set("__name", "display handle")?;
    lua.set_named_registry_value(METATABLE, meta)
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

/// Shows a value in place of what was shown by this id.
pub(super) fn update(
    lua: &Lua,
    host: &dyn Host,
    id: String,
    value: &Value,
    options: Option<&Value>,
) -> Result<(), String> {
    let options = Options::of(lua, options)?;
    let mut bundle = bundle(lua, value)?;
    bundle.metadata.extend(options.metadata);
    host.display(Display {
        action: DisplayAction::Update,
        bundle,
        id: Some(id),
        transient: options.transient,
    });
    Ok(())
}
