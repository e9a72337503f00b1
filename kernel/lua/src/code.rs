//! What a front end asks about code that does not run: completion, inspection, completeness.
//!
//! None of it runs the user's code: values are looked at by raw access, and of metatables only
//! `__index` tables count.

mod builtins;
mod chain;
mod complete;
mod completeness;
mod help;
mod inspect;
mod resolve;

pub(crate) use complete::complete;
pub(crate) use completeness::is_complete;
pub(crate) use help::help_request;
pub(crate) use inspect::inspect;

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
