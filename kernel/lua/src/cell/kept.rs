use std::collections::HashMap;
use std::ffi::{CStr, c_int};

use mlua::{Function, Lua, Table, Value, ffi};

use crate::context::Context;
use crate::interrupt;
use crate::native;

/// The top-level locals of earlier cells.
///
/// A cell hands each of its locals over right behind the statement that declares it, by a closure
/// over them. Lua code that shares a local later is given the very variable that the closure
/// holds.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    locals: HashMap<String, KeptLocal>,
}

/// Where a kept local is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeptLocal {
    /// Which upvalue of its closure.
    pub(crate) upvalue: c_int,
    /// Whether it was declared `<const>`.
    pub(crate) is_constant: bool,
}

impl Kept {
    pub(crate) fn get(&self, name: &str) -> Option<KeptLocal> {
        self.locals.get(name).copied()
    }

    /// Forgets all of them. What shares one has it still.
    pub(crate) fn clear(&mut self) {
        self.locals.clear();
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, KeptLocal)> {
        let locals = self.locals.iter();
        locals.map(|(name, local)| (name.as_str(), *local))
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.locals.keys().map(String::as_str)
    }
}

/// The registry's table of closures by the local's name.
const CLOSURES: &CStr = c"perilune.kept";
/// The registry's function that makes a closure over a value.
const HOLDER: &CStr = c"perilune.holder";
/// The registry's function that cells call.
const KEEP: &CStr = c"perilune.keep";

/// Marks a constant in the names that a cell hands over.
pub(super) const CONSTANT_MARK: char = '!';

/// Makes what [`push_keep`] and [`push_closure`] push.
///
/// # Safety
///
/// May raise Lua errors.
pub(crate) unsafe fn install(state: *mut ffi::lua_State, context: &Context) {
    // SAFETY: the stack is as it was afterwards.
    unsafe {
        ffi::lua_createtable(state, 0, 0);
        ffi::lua_setfield(state, ffi::LUA_REGISTRYINDEX, CLOSURES.as_ptr());
        let code = c"local value = ... return function() return value end";
        if ffi::luaL_loadstring(state, code.as_ptr()) != ffi::LUA_OK {
            ffi::lua_error(state);
        }
        ffi::lua_setfield(state, ffi::LUA_REGISTRYINDEX, HOLDER.as_ptr());
        native::push(state, context, keep);
        ffi::lua_setfield(state, ffi::LUA_REGISTRYINDEX, KEEP.as_ptr());
    }
}

/// Pushes the function that a cell hands its locals to. It also marks the values of the cell's
/// last statement.
pub(super) unsafe fn push_keep(state: *mut ffi::lua_State) {
    // SAFETY: the caller has room for one value.
    unsafe { ffi::lua_getfield(state, ffi::LUA_REGISTRYINDEX, KEEP.as_ptr()) };
}

/// Pushes the closure that holds the local `name`.
///
/// # Safety
///
/// May raise a memory error; needs room for two values.
pub(crate) unsafe fn push_closure(state: *mut ffi::lua_State, name: &str) {
    // SAFETY: the name's bytes are copied.
    unsafe {
        ffi::lua_getfield(state, ffi::LUA_REGISTRYINDEX, CLOSURES.as_ptr());
        ffi::lua_pushlstring(state, name.as_ptr().cast(), name.len());
        ffi::lua_rawget(state, -2);
        ffi::lua_remove(state, -2);
    }
}

/// Pushes the function that makes a closure over a value, which is its first upvalue.
///
/// # Safety
///
/// May raise a memory error; needs room for one value.
pub(crate) unsafe fn push_holder(state: *mut ffi::lua_State) {
    // SAFETY: the caller has room for one value.
    unsafe { ffi::lua_getfield(state, ffi::LUA_REGISTRYINDEX, HOLDER.as_ptr()) };
}

/// Takes over a local that is the first upvalue of a closure.
///
/// # Errors
///
/// When there is no memory left.
pub(crate) fn remember_local(
    lua: &Lua,
    context: &Context,
    name: &str,
    closure: Function,
    is_constant: bool,
) -> mlua::Result<()> {
    let closures: Table = lua.named_registry_value(&CLOSURES.to_string_lossy())?;
    closures.raw_set(name, closure)?;
    let local = KeptLocal {
        upvalue: 1,
        is_constant,
    };
    remember(context, name, local);
    Ok(())
}

