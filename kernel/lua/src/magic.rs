//! Magics: what a person asks of the notebook rather than of Lua.
//!
//! A line that begins with `%name` or `!` where Lua could not go on, or a cell that begins with
//! `%%name`. [`source`] finds them and turns the cell into Lua that calls one function of ours,
//! which [`call`] is; what each of them does is in a file for its group.

mod call;
mod earlier;
mod environment;
mod files;
mod help;
mod names;
mod options;
mod parts;
mod registry;
mod rich;
mod rocks;
mod shell;
mod source;
mod timing;

use std::cell::RefCell;
use std::path::PathBuf;

use mlua::{Lua, Table};
use perilune_language::NextInput;

pub(crate) use call::push_function;
pub(crate) use help::help_request;
pub(crate) use names::{is_users_global, library_globals};
pub use parts::CellParts;
pub(crate) use source::{Continuation, Copied, FUNCTION, Reading, cell_magic};
pub(crate) use timing::Clock;

use crate::context::Context;
use crate::failure::lines;

/// What magics remember.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// Clocks that run, by their magic's place in its cell.
    clocks: RefCell<Vec<(String, Clock)>>,
    /// What the front end shall offer to be run next.
    next_input: RefCell<Option<NextInput>>,
    /// The folder before the last `%cd`.
    last_folder: RefCell<Option<PathBuf>>,
}

impl State {
    /// A cell begins.
    pub(crate) fn begin(&self) {
        self.clocks.borrow_mut().clear();
        self.next_input.take();
    }

    /// What the cell that ran leaves for the next one.
    pub(crate) fn take_next_input(&self, code: &str) -> Option<NextInput> {
        let mut next = self.next_input.take()?;
        next.replaces = files::is_load_alone(code);
        Some(next)
    }
}

/// Makes what magics need inside of Lua. To be called when all globals of ours are there.
///
/// # Errors
///
/// When there is no memory left.
pub(crate) fn install(lua: &Lua) -> mlua::Result<()> {
    names::remember_library(lua)?;
    let library: Table = lua
        .load(include_str!("library/magic.lua"))
        .set_name("=perilune.magic")
        .call(timing::functions(lua)?)?;
    lua.set_named_registry_value(LIBRARY, library)?;
    call::install(lua)
}

/// The registry's table of what is written in Lua.
const LIBRARY: &str = "perilune.magic.library";

/// Reads a cell as Lua.
pub(crate) fn read(code: &str) -> Reading<'_> {
    source::read(code, &registry::code_of)
}

/// Whether a person who types a cell has more to say.
pub(crate) fn continues(code: &str) -> Continuation<'_> {
    source::continues(code, &registry::code_of)
}

/// The names of all magics as they are typed, with their signs.
pub(crate) fn names() -> impl Iterator<Item = String> {
    registry::all().flat_map(|magic| {
        let signs = magic.form.signs().iter();
        signs.map(|sign| format!("{sign}{}", magic.name))
    })
}

/// The magic's name that the code before a cursor ends with, signs included, if it is all of its
/// line.
pub(crate) fn name_before(code: &str) -> Option<&str> {
    let line = code.rsplit(['\n', '\r']).next()?.trim_start();
    let name = line.strip_prefix('%')?;
    let name = name.strip_prefix('%').unwrap_or(name);
    name.bytes()
        .all(|byte| byte.is_ascii_alphanumeric())
        .then_some(line)
}

/// What may stand behind a magic's name on its line.
pub(crate) struct Arguments {
    /// Whether it is given Lua.
    pub(crate) is_lua: bool,
    /// Its options, `-n`.
    pub(crate) options: Vec<String>,
}

/// What the magic takes that is typed so, with its signs; nothing if there is none.
pub(crate) fn arguments_of(typed: &str) -> Option<Arguments> {
    let found = registry::all().find(|magic| {
        let mut signs = magic.form.signs().iter();
        signs.any(|sign| typed.strip_prefix(sign) == Some(magic.name))
    })?;
    Some(Arguments {
        is_lua: !matches!(found.code, source::Code::None),
        options: found.options.iter().map(options::Flag::sign).collect(),
    })
}

/// Whether code that is being written ends in the text below a magic that takes no Lua, such as
/// `%%html`.
pub(crate) fn is_within_other_text(code: &str) -> bool {
    use source::Code;
    cell_magic(code).is_some_and(|magic| {
        magic.body.is_some() && matches!(registry::code_of(magic.name), Some(Code::None))
    })
}

/// What to tell somebody whose magic on this line, from 1, was taken for a modulo, as in `x = 5` and
/// then `%time f(x)`: to Lua a line's end means nothing.
pub(crate) fn hint(code: &str, line: usize) -> Option<String> {
    let text = lines(code).nth(line.checked_sub(1)?)?.trim_start();
    let name = text.strip_prefix('%')?;
    let length = name.bytes().take_while(u8::is_ascii_alphanumeric).count();
    let name = &name[..length];
    registry::find(name)?;
    Some(format!(
        "Lua took %{name} for the operator % that goes on with the expression before it; \
         ;%{name} is the magic"
    ))
}

/// The context of the state that runs.
fn context(lua: &Lua) -> &Context {
    // SAFETY: the interpreter registers the context before anything else, and it outlives the
    // state. A callback has room for one value.
    unsafe { Context::of_state(lua.state()) }
}
