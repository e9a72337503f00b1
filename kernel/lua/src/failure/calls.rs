//! The calls on the line that a function is at, and the column that it is at.

use mlua::Lua;

use super::Sources;
use super::locate::{Location, Locator};
use super::stack::Frame;

/// A call in the user's code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CallSite {
    /// Which instruction of the function makes it, from 0.
    pub(crate) instruction: usize,
    /// As it stands in the code, on one line.
    pub(crate) text: String,
    /// Its first column, from 1, in UTF-16 code units.
    pub(crate) column: u32,
}

/// The calls on the line that a function is at, from the instruction that it is at.
pub(crate) fn calls_ahead(lua: &Lua, sources: &Sources, frame: &Frame) -> Vec<CallSite> {
    let Some(source) = sources.of_frame(frame) else {
        return Vec::new();
    };
    let calls = Locator::new(lua).calls(&source, frame);
    let calls = calls.into_iter().filter_map(|(instruction, mark)| {
        let line = super::lines(&source.code).nth(mark.line.checked_sub(1)?)?;
        Some(CallSite {
            instruction,
            text: line.get(mark.whole.clone())?.to_owned(),
            column: column(line, mark.whole.start)?,
        })
    });
    calls.collect()
}

/// The first column, from 1, of what a function does, in UTF-16 code units.
pub(crate) fn column_of(lua: &Lua, sources: &Sources, frame: &Frame) -> Option<u32> {
    let source = sources.of_frame(frame)?;
    let Location::Found(located) =
        Locator::new(lua).locate(&source, frame, None, &|_: &[String]| false)
    else {
        return None;
    };
    let line = super::lines(&source.code).nth(located.mark.line.checked_sub(1)?)?;
    column(line, located.mark.whole.start)
}

/// The first column, from 1, of the line that a function is at.
pub(crate) fn first_column(sources: &Sources, frame: &Frame) -> Option<u32> {
    let source = sources.of_frame(frame)?;
    let line = super::lines(&source.code).nth(frame.line?.checked_sub(1)?)?;
    column(line, line.len() - line.trim_start().len())
}

/// The column of a byte in a line, from 1.
fn column(line: &str, byte: usize) -> Option<u32> {
    let before = line.get(..byte)?;
    u32::try_from(before.encode_utf16().count() + 1).ok()
}
