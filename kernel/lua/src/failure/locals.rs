//! The locals of the function that failed.

use std::ffi::{CStr, c_int};

use mlua::{Lua, Table, Value, ffi};

use super::stack::is_own;
use crate::magic::FUNCTION as MAGIC_FUNCTION;
use crate::value::Printer;

/// The registry's table of what was collected: names and values in turn, then how many.
const LOCALS: &CStr = c"perilune.locals";

/// How many variables of a function are looked at.
const MOST: c_int = 250;
/// How many variables are shown.
const SHOWN: usize = 8;
/// How many characters of a value are shown.
const WIDTH: usize = 76;

/// A variable of the function that failed.
#[derive(Debug, Clone)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) value: Value,
    /// Whether it is of a function around it.
    pub(super) is_upvalue: bool,
}

/// Keeps the variables of the innermost Lua function of `coroutine`, from level `level` on.
///
/// # Safety
///
/// `state` must be the running state of this thread, and `coroutine` a live one. Raises no Lua
/// error: where there is no memory left, nothing is kept.
pub(crate) unsafe fn remember(
    state: *mut ffi::lua_State,
    coroutine: *mut ffi::lua_State,
    level: c_int,
) {
    // SAFETY: the stack is as it was afterwards; errors end in the protected call.
    unsafe {
        if ffi::lua_checkstack(state, 4) == 0 {
            return;
        }
        ffi::lua_pushcfunction(state, collect);
        ffi::lua_pushlightuserdata(state, coroutine.cast());
        // The collecting function is the innermost of its own state.
        let level = level + c_int::from(state == coroutine);
        ffi::lua_pushinteger(state, level.into());
        if ffi::lua_pcall(state, 2, 0, 0) != ffi::LUA_OK {
            ffi::lua_settop(state, -2);
        }
    }
}

/// Lets go of what was kept.
pub(crate) fn forget(lua: &Lua) {
    if let Err(error) = lua.unset_named_registry_value("perilune.locals") {
        tracing::debug!(%error, "the locals of an earlier failure are kept");
    }
}

unsafe extern "C-unwind" fn collect(state: *mut ffi::lua_State) -> c_int {
    const FOUND: c_int = 3;
    // SAFETY: called by `remember` alone, with a live coroutine. Nothing here wants to be dropped.
    unsafe {
        let coroutine = ffi::lua_touserdata(state, 1).cast::<ffi::lua_State>();
        let mut level = ffi::lua_tointeger(state, 2) as c_int;
        ffi::lua_createtable(state, 16, 0);
        let mut record = std::mem::zeroed::<ffi::lua_Debug>();
        loop {
            if ffi::lua_getstack(coroutine, level, &mut record) == 0 {
                break;
            }
            ffi::lua_getinfo(coroutine, c"S".as_ptr(), &mut record);
            if CStr::from_ptr(record.what) != c"C" && !is_own(&record) {
                break;
            }
            level += 1;
        }
        if ffi::lua_getstack(coroutine, level, &mut record) == 0
            || ffi::lua_checkstack(coroutine, 3) == 0
        {
            return 0;
        }
        let mut count: i64 = 0;
        for index in 1..MOST {
            let name = ffi::lua_getlocal(coroutine, &record, index);
            if name.is_null() {
                break;
            }
            keep(state, coroutine, name, &mut count, false);
        }
        ffi::lua_getinfo(coroutine, c"f".as_ptr(), &mut record);
        if coroutine != state {
            ffi::lua_xmove(coroutine, state, 1);
        }
        let function = ffi::lua_gettop(state);
        for index in 1..MOST {
            let name = ffi::lua_getupvalue(state, function, index);
            if name.is_null() {
                break;
            }
            keep(state, state, name, &mut count, true);
        }
        ffi::lua_pushinteger(state, count);
        ffi::lua_setfield(state, FOUND, c"n".as_ptr());
        ffi::lua_pushvalue(state, FOUND);
        ffi::lua_setfield(state, ffi::LUA_REGISTRYINDEX, LOCALS.as_ptr());
        0
    }
}

