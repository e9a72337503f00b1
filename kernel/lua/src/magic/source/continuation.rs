//! Whether a cell that is typed line by line has come to its end.

use std::borrow::Cow;

use super::cell_magic::{MOST_NESTED, cell_magic};
use super::find::find;
use super::rewrite::{Code, Dialect, read};

/// Whether a person who types a cell has more to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Continuation<'a> {
    /// As far as the magics go, there is more to come.
    More,
    /// It can be run.
    Done,
    /// It is what it is as this Lua.
    AsLua(Cow<'a, str>),
}

/// Whether more has to follow. The text below a magic has an end that only a person knows: it is
/// an empty line.
pub(crate) fn continues<'a>(code: &'a str, dialect: Dialect<'_>) -> Continuation<'a> {
    continues_within(0, code, dialect)
}

/// The same below so many other magics.
fn continues_within<'a>(nested: usize, code: &'a str, dialect: Dialect<'_>) -> Continuation<'a> {
    let ends = code.ends_with("\n\n") || code.ends_with("\n\r\n");
    if nested < MOST_NESTED
        && let Some(magic) = cell_magic(code)
    {
        let takes_lua = matches!(
            dialect(magic.name),
            Some(Code::Plain | Code::Timed | Code::Repeated)
        );
        return match magic.body {
            _ if dialect(magic.name).is_none() => Continuation::Done,
            Some(body) if takes_lua && !body.trim().is_empty() => {
                continues_within(nested + 1, body, dialect)
            }
            Some(body) if ends || body.trim().is_empty() && body.contains('\n') => {
                Continuation::Done
            }
            _ => Continuation::More,
        };
    }
    let found = find(code, &|name| dialect(name).is_some());
    if found
        .spots
        .last()
        .is_some_and(|last| code[last.range.clone()].ends_with('\\'))
    {
        return Continuation::More;
    }
    Continuation::AsLua(read(code, dialect).lua)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dialect(name: &str) -> Option<Code> {
        Some(match name {
            "time" => Code::Timed,
            "html" => Code::None,
            _ => return None,
        })
    }

    #[test]
    fn the_text_below_a_magic_ends_with_an_empty_line() {
        for (code, expected) in [
            ("%%html", Continuation::More),
            ("%%html\n<b>", Continuation::More),
            ("%%html\n<b>\n", Continuation::More),
            ("%%html\n<b>\n\n", Continuation::Done),
            ("%%time", Continuation::More),
            ("%%time\nf(", Continuation::AsLua(Cow::Borrowed("f("))),
            ("!ls \\", Continuation::More),
            ("%%nope", Continuation::Done),
        ] {
            assert_eq!(continues(code, &dialect), expected, "{code}");
        }
    }

    #[test]
    fn magics_without_end_come_to_one() {
        let code = "%%time\n".repeat(20_000) + "x = 1";
        continues(&code, &dialect);
    }
}
