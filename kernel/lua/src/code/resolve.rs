use mlua::{Function, Lua, Table, Value, ffi};

use super::chain::{Chain, Root};
use crate::cell::push_closure;
use crate::context::Context;
use crate::value::metatable;

/// How far a chain of `__index` tables is followed.
const INHERITANCE: usize = 16;

/// The value that a chain stands for.
pub(super) fn resolve(lua: &Lua, context: &Context, chain: &Chain<'_>) -> Option<Value> {
    match &chain.base {
        None => variable(lua, context, chain.name),
        Some(_) => field(lua, &base_of(lua, context, chain)?, chain.name),
    }
}

/// The value in which a chain's last name is looked up.
pub(super) fn base_of(lua: &Lua, context: &Context, chain: &Chain<'_>) -> Option<Value> {
    let (root, fields) = chain.base.as_ref()?;
    let mut value = match root {
        Root::Name(name) => variable(lua, context, name)?,
        Root::String => Value::String(lua.create_string("").ok()?),
    };
    for name in fields {
        value = field(lua, &value, name)?;
    }
    Some(value)
}

/// A local of an earlier cell, or else a global.
fn variable(lua: &Lua, context: &Context, name: &str) -> Option<Value> {
    kept(lua, context, name)
        .or_else(|| lua.globals().raw_get::<Value>(name).ok())
        .filter(|value| !value.is_nil())
}

/// A local of an earlier cell.
fn kept(lua: &Lua, context: &Context, name: &str) -> Option<Value> {
    let local = context.kept.borrow().get(name)?;
    // SAFETY: the closure owns nothing, and leaves one value or none.
    unsafe {
        lua.exec_raw::<Value>((), |state| {
            push_closure(state, name);
            if ffi::lua_getupvalue(state, -1, local.upvalue).is_null() {
                ffi::lua_settop(state, 0);
            } else {
                ffi::lua_remove(state, 1);
            }
        })
        .ok()
    }
}

fn field(lua: &Lua, value: &Value, name: &str) -> Option<Value> {
    tables(lua, value)
        .into_iter()
        .filter_map(|table| table.raw_get::<Value>(name).ok())
        .find(|value| !value.is_nil())
}

/// The tables in which a value's fields are: itself, and those it inherits from.
pub(super) fn tables(lua: &Lua, value: &Value) -> Vec<Table> {
    let mut tables = Vec::new();
    let mut next = Some(value.clone());
    while let Some(value) = next.take() {
        if tables.len() >= INHERITANCE {
            break;
        }
        let meta = match &value {
            Value::String(_) => {
                // All strings share one metatable, whose `__index` is the library.
                let library = lua.globals().raw_get::<Value>("string").ok();
                next = library.filter(|library| matches!(library, Value::Table(_)));
                continue;
            }
            value => metatable(lua, value),
        };
        if let Value::Table(table) = &value {
            if tables.contains(table) {
                break;
            }
            tables.push(table.clone());
        }
        let index = meta.and_then(|meta| meta.raw_get::<Value>("__index").ok());
        next = index.filter(|index| matches!(index, Value::Table(_)));
    }
    tables
}

/// A Lua function's parameters, as in `(a, b, ...)`.
pub(super) fn parameters(lua: &Lua, function: &Function, skip_self: bool) -> String {
    let info = function.info();
    let mut names: Vec<String> = Vec::new();
    if info.what != "C" {
        for index in 1..=i32::from(info.num_params) {
            // SAFETY: the closure owns nothing. `lua_getlocal` takes the function from the stack
            // and returns a name that lives as long as the function, and it is copied to Lua.
            let name = unsafe {
                lua.exec_raw::<Option<String>>(function, |state| {
                    let name = ffi::lua_getlocal(state, std::ptr::null(), index);
                    ffi::lua_settop(state, 0);
                    ffi::lua_pushstring(state, name);
                })
            };
            names.push(name.ok().flatten().unwrap_or_else(|| "?".to_owned()));
        }
        if skip_self && names.first().is_some_and(|first| first == "self") {
            names.remove(0);
        }
    }
    if info.is_vararg {
        names.push("...".to_owned());
    }
    format!("({})", names.join(", "))
}
