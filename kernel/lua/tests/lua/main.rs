//! Lua as a kernel runs it, without a kernel.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod cells;
mod code;
mod comm;
mod corpus;
mod debug;
mod display;
mod display_kinds;
mod errors;
mod ilua;
mod interrupt;
mod io;
mod magics;
mod markup;
mod modules;
mod notebook;
mod pages;
mod patterns;
mod plot;
mod progress;
mod state;
mod tables;
mod tracebacks;
mod values;
mod widgets;
