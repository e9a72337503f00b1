//! Lua 5.4 as a kernel's language.
//!
//! [`Interpreter`] runs cells on the thread that made it, and says everything else through the
//! [`Host`](perilune_language::Host) it was given. It knows no protocol.
//!
//! # Cells
//!
//! - The value of the last statement is shown if it is an expression, a call, or `return` with
//!   values: each value as Lua would write it, several as in an expression list. A call that
//!   returns nothing shows nothing, `nil` is shown as `nil`, as at `lua`'s own prompt, and a `;`
//!   at the end hides the value. The file that `io.write` returns is not worth showing, nor is
//!   the handle of a display.
//! - Top-level locals live on: a later cell that mentions one has the very same variable, also if
//!   the cell that declared it failed after that. `<const>` stays constant. `<close>` is closed at
//!   the end of its cell and is not kept, nor is a local `_ENV`.
//! - Code is compiled by itself before it is wrapped, so it cannot break out, and every addition
//!   stands on a line of the user's, so line numbers are true. Binary chunks are refused.
//!
//! # Stopping
//!
//! An interrupt ends whatever runs within milliseconds, by an error that `pcall` does not catch
//! (the source of `interrupt.rs` tells how), and leaves globals and locals as they are. The
//! functions that would keep Lua from noticing are replaced by ones that notice: `pcall`,
//! `xpcall`, `load`, coroutines, pattern matching, `io.read`, `io.popen`, `os.execute`. What
//! remains is a function of a C library that computes or waits without end. If a coroutine has a
//! hook of the user's own (`debug.sethook`), an interrupt that finds it running removes it, and
//! so does an error of its own that ends a cell.
//!
//! `os.exit` ends a cell in the same way; what to do then is the host's decision.
//!
//! # What Lua code has beside its standard library
//!
//! - `display(value, options)`, `display.html(template, ...)` and its kin, `display.handle()` with
//!   `:update`, `display.clear{wait = true}`.
//! - The metamethods `__mime(self, include)`, which returns a table from MIME types to data, and
//!   optionally one of metadata, and `__display(self, options)`, which shows something itself.
//! - `progress(n)`, and `progress(t)` for a table or an iterator, in a loop.
//! - `plot.line(data, options)`, `scatter`, `bar`, `hist` and `heatmap`, which show a chart and
//!   return it, with `:update(data)`, `:save(path)`, `:svg()` and `:vega()`.
//! - `comm.register_target(name, handler)`, `comm.open(target, data, metadata, buffers)`, and of a
//!   comm `:send`, `:close`, `:on_msg`, `:on_close`.
//! - `perilune.input(prompt, {password = true})`, `perilune.sleep(seconds)`, and for JSON
//!   `perilune.null` and `perilune.array(table)`.
//!
//! # Magics
//!
//! Lines that begin with `%name` or `!` where Lua could not go on, and cells that begin with
//! `%%name`, become calls of a function of ours before anything else is done with a cell. See the
//! source of `magic.rs`, and `docs/magics.md` for users. A program in a file has none.
//!
//! # Libraries of C
//!
//! They find Lua's functions in the executable, which has to export them: its build script says
//! `cargo:rustc-link-arg-bins=-rdynamic`.

mod cell;
mod code;
mod comm;
mod context;
mod debug;
mod display;
mod failure;
mod function;
mod html;
mod interpreter;
mod interrupt;
mod io;
mod json;
mod library;
mod magic;
mod native;
mod pattern;
mod perilune;
mod plot;
mod progress;
mod records;
mod require;
mod state;
mod syntax;
mod value;
mod widgets;

use std::path::PathBuf;

use perilune_language::LanguageInfo;

pub use cell::{CellEnd, is_private};
pub use code::manual::FILES as MANUAL;
pub use debug::LuaLines;
pub use interpreter::Interpreter;
pub use magic::CellParts;
pub use syntax::{Token, TokenKind, tokens_with_comments};

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
    /// The folder that the user works in, whose modules `require` finds: those of a `lua_modules`
    /// in it or above, and those in the working directory. Without it, as for a daemon, neither.
    pub project: Option<PathBuf>,
    /// Whether what runs is a program in a file, which is plain Lua: cells have magics beside.
    pub is_program: bool,
}

/// Why there is no interpreter.
#[derive(Debug, thiserror::Error)]
pub enum LuaError {
    /// Lua refused, most likely for want of memory.
    #[error("Lua could not be started: {0}")]
    Lua(#[from] mlua::Error),
}
