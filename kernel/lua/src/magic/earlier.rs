//! What earlier cells have shown.

use std::panic::{AssertUnwindSafe, catch_unwind};

use perilune_language::EarlierCell;

use super::call::{Answer, Call, nothing};
use super::registry::{Form, Magic};
use super::source::Code;
use crate::function::Stop;

pub(super) const MAGICS: &[Magic] = &[Magic {
    name: "output",
    form: Form::Line,
    usage: "[CELL...]",
    summary: "Shows again what earlier cells have shown.",
    help: "For a page that was closed or reloaded while a cell ran, and so has not seen all of it. \
           `%output` is about the cell that ran last, `%output 3 4` about the cells `[3]` and \
           `[4]`, and an id of `perilune kernel exec --detach` about that request. Text, displays \
           and results come as the cell showed them, an error as text. It is taken from the \
           kernel's journal, which keeps the latest 64 MiB of a week.",
    options: &[],
    code: Code::None,
    takes_all_words: false,
    run: output,
}];

fn output(call: &Call<'_>) -> Answer {
    call.context.streams.flush();
    if call.words.is_empty() {
        show(call, &EarlierCell::Last)?;
    }
    for word in &call.words {
        let cell = match word.parse() {
            Ok(number) => EarlierCell::Number(number),
            Err(_) if word == "last" => EarlierCell::Last,
            Err(_) => EarlierCell::Request(word.clone()),
        };
        show(call, &cell)?;
    }
    nothing()
}

fn show(call: &Call<'_>, cell: &EarlierCell) -> Result<(), Stop> {
    // A panic must not cross Lua's frames.
    let shown = catch_unwind(AssertUnwindSafe(|| call.context.host.show_again(cell)));
    shown
        .unwrap_or_else(|_| Err("the kernel failed; its log says where".to_owned()))
        .map_err(Stop::Error)
}
