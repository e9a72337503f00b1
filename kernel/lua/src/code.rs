//! What a front end asks about code that does not run: completion, inspection, completeness.
//!
//! None of it runs the user's code: values are looked at by raw access, and of metatables only
//! `__index` tables count.

use std::collections::HashSet;

use mlua::{Lua, Value};
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

/// What could stand at `cursor`, where these variables are seen beside the globals, and before them.
pub(crate) fn complete_among(
    lua: &Lua,
    context: &Context,
    variables: Vec<(String, Value)>,
    globals: Value,
    code: &str,
    cursor: usize,
) -> Completion {
    let names: HashSet<String> = variables.iter().map(|(name, _)| name.clone()).collect();
    let live = live::Live::among(lua, context, variables, globals);
    let mut found = complete::complete(&live, code, cursor);
    if found
        .matches
        .iter()
        .all(|found| found.kind != "method" && found.kind != "field")
    {
        found
            .matches
            .sort_by_key(|found| !names.contains(&found.text));
    }
    found
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
