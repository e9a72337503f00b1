//! Coroutines, as threads.
//!
//! They are known from when they are resumed first while something is debugged. The registry holds
//! their numbers in a table that keeps none of them alive.

use std::cell::Cell;
use std::ffi::c_int;
use std::ptr;

use mlua::ffi;
use perilune_language::debug::ThreadId;

use crate::context::Context;

/// Its address is the registry's key of the table from coroutines to their numbers.
static NUMBERS: u8 = 0;

/// What was enrolled lately, which most often is what is resumed again.
pub(super) struct Enrolled {
    latest: [Cell<*mut ffi::lua_State>; LATEST],
    last_number: Cell<u32>,
}

const LATEST: usize = 64;

impl Default for Enrolled {
    fn default() -> Self {
        Self {
            latest: [const { Cell::new(ptr::null_mut()) }; LATEST],
            last_number: Cell::new(ThreadId::MAIN.0),
        }
    }
}

/// A coroutine is resumed by `from`.
///
/// # Safety
///
/// Both must be live and of this thread, with `from` running. Raises no Lua error.
#[inline]
pub(super) unsafe fn enrol(
    context: &Context,
    coroutine: *mut ffi::lua_State,
    from: *mut ffi::lua_State,
) {
    let enrolled = &context.tracer.enrolled;
    let latest = &enrolled.latest[coroutine as usize / 64 % LATEST];
    if latest.replace(coroutine) != coroutine {
        // SAFETY: passed on.
        unsafe { number(context, coroutine, from) };
    }
}

/// The number of a coroutine, which it is given if it has none.
///
/// # Safety
///
/// As [`enrol`].
pub(crate) unsafe fn number(
    context: &Context,
    coroutine: *mut ffi::lua_State,
    from: *mut ffi::lua_State,
) -> ThreadId {
    // SAFETY: the stacks are as they were afterwards; errors end in the protected call.
    unsafe {
        if is_main(coroutine) || ffi::lua_checkstack(from, 4) == 0 {
            return ThreadId::MAIN;
        }
        let next = context.tracer.enrolled.last_number.get() + 1;
        ffi::lua_pushcfunction(from, find);
        ffi::lua_pushlightuserdata(from, coroutine.cast());
        ffi::lua_pushinteger(from, next.into());
        let found = if ffi::lua_pcall(from, 2, 1, 0) == ffi::LUA_OK {
            u32::try_from(ffi::lua_tointeger(from, -1)).unwrap_or(next)
        } else {
            next
        };
        ffi::lua_settop(from, -2);
        if found == next {
            context.tracer.enrolled.last_number.set(next);
        }
        ThreadId(found)
    }
}

/// The coroutines that have not ended, by their numbers, the main one first. `chain` are those that
/// are in the midst of something.
///
/// # Safety
///
/// `running` must be what runs on this thread. Raises no Lua error.
pub(crate) unsafe fn all(
    context: &Context,
    running: *mut ffi::lua_State,
    chain: &[*mut ffi::lua_State],
) -> Vec<(ThreadId, *mut ffi::lua_State)> {
    let mut found: Vec<(ThreadId, *mut ffi::lua_State)> = Vec::new();
    // SAFETY: the stack is as it was afterwards; a table is read, which raises no error.
    unsafe {
        for state in chain.iter().copied() {
            found.push((number(context, state, running), state));
        }
        if ffi::lua_checkstack(running, 4) == 0 {
            return found;
        }
        let top = ffi::lua_gettop(running);
        if push_numbers(running) {
            ffi::lua_pushnil(running);
            while ffi::lua_next(running, -2) != 0 {
                let number = ffi::lua_tointeger(running, -1);
                let state = ffi::lua_tothread(running, -2);
                ffi::lua_settop(running, -2);
                if let Ok(number) = u32::try_from(number)
                    && !found.iter().any(|(_, known)| *known == state)
                    && ffi::lua_status(state) == ffi::LUA_YIELD
                {
                    found.push((ThreadId(number), state));
                }
            }
        }
        ffi::lua_settop(running, top);
    }
    found.sort_by_key(|(number, _)| *number);
    found
}

unsafe fn is_main(state: *mut ffi::lua_State) -> bool {
    // SAFETY: the stack has room for one value, and is as it was afterwards.
    unsafe {
        if ffi::lua_checkstack(state, 1) == 0 {
            return false;
        }
        let is_main = ffi::lua_pushthread(state) == 1;
        ffi::lua_settop(state, -2);
        is_main
    }
}

unsafe fn push_numbers(state: *mut ffi::lua_State) -> bool {
    // SAFETY: the caller has room for one value.
    unsafe {
        ffi::lua_rawgetp(state, ffi::LUA_REGISTRYINDEX, (&raw const NUMBERS).cast())
            == ffi::LUA_TTABLE
    }
}

/// `find(coroutine, next)`: its number, or the next one, which is its own from now on.
unsafe extern "C-unwind" fn find(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: called in protected mode with these arguments; nothing wants to be dropped. A
    // coroutine that is not running, or is, has room for one value.
    unsafe {
        let coroutine: *mut ffi::lua_State = ffi::lua_touserdata(state, 1).cast();
        if !push_numbers(state) {
            ffi::lua_settop(state, 2);
            ffi::lua_createtable(state, 0, 0);
            ffi::lua_createtable(state, 0, 1);
            ffi::lua_pushstring(state, c"k".as_ptr());
            ffi::lua_setfield(state, -2, c"__mode".as_ptr());
            ffi::lua_setmetatable(state, -2);
            ffi::lua_pushvalue(state, -1);
            ffi::lua_rawsetp(state, ffi::LUA_REGISTRYINDEX, (&raw const NUMBERS).cast());
        }
        if ffi::lua_checkstack(coroutine, 1) == 0 {
            return 0;
        }
        ffi::lua_pushthread(coroutine);
        if coroutine != state {
            ffi::lua_xmove(coroutine, state, 1);
        }
        ffi::lua_pushvalue(state, -1);
        if ffi::lua_rawget(state, 3) == ffi::LUA_TNUMBER {
            return 1;
        }
        ffi::lua_settop(state, 4);
        ffi::lua_pushvalue(state, 2);
        ffi::lua_rawset(state, 3);
        ffi::lua_settop(state, 2);
        1
    }
}
