//! Cells: from the user's code to a function that shares its locals with earlier cells.

mod end;
mod kept;
mod prepare;
mod private;
mod run;

pub use end::CellEnd;
pub(crate) use kept::{
    Kept, forget_kept, install, kept_value, push_closure, push_holder, remember_local,
};
pub(crate) use prepare::{KEEP, cell_chunk, plain_code};
pub use private::is_private;
pub(crate) use run::{CallError, Values, call, call_within, compile_cell, compile_text, run};
