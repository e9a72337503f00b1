//! What watched variables hold, and held when they were looked at last.

use std::ffi::{CStr, c_int, c_void};
use std::fmt::Write;

use mlua::ffi;

use super::watched::Watched;
use crate::debug::layout::Frame;

/// Their addresses are the registry's keys: of the table from numbers to pairs of what holds a
/// value and by what, which keep neither alive, and of the values as they were.
static PLACES: u8 = 0;
static VALUES: u8 = 0;

/// Watches the field of a table; both are somewhere on the stack. Nothing without memory.
///
/// # Safety
///
/// `state` must be what runs on this thread. Raises no Lua error.
pub(crate) unsafe fn watch_field(
    state: *mut ffi::lua_State,
    table: c_int,
    key: c_int,
) -> Option<String> {
    // SAFETY: passed on.
    unsafe {
        let (table, key) = (
            ffi::lua_absindex(state, table),
            ffi::lua_absindex(state, key),
        );
        remember(
            state,
            || {
                ffi::lua_pushvalue(state, table);
                ffi::lua_pushvalue(state, key);
            },
            Watched::Field,
        )
        .map(|watched| renewed(state, &watched))
    }
}

/// Watches the variable that is an upvalue of a function on the stack. Nothing without memory.
///
/// # Safety
///
/// As [`watch_field`].
pub(crate) unsafe fn watch_upvalue(
    state: *mut ffi::lua_State,
    function: c_int,
    number: c_int,
) -> Option<String> {
    // SAFETY: passed on.
    unsafe {
        let function = ffi::lua_absindex(state, function);
        remember(
            state,
            || {
                ffi::lua_pushvalue(state, function);
                ffi::lua_pushnil(state);
            },
            |id| Watched::Upvalue(id, number),
        )
        .map(|watched| renewed(state, &watched))
    }
}

/// Watches a local of a call as long as the call lasts. Nothing without memory, or if there is
/// no such local.
///
/// # Safety
///
/// As [`watch_field`]; the call must be one of the coroutine that has not returned.
pub(crate) unsafe fn watch_local(
    state: *mut ffi::lua_State,
    coroutine: *mut ffi::lua_State,
    call: *const c_void,
    number: c_int,
) -> Option<String> {
    // SAFETY: passed on; the name is copied.
    unsafe {
        let mut record = crate::failure::record_of(call);
        if ffi::lua_checkstack(coroutine, 2) == 0 {
            return None;
        }
        let name = ffi::lua_getlocal(coroutine, &record, number);
        if name.is_null() {
            return None;
        }
        ffi::lua_settop(coroutine, -2);
        let name = CStr::from_ptr(name).to_owned();
        let depth = Frame::of(&record).depth(coroutine);
        let record = &raw mut record;
        let watched = remember(
            state,
            || {
                ffi::lua_pushthread(coroutine);
                ffi::lua_getinfo(coroutine, c"f".as_ptr(), record);
                if coroutine != state {
                    ffi::lua_xmove(coroutine, state, 2);
                }
            },
            |id| Watched::Local(id, depth, number, name),
        )?;
        // Seen from here the call is not the innermost one.
        let top = ffi::lua_gettop(state);
        ffi::lua_getlocal(coroutine, record, number);
        if coroutine != state {
            ffi::lua_xmove(coroutine, state, 1);
        }
        keep(state, top + 1, &watched);
        ffi::lua_settop(state, top);
        Some(watched.to_string())
    }
}

unsafe fn remember(
    state: *mut ffi::lua_State,
    push: impl FnOnce(),
    watched: impl FnOnce(i64) -> Watched,
) -> Option<Watched> {
    // SAFETY: the stack is as it was afterwards; errors end in the protected call.
    unsafe {
        if ffi::lua_checkstack(state, 6) == 0 {
            return None;
        }
        let top = ffi::lua_gettop(state);
        ffi::lua_pushcfunction(state, add_place);
        push();
        let added = ffi::lua_pcall(state, 2, 1, 0) == ffi::LUA_OK;
        let watched = added.then(|| watched(ffi::lua_tointeger(state, -1)));
        ffi::lua_settop(state, top);
        watched
    }
}

