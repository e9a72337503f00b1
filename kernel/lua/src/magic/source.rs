//! What of a cell is magic, and the Lua that it becomes. Text in, text out.

mod call;
mod cell_magic;
mod continuation;
mod find;
mod line_magic;
mod rewrite;
mod statements;
mod template;
#[cfg(test)]
mod tests;
mod words;

pub(crate) use call::FUNCTION;
pub(crate) use cell_magic::cell_magic;
pub(crate) use continuation::{Continuation, continues};
pub(crate) use rewrite::{Code, Copied, Reading, read};
pub(crate) use template::{Part, Template};
pub(crate) use words::{Piece, Word, shell_pieces, words};

/// Where the magics within Lua code are, in its order.
pub(crate) fn spots(
    code: &str,
    known: &dyn Fn(&str) -> bool,
) -> impl Iterator<Item = std::ops::Range<usize>> {
    find::find(code, known)
        .spots
        .into_iter()
        .map(|spot| spot.range)
}
