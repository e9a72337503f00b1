//! What magics there are, and what they do.

use perilune_language::MimeBundle;

use super::call::{Answer, Call, nothing};
use super::registry::{self, Form, Magic};
use super::source::Code;
use crate::value::{Column, Grid, GridCell};

pub(super) const MAGICS: &[Magic] = &[Magic {
    name: "lsmagic",
    form: Form::Line,
    usage: "",
    summary: "Lists the magics.",
    help: "`%name?` tells all about one of them.",
    options: &[],
    code: Code::None,
    takes_all_words: false,
    run: list,
}];

/// What `!` does, which is no name.
const SHELL: (&str, &str) = (
    "!COMMAND",
    "Runs a command; lines = !COMMAND gives its output.",
);

fn list(call: &Call<'_>) -> Answer {
    let mut rows: Vec<_> = registry::all()
        .map(|magic| {
            [
                usage_of(magic, magic.form.signs()[0]),
                magic.summary.to_owned(),
            ]
        })
        .collect();
    rows.push([SHELL.0.to_owned(), SHELL.1.to_owned()]);
    call.show(table(&["magic", "what it does"], &rows));
    nothing()
}

fn usage_of(magic: &Magic, sign: &str) -> String {
    format!("{sign}{} {}", magic.name, magic.usage)
        .trim_end()
        .to_owned()
}

/// The page on the magic that a cell asks help for: `%name?`, `?%name`.
pub(crate) fn help_request(code: &str) -> Option<MimeBundle> {
    let code = code.trim();
    let asked = code
        .strip_prefix('?')
        .or_else(|| code.strip_suffix('?'))?
        .trim_matches('?')
        .trim();
    if asked == "!" {
        return Some(page(SHELL.0, &format!("{}\n\n{SHELL_HELP}", SHELL.1)));
    }
    let name = asked.strip_prefix('%')?;
    let name = name.strip_prefix('%').unwrap_or(name);
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let Some(magic) = registry::find(name) else {
        let sign = &asked[..asked.len() - name.len()];
        return Some(MimeBundle::plain(no_such_magic(sign, name)));
    };
    Some(page_of(magic))
}

const SHELL_HELP: &str = "`!make test` runs `make test` in the system's shell, `sh`. Its output \
    is the cell's and appears as it is written; its standard input is empty; an interrupt ends it \
    with all that it has started. The global `_exit_code` has its status, 128 and the signal's \
    number if a signal has ended it. A command that fails is no error.\n\n\
    `lines = !command`, also with `local`, gives a table of the lines that it wrote to standard \
    output, whose field `status` is its status.\n\n\
    `{expression}` is the value of a Lua expression, and `$name` that of a variable: a string, a \
    number or a boolean is one word of the command, whatever is in it, and a list of them is as \
    many words. Braces that hold no expression stay, and so does a `$name` that Lua does not \
    know, which may be the shell's. `{{x}}` is `{x}`, and `$$x` is `$x`.\n\n\
    A `\\` at a line's end continues it on the next one.";

fn page_of(magic: &Magic) -> MimeBundle {
    let usages: Vec<_> = magic
        .form
        .signs()
        .iter()
        .map(|sign| usage_of(magic, sign))
        .collect();
    let mut text = format!("{}\n\n{}", magic.summary, magic.help);
    if !magic.options.is_empty() {
        text.push_str("\n\n");
        let lines = magic.options.iter().map(|flag| {
            let number = flag
                .number
                .map_or(String::new(), |what| format!(" {}", what.to_uppercase()));
            format!("- `{}{number}`: {}", flag.sign(), flag.about)
        });
        text.push_str(&lines.collect::<Vec<_>>().join("\n"));
    }
    if magic.form == Form::Cell {
        text.push_str("\n\nIt begins its cell, and all below it is its own.");
    }
    page(&usages.join("\n"), &text)
}

fn page(usage: &str, text: &str) -> MimeBundle {
    MimeBundle::plain(format!("{usage}\n\n{}", text.replace('`', "")))
        .with("text/markdown", format!("```\n{usage}\n```\n\n{text}"))
}

/// Says that there is no such magic, and what may have been meant.
pub(super) fn no_such_magic(sign: &str, name: &str) -> String {
    let nearest = registry::all()
        .map(|magic| (strsim::damerau_levenshtein(name, magic.name), magic))
        .filter(|(distance, magic)| *distance <= magic.name.len().div_ceil(3))
        .min_by_key(|(distance, _)| *distance);
    let hint = match nearest {
        Some((_, magic)) => {
            let signs = magic.form.signs();
            let sign = signs.iter().find(|own| **own == sign).unwrap_or(&signs[0]);
            format!("; did you mean {sign}{}?", magic.name)
        }
        None => "; %lsmagic lists them all".to_owned(),
    };
    format!("there is no magic {sign}{name}{hint}")
}

/// A table as text and as HTML.
pub(super) fn table<const N: usize>(header: &[&str; N], rows: &[[String; N]]) -> MimeBundle {
    let grid = Grid {
        columns: header
            .iter()
            .map(|name| Column {
                name: (*name).to_owned(),
                is_numeric: *name == "size",
            })
            .collect(),
        rows: rows
            .iter()
            .map(|row| {
                row.iter()
                    .map(|text| GridCell::from(text.as_str()))
                    .collect()
            })
            .collect(),
        ..Grid::default()
    };
    MimeBundle::plain(grid.to_text()).with("text/html", grid.to_html())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_magic_can_be_asked_about() {
        for magic in registry::all() {
            for code in [format!("%{}?", magic.name), format!("?%%{}", magic.name)] {
                let page = help_request(&code).unwrap();
                assert!(page.text().unwrap().contains(magic.summary), "{code}");
                assert!(page.data.contains_key("text/markdown"), "{code}");
            }
        }
        assert!(
            help_request("!?")
                .unwrap()
                .text()
                .unwrap()
                .contains("_exit_code")
        );
    }

    #[test]
    fn other_code_is_no_question() {
        for code in ["print?", "x = 10\n% 3?", "%time f()?", "? %", "%?"] {
            assert_eq!(help_request(code), None, "{code}");
        }
    }

    #[test]
    fn a_wrong_name_is_set_right() {
        for (name, expected) in [
            ("tiem", "there is no magic %tiem; did you mean %time?"),
            ("htlm", "there is no magic %htlm; did you mean %%html?"),
            ("xyzzy", "there is no magic %xyzzy; %lsmagic lists them all"),
        ] {
            assert_eq!(no_such_magic("%", name), expected);
        }
    }
}
