//! What a debugger needs of Lua.
//!
//! [`paused`] looks at code that does not go on, [`lines`] tells which lines code can stop at,
//! [`sources`] what code is known by. When code stops, and how it goes on, is [`run`]'s and of what
//! stands below it.

mod attention;
mod breakpoints;
mod data;
mod exceptions;
mod functions;
mod hook;
mod layout;
mod lines;
mod paused;
mod restart;
mod run;
mod sources;
mod stepping;
mod stop;
mod threads;
mod tracer;
mod users_hook;
mod verdict;

pub(crate) use data::{watch_field, watch_local, watch_upvalue};
pub(crate) use exceptions::{Catcher, ask_first, died, raised};
pub use lines::LuaLines;
pub(crate) use paused::{
    At, Looks, PausedCode, condition, forget, install, interpolate, preview_of_error, with,
};
pub(crate) use restart::can_restart;
pub(crate) use run::{begins, called, debug, ends, entered, forget_kick, left, loaded, prepare};
pub(crate) use sources::Keys;
pub(crate) use tracer::Tracer;
