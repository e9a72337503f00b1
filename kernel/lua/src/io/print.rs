use std::ffi::{CStr, c_char, c_int, c_void};

use mlua::ffi;
use perilune_language::Stream;

use crate::context::Context;
use crate::interrupt;
use crate::native;

/// Replaces `print`, and has `warn` write to the host.
pub(super) unsafe fn install(state: *mut ffi::lua_State, context: &Context) {
    // SAFETY: the stack is as it was afterwards; the context outlives the state.
    unsafe {
        native::push(state, context, print);
        ffi::lua_setglobal(state, c"print".as_ptr());
        ffi::lua_setwarnf(state, Some(warn), context.as_upvalue());
    }
}

unsafe extern "C-unwind" fn print(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: what may raise an error is done before Rust owns anything.
    unsafe {
        let count = ffi::lua_gettop(state);
        for index in 1..=count {
            if ffi::lua_type(state, index) != ffi::LUA_TSTRING {
                ffi::luaL_tolstring(state, index, std::ptr::null_mut());
                ffi::lua_replace(state, index);
            }
        }
        Context::of(state).write_line(state, count);
    }
    0
}

/// As `warnfon` of lauxlib.c; on from the start, since a notebook has somebody looking.
unsafe extern "C-unwind" fn warn(data: *mut c_void, message: *const c_char, continues: c_int) {
    // SAFETY: the context was given to `lua_setwarnf`, and Lua gives a string.
    let (context, message) = unsafe { (&*data.cast::<Context>(), CStr::from_ptr(message)) };
    let message = message.to_bytes();
    if interrupt::is_unwinding() {
        // Lua says that a `__gc` has failed, when all that has failed is to end the cell by it.
        interrupt::insist();
        return;
    }
    let continued = context.in_warning.replace(continues != 0);
    if !continued && continues == 0 && message.starts_with(b"@") {
        match message {
            b"@on" => context.warnings.set(true),
            b"@off" => context.warnings.set(false),
            _ => {}
        }
    } else if context.warnings.get() {
        if !continued {
            context.write(Stream::Stderr, b"Lua warning: ");
        }
        context.write(Stream::Stderr, message);
        if continues == 0 {
            context.write(Stream::Stderr, b"\n");
        }
    }
}