/// `add_place(holder, key)`: the place's number.
unsafe extern "C-unwind" fn add_place(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: called in protected mode with two values; nothing here wants to be dropped.
    unsafe {
        if !push_table(state, &PLACES) {
            ffi::lua_settop(state, 2);
            for key in [&raw const VALUES, &raw const PLACES] {
                ffi::lua_createtable(state, 0, 0);
                ffi::lua_pushvalue(state, -1);
                ffi::lua_rawsetp(state, ffi::LUA_REGISTRYINDEX, key.cast());
            }
            ffi::lua_replace(state, 3);
            ffi::lua_settop(state, 3);
        }
        ffi::lua_createtable(state, 2, 0);
        ffi::lua_createtable(state, 0, 1);
        ffi::lua_pushstring(state, c"v".as_ptr());
        ffi::lua_setfield(state, -2, c"__mode".as_ptr());
        ffi::lua_setmetatable(state, -2);
        for index in 1..=2 {
            ffi::lua_pushvalue(state, index);
            ffi::lua_rawseti(state, -2, index.into());
        }
        let id = ffi::lua_rawlen(state, 3) as i64 + 1;
        ffi::lua_rawseti(state, 3, id);
        ffi::lua_pushinteger(state, id);
        1
    }
}

unsafe fn push_table(state: *mut ffi::lua_State, key: *const u8) -> bool {
    // SAFETY: the caller has room for one value.
    unsafe { ffi::lua_rawgetp(state, ffi::LUA_REGISTRYINDEX, key.cast()) == ffi::LUA_TTABLE }
}

/// Pushes what is watched, as it is now; pushes nothing and says so if it is gone or out of sight.
unsafe fn push_now(state: *mut ffi::lua_State, watched: &Watched) -> bool {
    // SAFETY: values are read without metamethods; the caller has room for five.
    unsafe {
        let top = ffi::lua_gettop(state);
        let found = push_table(state, &PLACES)
            && ffi::lua_rawgeti(state, -1, watched.id()) == ffi::LUA_TTABLE
            && match watched {
                Watched::Field(_) => {
                    ffi::lua_rawgeti(state, -1, 1) == ffi::LUA_TTABLE
                        && ffi::lua_rawgeti(state, -2, 2) != ffi::LUA_TNIL
                        && {
                            ffi::lua_rawget(state, -2);
                            true
                        }
                }
                Watched::Upvalue(_, number) => {
                    ffi::lua_rawgeti(state, -1, 1) == ffi::LUA_TFUNCTION
                        && !ffi::lua_getupvalue(state, -1, *number).is_null()
                }
                Watched::Local(_, depth, number, name) => push_local(state, *depth, *number, name),
            };
        if found {
            ffi::lua_replace(state, top + 1);
        }
        ffi::lua_settop(state, top + c_int::from(found));
        found
    }
}

/// Pushes a local of the call that runs, or is about to be returned to, if it is the one meant; its
/// place is on top.
unsafe fn push_local(state: *mut ffi::lua_State, depth: usize, number: c_int, name: &CStr) -> bool {
    // SAFETY: as `push_now`; the name is compared at once.
    unsafe {
        ffi::lua_rawgeti(state, -1, 1);
        let is_own = ffi::lua_tothread(state, -1) == state;
        ffi::lua_settop(state, -2);
        ffi::lua_rawgeti(state, -1, 2);
        let function = ffi::lua_topointer(state, -1);
        ffi::lua_settop(state, -2);
        let mut record = std::mem::zeroed::<ffi::lua_Debug>();
        for level in 0..=1 {
            if !is_own || ffi::lua_getstack(state, level, &mut record) == 0 {
                return false;
            }
            let frame = Frame::of(&record);
            if frame.depth(state) == depth && frame.closure() == function {
                let found = ffi::lua_getlocal(state, &record, number);
                return !found.is_null() && CStr::from_ptr(found) == name;
            }
        }
        false
    }
}