/// What a local of an earlier cell is now.
pub(crate) fn kept_value(lua: &Lua, context: &Context, name: &str) -> Option<Value> {
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

/// Forgets the locals of earlier cells.
pub(crate) fn forget_kept(lua: &Lua, context: &Context) -> mlua::Result<()> {
    context.kept.borrow_mut().clear();
    let empty = lua.create_table()?;
    lua.set_named_registry_value(&CLOSURES.to_string_lossy(), empty)
}

/// `keep("a b!", function() return a, b end)`
unsafe extern "C-unwind" fn keep(state: *mut ffi::lua_State) -> c_int {
    const NAMES: c_int = 1;
    const CLOSURE: c_int = 2;
    const TABLE: c_int = 3;
    // SAFETY: cells call it with a string and a Lua function, and if somebody else got hold of it
    // the types are checked. The names stay on the stack while they are borrowed, and nothing
    // that wants to be dropped lives when Lua may raise an error.
    unsafe {
        let mut length = 0;
        let names = ffi::luaL_checklstring(state, NAMES, &mut length);
        ffi::luaL_checktype(state, CLOSURE, ffi::LUA_TFUNCTION);
        ffi::lua_settop(state, CLOSURE);
        ffi::lua_getfield(state, ffi::LUA_REGISTRYINDEX, CLOSURES.as_ptr());
        let names = std::slice::from_raw_parts(names.cast::<u8>(), length);
        let Ok(names) = str::from_utf8(names) else {
            return 0;
        };
        for (position, name) in names.split(' ').enumerate() {
            let is_constant = name.ends_with(CONSTANT_MARK);
            let name = name.trim_end_matches(CONSTANT_MARK);
            ffi::lua_settop(state, TABLE);
            ffi::lua_pushlstring(state, name.as_ptr().cast(), name.len());
            let upvalue = match find_upvalue(state, CLOSURE, name) {
                Some(upvalue) => {
                    ffi::lua_pushvalue(state, CLOSURE);
                    upvalue
                }
                // The compiler has put the constant's value into the closure's code.
                None => {
                    ffi::lua_getfield(state, ffi::LUA_REGISTRYINDEX, HOLDER.as_ptr());
                    ffi::lua_pushvalue(state, CLOSURE);
                    interrupt::without_hooks(state, || {
                        ffi::lua_call(state, 0, ffi::LUA_MULTRET);
                    });
                    let value = TABLE + 3 + position as c_int;
                    if value > ffi::lua_gettop(state) {
                        continue;
                    }
                    ffi::lua_pushvalue(state, value);
                    ffi::lua_replace(state, TABLE + 3);
                    ffi::lua_settop(state, TABLE + 3);
                    interrupt::without_hooks(state, || ffi::lua_call(state, 1, 1));
                    1
                }
            };
            ffi::lua_rawset(state, TABLE);
            remember(
                Context::of(state),
                name,
                KeptLocal {
                    upvalue,
                    is_constant,
                },
            );
        }
        0
    }
}

fn remember(context: &Context, name: &str, local: KeptLocal) {
    let mut kept = context.kept.borrow_mut();
    kept.locals.insert(name.to_owned(), local);
}

/// What an upvalue of the function at `function` is called; nothing if there is none.
///
/// # Safety
///
/// The name lives as long as the function. Raises no error; needs room for one value.
pub(super) unsafe fn upvalue_name<'a>(
    state: *mut ffi::lua_State,
    function: c_int,
    upvalue: c_int,
) -> Option<&'a str> {
    // SAFETY: the name is Lua's and lives as long as the function; the value is popped.
    unsafe {
        let name = ffi::lua_getupvalue(state, function, upvalue);
        if name.is_null() {
            return None;
        }
        ffi::lua_settop(state, -2);
        Some(CStr::from_ptr(name).to_str().unwrap_or_default())
    }
}

unsafe fn find_upvalue(state: *mut ffi::lua_State, function: c_int, name: &str) -> Option<c_int> {
    // SAFETY: the names are compared at once.
    (1..)
        .map_while(|upvalue| unsafe {
            upvalue_name(state, function, upvalue).map(|found| (upvalue, found))
        })
        .find_map(|(upvalue, found)| (found == name).then_some(upvalue))
}
