//! Functions written with mlua, whose errors are plain Lua strings.
//!
//! mlua raises errors as userdata, which `pcall` would show to the user. So such a function
//! returns its error, and a shim around it raises it as a string that begins with the caller's
//! place, as Lua's own functions do.

use std::ffi::{c_int, c_void};

use mlua::{Function, IntoLuaMulti, LightUserData, Lua, MultiValue, Value, ffi};

use crate::interrupt;

/// Marks a returned error by its address.
static ERROR: u8 = 0;
/// Marks that the cell shall end.
static INTERRUPTED: u8 = 0;

fn mark(of: &'static u8) -> *mut c_void {
    std::ptr::from_ref(of).cast_mut().cast()
}

/// Why a function does not return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stop {
    /// An error with this message.
    Error(String),
    /// It waited for something, and somebody interrupted the cell.
    Interrupted,
}

impl Stop {
    /// The same with another message.
    pub(crate) fn map(self, change: impl FnOnce(String) -> String) -> Self {
        match self {
            Self::Error(message) => Self::Error(change(message)),
            Self::Interrupted => Self::Interrupted,
        }
    }
}

impl From<String> for Stop {
    fn from(message: String) -> Self {
        Self::Error(message)
    }
}

/// A Lua function of a Rust closure.
///
/// # Errors
///
/// When there is no memory left.
pub(crate) fn create<R: IntoLuaMulti>(
    lua: &Lua,
    body: impl Fn(&Lua, &[Value]) -> Result<R, String> + 'static,
) -> mlua::Result<Function> {
    create_stoppable(lua, move |lua, arguments| {
        body(lua, arguments).map_err(Stop::Error)
    })
}

/// A Lua function of a Rust closure that waits for things, and can be interrupted then.
///
/// # Errors
///
/// When there is no memory left.
pub(crate) fn create_stoppable<R: IntoLuaMulti>(
    lua: &Lua,
    body: impl Fn(&Lua, &[Value]) -> Result<R, Stop> + 'static,
) -> mlua::Result<Function> {
    let inner = lua.create_function(move |lua, arguments: MultiValue| {
        match body(lua, &arguments.into_vec()) {
            Ok(results) => results.into_lua_multi(lua),
            Err(Stop::Interrupted) => {
                let mark = LightUserData(mark(&INTERRUPTED));
                Ok(MultiValue::from_vec(vec![Value::LightUserData(mark)]))
            }
            Err(Stop::Error(message)) => {
                let mark = Value::LightUserData(LightUserData(mark(&ERROR)));
                Ok(MultiValue::from_vec(vec![
                    mark,
                    Value::String(lua.create_string(message)?),
                ]))
            }
        }
    })?;
    // SAFETY: the closure takes the function on the stack as its upvalue.
    unsafe {
        lua.exec_raw(inner, |state| {
            ffi::lua_pushcclosure(state, raise_returned, 1)
        })
    }
}

unsafe extern "C-unwind" fn raise_returned(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: the upvalue is the function; nothing that wants to be dropped lives here.
    unsafe {
        let arguments = ffi::lua_gettop(state);
        ffi::lua_pushvalue(state, ffi::lua_upvalueindex(1));
        ffi::lua_insert(state, 1);
        ffi::lua_call(state, arguments, ffi::LUA_MULTRET);
        if let Some(unwinding) = interrupt::unwinding() {
            interrupt::unwind(state, unwinding);
        }
        if interrupt::is_due() {
            // Its body may have stopped half-way.
            interrupt::unwind_again(state);
        }
        if ffi::lua_type(state, 1) == ffi::LUA_TLIGHTUSERDATA {
            let marked = ffi::lua_touserdata(state, 1);
            if marked == mark(&INTERRUPTED) {
                interrupt::unwind(state, interrupt::Unwinding::Interrupt);
            }
            if marked == mark(&ERROR) {
                ffi::lua_settop(state, 2);
                ffi::luaL_where(state, 1);
                ffi::lua_insert(state, 2);
                ffi::lua_concat(state, 2);
                ffi::lua_error(state);
            }
        }
        ffi::lua_gettop(state)
    }
}

/// A string argument.
///
/// # Errors
///
/// What `name` is instead.
pub(crate) fn string(arguments: &[Value], index: usize, name: &str) -> Result<String, String> {
    match arguments.get(index) {
        Some(Value::String(text)) => Ok(text.to_string_lossy()),
        other => {
            let kind = other.map_or("nothing", Value::type_name);
            Err(format!("{name} must be a string, not {kind}"))
        }
    }
}
