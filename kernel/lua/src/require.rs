//! Where modules come from.

mod install_hint;
mod missing;
mod paths;

use std::ffi::{CStr, c_int};

use mlua::ffi;

use crate::context::Context;
use crate::debug;
use crate::native::{self, Raise};

pub(crate) use install_hint::how_to_install;
pub(crate) use paths::{is_module, set_paths};

/// Makes the value on top a global and a module of that name, and pops it.
///
/// # Safety
///
/// May raise a memory error.
pub(crate) unsafe fn publish(state: *mut ffi::lua_State, name: &CStr) {
    // SAFETY: the registry's table of modules always exists.
    unsafe {
        ffi::lua_getfield(state, ffi::LUA_REGISTRYINDEX, c"_LOADED".as_ptr());
        ffi::lua_pushvalue(state, -2);
        ffi::lua_setfield(state, -2, name.as_ptr());
        ffi::lua_settop(state, -2);
        ffi::lua_setglobal(state, name.as_ptr());
    }
}

/// Replaces `require`, and has the host told when a library of C is loaded.
///
/// # Safety
///
/// May raise Lua errors.
pub(crate) unsafe fn install(state: *mut ffi::lua_State, context: &Context) {
    // SAFETY: the stack is as it was afterwards.
    unsafe {
        let top = ffi::lua_gettop(state);
        ffi::lua_getglobal(state, c"package".as_ptr());
        ffi::lua_pushlightuserdata(state, context.as_upvalue());
        ffi::lua_getfield(state, -2, c"loadlib".as_ptr());
        ffi::lua_pushcclosure(state, load_and_tell, 2);
        ffi::lua_setfield(state, -2, c"loadlib".as_ptr());
        ffi::lua_getfield(state, -1, c"searchers".as_ptr());
        // The second looks for a file of Lua's.
        ffi::lua_rawgeti(state, -1, 2);
        ffi::lua_pushcclosure(state, load_file, 1);
        ffi::lua_rawseti(state, -2, 2);
        // The third looks for a library, the fourth for one that has all of a package.
        for searcher in [3, 4] {
            ffi::lua_pushlightuserdata(state, context.as_upvalue());
            ffi::lua_rawgeti(state, -2, searcher);
            ffi::lua_pushcclosure(state, load_and_tell, 2);
            ffi::lua_rawseti(state, -2, searcher);
        }
        ffi::lua_settop(state, top);
        native::push(state, context, require);
        ffi::lua_setglobal(state, c"require".as_ptr());
    }
}

/// `require(name)`, which says shortly where it looked.
unsafe extern "C-unwind" fn require(state: *mut ffi::lua_State) -> c_int {
    const NAME: c_int = 1;
    const LOADED: c_int = 2;
    // SAFETY: a transcription of `ll_require` (loadlib.c). Nothing here wants to be dropped.
    unsafe {
        ffi::luaL_checkstring(state, NAME);
        ffi::lua_settop(state, 1);
        ffi::lua_getfield(state, ffi::LUA_REGISTRYINDEX, c"_LOADED".as_ptr());
        ffi::lua_pushvalue(state, NAME);
        ffi::lua_gettable(state, LOADED);
        if ffi::lua_toboolean(state, -1) != 0 {
            return 1;
        }
        ffi::lua_settop(state, LOADED);
        if !find_loader(state) {
            return missing::raise(state);
        }
        // Loader and data; the data is returned too.
        ffi::lua_insert(state, -2);
        ffi::lua_pushvalue(state, NAME);
        ffi::lua_pushvalue(state, -3);
        ffi::lua_call(state, 2, 1);
        if ffi::lua_type(state, -1) != ffi::LUA_TNIL {
            ffi::lua_pushvalue(state, NAME);
            ffi::lua_insert(state, -2);
            ffi::lua_settable(state, LOADED);
        } else {
            ffi::lua_settop(state, -2);
        }
        ffi::lua_pushvalue(state, NAME);
        if ffi::lua_gettable(state, LOADED) == ffi::LUA_TNIL {
            ffi::lua_settop(state, -2);
            ffi::lua_pushboolean(state, 1);
            ffi::lua_pushvalue(state, NAME);
            ffi::lua_pushvalue(state, -2);
            ffi::lua_settable(state, LOADED);
        }
        ffi::lua_insert(state, -2);
        2
    }
}

/// Pushes a loader and its data, or a list of what the searchers said.
unsafe fn find_loader(state: *mut ffi::lua_State) -> bool {
    // SAFETY: a transcription of `findloader`; the arguments are the name and the loaded modules.
    unsafe {
        ffi::lua_createtable(state, 4, 0);
        let said = ffi::lua_gettop(state);
        // Whatever the global has become.
        let is_table = ffi::lua_getfield(state, 2, c"package".as_ptr()) == ffi::LUA_TTABLE
            && ffi::lua_getfield(state, -1, c"searchers".as_ptr()) == ffi::LUA_TTABLE;
        if !is_table {
            ffi::luaL_error(state, c"'package.searchers' must be a table".as_ptr());
        }
        let searchers = ffi::lua_gettop(state);
        let mut count = 0;
        for searcher in 1.. {
            if ffi::lua_rawgeti(state, searchers, searcher) == ffi::LUA_TNIL {
                break;
            }
            ffi::lua_pushvalue(state, 1);
            ffi::lua_call(state, 1, 2);
            if ffi::lua_type(state, -2) == ffi::LUA_TFUNCTION {
                return true;
            }
            if ffi::lua_type(state, -2) == ffi::LUA_TSTRING {
                count += 1;
                ffi::lua_pushvalue(state, -2);
                ffi::lua_rawseti(state, said, count);
            }
            ffi::lua_settop(state, searchers);
        }
        ffi::lua_settop(state, said);
        false
    }
}

unsafe extern "C-unwind" fn load_file(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: the upvalue is the function.
    unsafe {
        let arguments = ffi::lua_gettop(state);
        ffi::lua_pushvalue(state, ffi::lua_upvalueindex(1));
        ffi::lua_insert(state, 1);
        ffi::lua_call(state, arguments, ffi::LUA_MULTRET);
        debug::loaded(state, 1, false);
        ffi::lua_gettop(state)
    }
}

unsafe extern "C-unwind" fn load_and_tell(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: the upvalues are the context and the function.
    unsafe {
        let arguments = ffi::lua_gettop(state);
        ffi::lua_pushvalue(state, ffi::lua_upvalueindex(2));
        ffi::lua_insert(state, 1);
        ffi::lua_call(state, arguments, ffi::LUA_MULTRET);
        if ffi::lua_type(state, 1) == ffi::LUA_TFUNCTION {
            Context::of(state).expect_foreign_output();
        }
        ffi::lua_gettop(state)
    }
}
