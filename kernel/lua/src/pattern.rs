//! `string.find`, `match`, `gmatch` and `gsub`, which an interrupt can stop.
//!
//! A pattern can backtrack for longer than anybody lives, and no hook is called within a function
//! of C. So this is Lua's own matcher (lstrlib.c of 5.4) transcribed, with one look at the
//! interrupt's flag per step. As there, errors are raised from its depths by `longjmp`, which is
//! sound because nothing in these frames wants to be dropped.
//!
//! Character classes are ASCII's, as in every locale whose encoding is UTF-8.

mod functions;
mod matcher;

pub(crate) use functions::install;
