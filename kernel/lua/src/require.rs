//! Where modules come from.

use std::env::consts::ARCH;
use std::ffi::{CStr, c_int};

use mlua::{Lua, Table, ffi};

use crate::context::Context;

/// Lua's own default (luaconf.h), which knows nothing of distributions.
const DEFAULT_PATH: &str = "/usr/local/share/lua/5.4/?.lua;/usr/local/share/lua/5.4/?/init.lua;\
                            /usr/local/lib/lua/5.4/?.lua;/usr/local/lib/lua/5.4/?/init.lua;\
                            ./?.lua;./?/init.lua";
const DEFAULT_CPATH: &str = "/usr/local/lib/lua/5.4/?.so;/usr/local/lib/lua/5.4/loadall.so;./?.so";

/// Debian's name for the machine.
fn multiarch() -> Option<&'static str> {
    Some(match ARCH {
        "x86_64" => "x86_64-linux-gnu",
        "aarch64" => "aarch64-linux-gnu",
        "arm" => "arm-linux-gnueabihf",
        "x86" => "i386-linux-gnu",
        "riscv64" => "riscv64-linux-gnu",
        "powerpc64" => "powerpc64le-linux-gnu",
        "s390x" => "s390x-linux-gnu",
        _ => return None,
    })
}

/// Puts the distribution's folders into `package.path` and `package.cpath`, wherever Lua's
/// default stands in them: `LUA_PATH` and its kin have replaced it, or included it as `;;`.
///
/// # Errors
///
/// When there is no `package`, or no memory.
pub(crate) fn extend_paths(lua: &Lua) -> mlua::Result<()> {
    let package: Table = lua.globals().get("package")?;
    let path: String = package.get("path")?;
    let folder = "/usr/share/lua/5.4/?.lua;/usr/share/lua/5.4/?/init.lua;./?.lua";
    package.set(
        "path",
        path.replace(DEFAULT_PATH, &DEFAULT_PATH.replace("./?.lua", folder)),
    )?;
    let cpath: String = package.get("cpath")?;
    let mut folders = String::new();
    if let Some(machine) = multiarch() {
        folders = format!("/usr/local/lib/{machine}/lua/5.4/?.so;/usr/lib/{machine}/lua/5.4/?.so;");
    }
    folders.push_str("/usr/lib/lua/5.4/?.so;./?.so");
    package.set(
        "cpath",
        cpath.replace(DEFAULT_CPATH, &DEFAULT_CPATH.replace("./?.so", &folders)),
    )
}

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

/// Has the host told when a library of C is loaded.
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
        // The third looks for a library, the fourth for one that has all of a package.
        for searcher in [3, 4] {
            ffi::lua_pushlightuserdata(state, context.as_upvalue());
            ffi::lua_rawgeti(state, -2, searcher);
            ffi::lua_pushcclosure(state, load_and_tell, 2);
            ffi::lua_rawseti(state, -2, searcher);
        }
        ffi::lua_settop(state, top);
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

pub(crate) fn is_module(_: &Lua, _: &str) -> bool {
    false
}
pub(crate) fn how_to_install(_: &str) -> Option<String> {
    None
}
