//! Reading from whoever sits in front.
//!
//! Lua's `io` functions would report a question that was refused as an error of the system. Here
//! they are wrapped so that it becomes a Lua error that says what it is.

use std::ffi::c_int;

use mlua::ffi;
use perilune_language::{InputError, InputRequest};

use super::streams::{LuaFile, METATABLE};
use crate::context::Context;
use crate::interrupt::Unwinding;
use crate::native::{self, Raise};

/// Wraps what reads.
pub(super) unsafe fn install(state: *mut ffi::lua_State, context: &Context) {
    // SAFETY: the stack is as it was afterwards.
    unsafe {
        let top = ffi::lua_gettop(state);
        ffi::lua_getglobal(state, c"io".as_ptr());
        ffi::luaL_getmetatable(state, METATABLE.as_ptr());
        ffi::lua_getfield(state, -1, c"__index".as_ptr());
        let (io, methods) = (top + 1, top + 3);
        for (table, name, wrapper) in [
            (io, c"read", read as ffi::lua_CFunction),
            (methods, c"read", read),
            (io, c"lines", lines_of_default),
            (methods, c"lines", lines_of_file),
        ] {
            ffi::lua_pushlightuserdata(state, context.as_upvalue());
            ffi::lua_getfield(state, table, name.as_ptr());
            ffi::lua_pushcclosure(state, wrapper, 2);
            ffi::lua_setfield(state, table, name.as_ptr());
        }
        ffi::lua_settop(state, top);
    }
}

/// Asks the host.
pub(crate) fn ask(context: &Context, question: InputRequest) -> Result<String, InputError> {
    context.streams.flush();
    context.host.input(question)
}

/// What an answer that did not come means to the code that asked. Nothing at the input's end.
pub(crate) fn refusal(error: InputError) -> Option<Raise> {
    match error {
        InputError::Closed => None,
        InputError::Interrupted => Some(Raise::Unwind(Unwinding::Interrupt)),
        InputError::NotAllowed => Some(Raise::message(error.to_string())),
    }
}

/// Calls the function that is wrapped with all arguments.
unsafe fn call_wrapped(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: the second upvalue is the function.
    unsafe {
        let arguments = ffi::lua_gettop(state);
        ffi::lua_pushvalue(state, ffi::lua_upvalueindex(2));
        ffi::lua_insert(state, 1);
        ffi::lua_call(state, arguments, ffi::LUA_MULTRET);
        ffi::lua_gettop(state)
    }
}

unsafe extern "C-unwind" fn read(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: the first upvalue is the context; nothing is owned when an error is raised.
    unsafe {
        let results = call_wrapped(state);
        match Context::of(state).streams.refusal.take().and_then(refusal) {
            None => results,
            Some(raise) => native::run(state, || Err(raise)),
        }
    }
}

/// `io.lines(...)`
unsafe extern "C-unwind" fn lines_of_default(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: the registry's field is always a file.
    unsafe {
        if ffi::lua_type(state, 1) > ffi::LUA_TNIL {
            return call_wrapped(state);
        }
        if ffi::lua_gettop(state) == 0 {
            ffi::lua_pushnil(state);
        }
        ffi::lua_getfield(state, ffi::LUA_REGISTRYINDEX, c"_IO_input".as_ptr());
        if !is_standard_input(state, -1) {
            ffi::lua_settop(state, -2);
            return call_wrapped(state);
        }
        ffi::lua_replace(state, 1);
        push_iterator(state)
    }
}

/// `file:lines(...)`
unsafe extern "C-unwind" fn lines_of_file(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: the value's type is checked.
    unsafe {
        if is_standard_input(state, 1) {
            push_iterator(state)
        } else {
            call_wrapped(state)
        }
    }
}

unsafe fn is_standard_input(state: *mut ffi::lua_State, index: c_int) -> bool {
    // SAFETY: `luaL_testudata` makes sure that it is a file.
    unsafe {
        let file = ffi::luaL_testudata(state, index, METATABLE.as_ptr()).cast::<LuaFile>();
        !file.is_null() && (*file).file == Context::of(state).streams.input.get()
    }
}

/// Pushes a function that reads by the formats on the stack, behind the file.
unsafe fn push_iterator(state: *mut ffi::lua_State) -> c_int {
    /// As Lua's own limit.
    const MOST_FORMATS: c_int = 250;
    // SAFETY: the closure takes what is on the stack.
    unsafe {
        let count = ffi::lua_gettop(state);
        ffi::luaL_argcheck(
            state,
            c_int::from(count <= MOST_FORMATS),
            MOST_FORMATS + 1,
            c"too many arguments".as_ptr(),
        );
        ffi::lua_pushinteger(state, count.into());
        ffi::lua_insert(state, 1);
        ffi::lua_pushcclosure(state, next_line, count + 1);
        1
    }
}

unsafe extern "C-unwind" fn next_line(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: the upvalues are their number without the first, a file, and formats.
    unsafe {
        let count = ffi::lua_tointeger(state, ffi::lua_upvalueindex(1)) as c_int;
        ffi::lua_settop(state, 0);
        ffi::luaL_checkstack(state, count + 1, c"too many formats".as_ptr());
        ffi::lua_getfield(state, ffi::lua_upvalueindex(2), c"read".as_ptr());
        for upvalue in 0..count {
            ffi::lua_pushvalue(state, ffi::lua_upvalueindex(2 + upvalue));
        }
        ffi::lua_call(state, count, ffi::LUA_MULTRET);
        ffi::lua_gettop(state)
    }
}
