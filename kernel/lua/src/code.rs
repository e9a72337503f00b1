//! What a front end asks about code that does not run: completion, inspection, completeness.
//!
//! None of it runs the user's code: values are looked at by raw access, and of metatables only
//! `__index` tables count.

use mlua::Lua;
use perilune_language::Completion;

use crate::context::Context;

mod candidates;
mod complete;
mod completeness;
mod documentation;
mod files;
mod help;
mod inspect;
mod live;
mod magics;
pub(crate) mod manual;
mod names;
mod place;
mod readings;
mod rendering;
mod resolver;
mod signature;
mod snapshot;
mod source;
mod strings;
mod types;

pub(crate) use completeness::is_complete;
pub(crate) use help::help_request;
pub(crate) use inspect::inspect;
pub(crate) use readings::Readings;
pub(crate) use snapshot::snapshot;

/// What could stand at `cursor`.
pub(crate) fn complete(lua: &Lua, context: &Context, code: &str, cursor: usize) -> Completion {
    complete::complete(&live::Live::new(lua, context), code, cursor)
}

/// The byte at which the code point `position` starts; the code's end if there is none.
fn byte_of(code: &str, position: usize) -> usize {
    code.char_indices()
        .nth(position)
        .map_or(code.len(), |(byte, _)| byte)
}

/// How many code points stand before a byte.
fn position_of(code: &str, byte: usize) -> usize {
    code[..byte].chars().count()
}