unsafe fn renewed(state: *mut ffi::lua_State, watched: &Watched) -> String {
    // SAFETY: passed on.
    unsafe { renew(state, watched) };
    watched.to_string()
}

/// Remembers the value that something has now.
pub(super) unsafe fn renew(state: *mut ffi::lua_State, watched: &Watched) {
    // SAFETY: the stack is as it was afterwards; errors end in the protected call.
    unsafe {
        if ffi::lua_checkstack(state, 8) == 0 {
            return;
        }
        let top = ffi::lua_gettop(state);
        if push_now(state, watched) {
            keep(state, top + 1, watched);
        }
        ffi::lua_settop(state, top);
    }
}

/// Remembers the value at an index.
unsafe fn keep(state: *mut ffi::lua_State, index: c_int, watched: &Watched) {
    // SAFETY: the caller has room for three values, and takes off what is left.
    unsafe {
        ffi::lua_pushcfunction(state, set_value);
        ffi::lua_pushvalue(state, index);
        ffi::lua_pushinteger(state, watched.id());
        ffi::lua_pcall(state, 2, 0, 0);
    }
}

/// `set_value(value, id)`
unsafe extern "C-unwind" fn set_value(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: called in protected mode with these arguments.
    unsafe {
        let id = ffi::lua_tointeger(state, 2);
        if push_table(state, &VALUES) {
            ffi::lua_pushvalue(state, 1);
            ffi::lua_rawseti(state, -2, id);
        }
        0
    }
}

/// What has become of what, if it has changed.
pub(super) unsafe fn change(state: *mut ffi::lua_State, watched: &Watched) -> Option<String> {
    // SAFETY: the stack is as it was afterwards.
    unsafe {
        if ffi::lua_checkstack(state, 8) == 0 {
            return None;
        }
        let top = ffi::lua_gettop(state);
        let mut text = None;
        if push_now(state, watched) && push_table(state, &VALUES) {
            ffi::lua_rawgeti(state, -1, watched.id());
            if ffi::lua_rawequal(state, -1, top + 1) == 0 {
                let mut changed = String::from("changed from ");
                shown(state, -1, &mut changed);
                changed.push_str(" to ");
                shown(state, top + 1, &mut changed);
                text = Some(changed);
            }
        }
        ffi::lua_settop(state, top);
        text
    }
}

/// A value in a few words.
unsafe fn shown(state: *mut ffi::lua_State, index: c_int, text: &mut String) {
    /// So much of a string is shown, in bytes.
    const LONGEST: usize = 60;
    // SAFETY: nothing is converted in its place; a string stays where it is while it is copied.
    unsafe {
        let _ = match ffi::lua_type(state, index) {
            ffi::LUA_TNIL => write!(text, "nil"),
            ffi::LUA_TBOOLEAN => write!(text, "{}", ffi::lua_toboolean(state, index) != 0),
            ffi::LUA_TNUMBER if ffi::lua_isinteger(state, index) != 0 => {
                write!(text, "{}", ffi::lua_tointeger(state, index))
            }
            ffi::LUA_TNUMBER => write!(text, "{:?}", ffi::lua_tonumber(state, index)),
            ffi::LUA_TSTRING => {
                let mut length = 0;
                let bytes = ffi::lua_tolstring(state, index, &mut length).cast::<u8>();
                let bytes = std::slice::from_raw_parts(bytes, length.min(LONGEST));
                let more = if length > LONGEST { "..." } else { "" };
                write!(text, "\"{}\"{more}", String::from_utf8_lossy(bytes))
            }
            kind => {
                let name = CStr::from_ptr(ffi::lua_typename(state, kind)).to_string_lossy();
                let address = ffi::lua_topointer(state, index);
                write!(text, "{name} {address:?}")
            }
        };
    }
}
