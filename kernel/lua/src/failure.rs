//! What is said of a cell that did not run to its end.

mod bytecode;
mod calls;
mod complaint;
mod earlier;
mod excerpt;
mod hint;
mod instruction;
mod locals;
mod locate;
mod message;
mod part;
mod report;
mod sources;
mod stack;
mod style;
mod syntax;
mod tokens;

pub(crate) use bytecode::active_lines as compiled_lines;
pub(crate) use calls::{calls_ahead, column_of, first_column};
pub(crate) use earlier::{
    Earlier, Replaced, caught, died, forget as forget_earlier, install as install_earlier,
    text as raised_text,
};
pub(crate) use excerpt::lines;
pub(crate) use hint::{Missed, nearest};
pub(crate) use instruction::{call_of, caller_of, is_local_of, record_of};
pub(crate) use locals::{forget as forget_locals, remember as remember_locals};
pub(crate) use message::{describe_error, error_text};
pub(crate) use report::{Place, library_names, of_error, of_unwinding};
pub(crate) use sources::{Compiled, Piece, Sources};
pub(crate) use stack::{Chunk, Frame, Stack, capture, capture_one, frame_of, is_own};
pub(crate) use syntax::of_syntax;
