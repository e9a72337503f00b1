//! Lua as a kernel runs it, without a kernel.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod cells;
mod code;
mod comm;
mod display;
mod errors;
mod interrupt;
mod io;
mod modules;
mod notebook;
mod patterns;
mod values;
