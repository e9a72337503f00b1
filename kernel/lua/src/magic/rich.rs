//! Cells in other languages, which the front end shows.

use perilune_language::MimeBundle;

use super::call::{Answer, Call, nothing};
use super::registry::{Form, Magic};
use super::source::Code;

pub(super) const MAGICS: &[Magic] = &[
    rich("html", "Shows the cell below as HTML.", |call| {
        show(call, "text/html", Some("HTML"))
    }),
    rich("markdown", "Shows the cell below as Markdown.", |call| {
        show(call, "text/markdown", None)
    }),
    rich(
        "javascript",
        "Has the front end run the cell below as JavaScript.",
        |call| show(call, "application/javascript", Some("JavaScript")),
    ),
    rich("latex", "Shows the cell below as LaTeX.", |call| {
        show(call, "text/latex", None)
    }),
    rich("svg", "Shows the cell below as an SVG image.", |call| {
        show(call, "image/svg+xml", Some("SVG image"))
    }),
];

const fn rich(name: &'static str, summary: &'static str, run: fn(&Call<'_>) -> Answer) -> Magic {
    Magic {
        name,
        form: Form::Cell,
        usage: "",
        summary,
        help: "The cell is shown as it stands, without Lua's values. For those there are \
               `display.html` and its kin.",
        options: &[],
        code: Code::None,
        takes_all_words: false,
        run,
    }
}

fn show(call: &Call<'_>, mime: &str, label: Option<&str>) -> Answer {
    let plain = match label {
        Some(label) => format!("<{label}: {} bytes>", call.body.len()),
        None => call.body.to_owned(),
    };
    call.show(MimeBundle::plain(plain).with(mime, call.body));
    nothing()
}