/// Puts the value on top of `from` into the table, if it is a variable's.
unsafe fn keep(
    state: *mut ffi::lua_State,
    from: *mut ffi::lua_State,
    name: *const std::ffi::c_char,
    count: &mut i64,
    is_upvalue: bool,
) {
    const FOUND: c_int = 3;
    // SAFETY: as `collect`; the value is taken off the stack.
    unsafe {
        // Temporaries are called `(temporary)` and the like, and an upvalue may have no name.
        if matches!(*name.cast::<u8>(), b'(' | 0) {
            ffi::lua_settop(from, -2);
            return;
        }
        if from != state {
            ffi::lua_xmove(from, state, 1);
        }
        ffi::lua_rawseti(state, FOUND, *count + 3);
        ffi::lua_pushstring(state, name);
        ffi::lua_rawseti(state, FOUND, *count + 1);
        ffi::lua_pushboolean(state, is_upvalue.into());
        ffi::lua_rawseti(state, FOUND, *count + 2);
        *count += 3;
    }
}

/// What [`remember`] has kept; of those with the same name the innermost.
pub(super) fn remembered(lua: &Lua) -> Vec<Variable> {
    let Ok(table) = lua.named_registry_value::<Table>("perilune.locals") else {
        return Vec::new();
    };
    let count: usize = table.raw_get("n").unwrap_or(0);
    let mut found: Vec<Variable> = Vec::new();
    for start in (0..count).step_by(3) {
        let (Ok(name), Ok(is_upvalue), Ok(value)) = (
            table.raw_get::<String>(start + 1),
            table.raw_get::<bool>(start + 2),
            table.raw_get::<Value>(start + 3),
        ) else {
            continue;
        };
        // The kernel's own, and the environment.
        let is_own = name.starts_with("perilune_keep") || name.starts_with(MAGIC_FUNCTION);
        if is_own || name == "_ENV" || name == "_" {
            continue;
        }
        if is_upvalue && found.iter().any(|known| known.name == name) {
            continue;
        }
        found.retain(|known| known.name != name);
        found.push(Variable {
            name,
            value,
            is_upvalue,
        });
    }
    found
}

/// `x = 1` for each variable that is worth it, those that the line mentions first. Runs no
/// metamethods.
pub(super) fn shown(lua: &Lua, variables: &[Variable], line_names: &[&str]) -> Vec<String> {
    let mentioned = |variable: &&Variable| line_names.contains(&variable.name.as_str());
    // A function says little, and what is of outside is of interest only where it is used.
    let is_plain = |variable: &&Variable| {
        !variable.is_upvalue && !matches!(variable.value, Value::Function(_))
    };
    let first = variables
        .iter()
        .filter(mentioned)
        .filter(|variable| !matches!(variable.value, Value::Function(_)) || !variable.is_upvalue);
    let rest = variables
        .iter()
        .filter(|variable| !mentioned(variable))
        .filter(is_plain);
    let all: Vec<_> = first.chain(rest).collect();
    let mut text: Vec<_> = all
        .iter()
        .take(SHOWN)
        .map(|variable| format!("{} = {}", variable.name, short(lua, variable)))
        .collect();
    if all.len() > SHOWN {
        text.push(format!("… {} more", all.len() - SHOWN));
    }
    text
}

/// Names of what should not be read over a shoulder, or in a notebook that is passed on.
const SECRETS: [&str; 8] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "api_key",
    "apikey",
    "credential",
];

fn short(lua: &Lua, variable: &Variable) -> String {
    let name = variable.name.to_lowercase();
    if matches!(variable.value, Value::String(_))
        && SECRETS.iter().any(|secret| name.contains(secret))
    {
        return "(not shown: its name says that it is secret)".to_owned();
    }
    one_line(lua, &variable.value)
}

/// A value on one line, in short. Runs no metamethods.
pub(super) fn one_line(lua: &Lua, value: &Value) -> String {
    let text = Printer::raw(lua).print(value).unwrap_or_default();
    let mut line = String::with_capacity(text.len());
    for part in text.split('\n').map(str::trim) {
        if part.starts_with('}') && line.ends_with(',') {
            line.pop();
        } else if !line.is_empty() && !line.ends_with('{') {
            line.push(' ');
        }
        line.push_str(part);
    }
    let text = line.replace(char::is_control, "\u{fffd}");
    match text.char_indices().nth(WIDTH) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
