//! What a debugger needs of Lua.
//!
//! [`paused`] looks at code that does not go on, [`lines`] tells which lines code can stop at,
//! [`sources`] what code is known by.

#![allow(dead_code, unused_imports, reason = "what uses it is being built")]

mod lines;
mod paused;
mod sources;

pub use lines::LuaLines;
pub(crate) use paused::{At, Looks, PausedCode, forget, install, with};
pub(crate) use sources::Keys;
