use std::cell::OnceCell;
use std::collections::HashMap;
use std::ffi::c_void;
use std::ops::ControlFlow;

use mlua::{Function, Lua, Table, Value, ffi};

use super::chain::Chain;
use super::names::{Names, Shape, Signature, base_of};
use crate::cell::push_closure;
use crate::context::Context;
use crate::failure::library_names;
use crate::value::metatable;

/// How far a chain of `__index` tables is followed.
pub(super) const INHERITANCE: usize = 16;

/// The names that Lua has now.
pub(super) struct Live<'a> {
    pub(super) lua: &'a Lua,
    pub(super) context: &'a Context,
    library: OnceCell<HashMap<*const c_void, String>>,
}

impl<'a> Live<'a> {
    pub(super) fn new(lua: &'a Lua, context: &'a Context) -> Self {
        Self {
            lua,
            context,
            library: OnceCell::new(),
        }
    }

    fn signature(&self, function: &Function) -> Signature {
        let library = self.library.get_or_init(|| library_names(self.lua));
        match library.get(&function.to_pointer()) {
            Some(name) => Signature::Documented(name.clone()),
            None => parameters(self.lua, function),
        }
    }
}

impl Names for Live<'_> {
    type Value = Value;

    fn globals(&self) -> Value {
        Value::Table(self.lua.globals())
    }

    fn string(&self) -> Option<Value> {
        self.lua.create_string("").ok().map(Value::String)
    }

    fn is_kept(&self, name: &str) -> bool {
        self.context.kept.borrow().get(name).is_some()
    }

    fn each_kept(&self, visit: &mut dyn FnMut(&str)) {
        self.context.kept.borrow().names().for_each(visit);
    }

    fn variable(&self, name: &str) -> Option<Value> {
        kept(self.lua, self.context, name)
            .or_else(|| self.lua.globals().raw_get::<Value>(name).ok())
            .filter(|value| !value.is_nil())
    }

    fn field(&self, value: &Value, name: &str) -> Option<Value> {
        tables(self.lua, value)
            .into_iter()
            .filter_map(|table| table.raw_get::<Value>(name).ok())
            .find(|value| !value.is_nil())
    }

    fn each_field(&self, value: &Value, visit: &mut dyn FnMut(&str, Value) -> ControlFlow<()>) {
        for table in tables(self.lua, value) {
            for (key, value) in table.pairs::<Value, Value>().flatten() {
                if let Value::String(key) = key
                    && visit(&key.to_string_lossy(), value).is_break()
                {
                    return;
                }
            }
        }
    }

    fn shape(&self, value: &Value) -> Shape {
        match value {
            Value::Function(function) => Shape::Function(self.signature(function)),
            Value::Table(_) => Shape::Table,
            _ => Shape::Other,
        }
    }
}

/// The value that a chain stands for.
pub(super) fn resolve(lua: &Lua, context: &Context, chain: &Chain<'_>) -> Option<Value> {
    let names = Live::new(lua, context);
    match &chain.base {
        None => names.variable(chain.name),
        Some(_) => names.field(&base_of(&names, chain)?, chain.name),
    }
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

/// A Lua function's parameters.
pub(super) fn parameters(lua: &Lua, function: &Function) -> Signature {
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
    }
    if info.is_vararg {
        names.push("...".to_owned());
    }
    Signature::Parameters(names)
}
