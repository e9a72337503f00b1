//! The parts of the kernel's Lua library that are written in Lua.

use mlua::{FromLuaMulti, IntoLuaMulti, Lua};

/// Runs an embedded chunk and returns what it returns. Its functions are the kernel's own:
/// tracebacks leave out chunks whose name begins with `perilune.`.
///
/// # Errors
///
/// When there is no memory left.
pub(crate) fn load<R: FromLuaMulti>(
    lua: &Lua,
    name: &str,
    source: &'static str,
    arguments: impl IntoLuaMulti,
) -> mlua::Result<R> {
    lua.load(source)
        .set_name(format!("=perilune.{name}"))
        .into_function()?
        .call(arguments)
}
