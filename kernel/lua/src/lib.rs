//! Lua 5.4 as a kernel's language.
//!
//! [`Interpreter`] runs cells on the thread that made it and says everything else through the
//! [`Host`](perilune_language::Host) it was given.

#![allow(
    dead_code,
    unused_imports,
    reason = "completion and displays build on it next"
)]

mod cell;
mod code;
mod comm;
mod context;
mod display;
mod failure;
mod function;
mod interpreter;
mod interrupt;
mod io;
mod json;
mod native;
mod pattern;
mod perilune;
mod require;
mod syntax;
mod value;

use perilune_language::LanguageInfo;

pub use interpreter::Interpreter;

/// What Lua tells about itself.
pub const INFO: LanguageInfo = LanguageInfo {
    name: "lua",
    version: "5.4.9",
    mimetype: "text/x-lua",
    file_extension: ".lua",
    pygments_lexer: "lua",
    codemirror_mode: "lua",
    help_links: &[
        (
            "Lua 5.4 reference manual",
            "https://www.lua.org/manual/5.4/",
        ),
        (
            "Programming in Lua",
            "https://www.lua.org/pil/contents.html",
        ),
        ("LuaRocks", "https://luarocks.org/"),
    ],
};

/// How an interpreter is made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// How much memory Lua may use, in bytes; without a limit if nothing.
    pub memory_limit: Option<usize>,
    /// What cells see as `...`, and `arg[1]` onwards.
    pub arguments: Vec<String>,
    /// What cells see as `arg[0]`.
    pub script_name: Option<String>,
}

/// Why there is no interpreter.
#[derive(Debug, thiserror::Error)]
pub enum LuaError {
    /// Lua refused, most likely for want of memory.
    #[error("Lua could not be started: {0}")]
    Lua(#[from] mlua::Error),
}
