//! What a front end asks about code that does not run: completion, inspection, completeness.
//!
//! None of it runs the user's code: values are looked at by raw access, and of metatables only
//! `__index` tables count.

use mlua::Lua;
use perilune_language::Completion;

use crate::context::Context;

mod chain;
mod complete;
mod completeness;
#[allow(dead_code)]
mod documentation;
mod help;
mod inspect;
#[allow(dead_code)]
mod manual;
mod names;
mod resolve;
#[allow(dead_code)]
mod signature;
mod snapshot;
#[allow(dead_code)]
mod source;
#[allow(dead_code)]
mod types;

pub(crate) use completeness::is_complete;
pub(crate) use help::help_request;
pub(crate) use inspect::inspect;
pub(crate) use snapshot::snapshot;

/// What could stand at `cursor`.
pub(crate) fn complete(lua: &Lua, context: &Context, code: &str, cursor: usize) -> Completion {
    complete::complete(&resolve::Live::new(lua, context), code, cursor)
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
