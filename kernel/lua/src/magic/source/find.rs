//! Which lines of Lua code are magics: those that Lua's grammar has no place for.

use std::borrow::Cow;
use std::cell::Cell;
use std::ops::Range;

use super::super::super::syntax::{Outline, Stuck, tokens_with_comments};

/// A magic within Lua code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spot {
    /// From its `%` or `!` to the end of its line, or of the last line that it continues on.
    pub(super) range: Range<usize>,
    /// Whether it stands behind the `=` of an assignment.
    pub(super) is_value: bool,
}

/// How much code is read at first; most cells are shorter.
const WINDOW: usize = 1 << 10;
/// How much is read in all, again and again included, before the rest is left to Lua.
const EFFORT: usize = 64 << 20;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found<'a> {
    /// In the code's order.
    pub(super) spots: Vec<Spot>,
    /// The code, in which Lua of the same length stands in for each magic.
    pub(super) masked: Cow<'a, str>,
}

/// The magics of `code`.
///
/// A line that begins with `!`, or with `%` and a name right behind it, is one where Lua could
/// not go on there: not where the `%` continues the expression before. Where it is a matter of
/// taste, because only the value that a cell shows could be meant, the name has to be `known`.
pub(super) fn find<'a>(code: &'a str, known: &dyn Fn(&str) -> bool) -> Found<'a> {
    let mut spots: Vec<Spot> = Vec::new();
    let masked = Cow::Borrowed(code);
    if !could_have_any(code) {
        return Found { spots, masked };
    }
    let mut reader = Reader {
        text: code.to_owned(),
        from: 0,
        effort: Cell::new(EFFORT),
    };
    let mut stuck = reader.stuck();
    while let Some(at) = stuck {
        let Some(spot) = reader.spot(at, known) else {
            break;
        };
        // A magic whose text passed for Lua may end in what looked like another: Lua says what it is.
        if spots
            .last()
            .is_some_and(|last| spot.range.start < last.range.end)
        {
            break;
        }
        reader.from = at.outermost;
        let hidden = reader.hide(&spot);
        let next = reader.stuck();
        // Code that is no further now was not waiting for a statement there.
        if next.is_some_and(|next| next.token < spot.range.end) {
            reader.text.replace_range(spot.range, &hidden);
            break;
        }
        spots.push(spot);
        stuck = next;
    }
    let masked = if spots.is_empty() {
        masked
    } else {
        Cow::Owned(reader.text)
    };
    Found { spots, masked }
}

fn could_have_any(code: &str) -> bool {
    code.contains('!')
        || code
            .split(['\n', '\r'])
            .any(|line| line.trim_start_matches([' ', '\t', ';']).starts_with('%'))
}

struct Reader {
    /// The code, in which the magics found so far are hidden.
    text: String,
    /// Up to here all is Lua, and statements.
    from: usize,
    /// How many bytes may still be read.
    effort: Cell<usize>,
}

impl Reader {
    /// Allows so many more bytes to be read, if it has not been too many.
    fn spend(&self, bytes: usize) -> Option<()> {
        self.effort.set(self.effort.get().checked_sub(bytes)?);
        Some(())
    }

    /// Where Lua could not go on. It reads no more than it has to, since that has to be done anew
    /// for each magic.
    fn stuck(&self) -> Option<Stuck> {
        let rest = &self.text[self.from..];
        let mut window = WINDOW;
        loop {
            let end = rest.floor_char_boundary(window);
            self.spend(end)?;
            let stuck = Stuck::of(&rest[..end]);
            if end < rest.len() && stuck.is_none_or(|stuck| stuck.tokens_behind < 3) {
                window *= 2;
                continue;
            }
            return stuck.map(|stuck| Stuck {
                statement: stuck.statement + self.from,
                token: stuck.token + self.from,
                outermost: stuck.outermost + self.from,
                ..stuck
            });
        }
    }

    fn spot(&self, stuck: Stuck, known: &dyn Fn(&str) -> bool) -> Option<Spot> {
        if self.is_assigned(stuck) {
            return Some(Spot {
                range: stuck.token..self.end_of_line(stuck.token),
                is_value: true,
            });
        }
        // The magic's own text may have passed for Lua for a while.
        [stuck.token, stuck.statement]
            .into_iter()
            .map(|at| self.start_of_line(at))
            .find(|start| self.is_magic(*start, stuck, known))
            .map(|start| Spot {
                range: start..self.end_of_line(start),
                is_value: false,
            })
    }

    /// Whether the stuck token is the `!` of `names = !command`.
    fn is_assigned(&self, stuck: Stuck) -> bool {
        let target = self.text[stuck.statement..stuck.token].trim_end();
        self.text[stuck.token..].starts_with('!')
            && target.ends_with('=')
            && Stuck::of(&format!("{target}0")).is_none()
    }

    fn is_magic(&self, start: usize, stuck: Stuck, known: &dyn Fn(&str) -> bool) -> bool {
        let line = &self.text[start..];
        if line.starts_with('!') {
            return start == stuck.token;
        }
        let Some(name) = line.strip_prefix('%') else {
            return false;
        };
        let name = name.strip_prefix('%').unwrap_or(name);
        let length = name
            .bytes()
            .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
            .count();
        let name = &name[..length];
        if !name.starts_with(|first: char| first.is_ascii_alphabetic()) || !self.is_token(start) {
            return false;
        }
        let is_no_lua =
            || self.spend(self.text.len()).is_some() && Outline::of(&self.text).is_none();
        known(name) || start == stuck.token && is_no_lua()
    }

    /// Whether a token starts there, rather than that it is within a string or a comment.
    fn is_token(&self, start: usize) -> bool {
        if self.spend(start.saturating_sub(self.from)).is_none() {
            return false;
        }
        tokens_with_comments(&self.text[self.from..])
            .map(|token| token.start + self.from)
            .take_while(|at| *at <= start)
            .last()
            == Some(start)
    }

    /// The first byte of the line that has `at`, white space and semicolons aside.
    fn start_of_line(&self, at: usize) -> usize {
        let before = &self.text[..at];
        let line = before.rfind(['\n', '\r']).map_or(0, |end| end + 1);
        let text = self.text[line..].trim_start_matches([' ', '\t', '\x0b', '\x0c', ';']);
        (self.text.len() - text.len()).min(at)
    }

    /// The end of the line that has `at`, or of the last one that a `\` joins to it.
    fn end_of_line(&self, at: usize) -> usize {
        let mut from = at;
        loop {
            let Some(length) = self.text[from..].find(['\n', '\r']) else {
                return self.text.len();
            };
            let end = from + length;
            if !self.text[at..end].ends_with('\\') {
                return end;
            }
            let pair = self.text[end..].starts_with("\r\n");
            from = end + 1 + usize::from(pair);
        }
    }

    /// Puts Lua in the place of a magic, without moving anything, and returns what was there.
    fn hide(&mut self, spot: &Spot) -> String {
        let hidden = self.text[spot.range.clone()].to_owned();
        let mut stand_in = mask(&hidden);
        stand_in.replace_range(..1, if spot.is_value { "0" } else { ";" });
        self.text.replace_range(spot.range.clone(), &stand_in);
        hidden
    }
}

/// As many bytes of white space, on as many lines.
pub(super) fn mask(text: &str) -> String {
    let blank = |byte| match byte {
        b'\n' | b'\r' => char::from(byte),
        _ => ' ',
    };
    text.bytes().map(blank).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn magics_never_overlap() {
        let code = "x = 10\n% 3\n!echo it's {x} \"$HOME\" \\\n   '{(.a[1]}'\nfor i = 1, 3 do\n  \
                    %time local y =  f(x), g()\n  files = !ls {S\0\0\0{timeit  loca\0\0\0 6 x + 1\n\
                    %who\n%run a = !l{x}\n";
        let found = find(code, &|name| matches!(name, "time" | "who" | "run"));
        let mut end = 0;
        for spot in found.spots {
            assert!(end <= spot.range.start, "{spot:?}");
            end = spot.range.end;
        }
    }

    const KNOWN: [&str; 5] = ["time", "timeit", "who", "cd", "run"];

    fn found(code: &str) -> Vec<&str> {
        let found = find(code, &|name| KNOWN.contains(&name));
        assert_eq!(found.masked.len(), code.len());
        found
            .spots
            .into_iter()
            .map(|spot| &code[spot.range])
            .collect()
    }

    #[test]
    fn lines_that_lua_has_no_place_for_are_magics() {
        for (code, expected) in [
            ("%who", vec!["%who"]),
            ("  !ls -l\n", vec!["!ls -l"]),
            ("print(1)\n%time f()\nprint(2)", vec!["%time f()"]),
            (
                "for i = 1, 2 do\n  !echo it's {i}\nend",
                vec!["!echo it's {i}"],
            ),
            ("x = 5\n!ls\n%who", vec!["!ls", "%who"]),
            ("x = 5;\n%time f(x)", vec!["%time f(x)"]),
            ("x = 5\n;%time f(x)", vec!["%time f(x)"]),
            ("x = 5\n%timeit -n 10 f(x)", vec!["%timeit -n 10 f(x)"]),
            ("x = 5\n%cd foo\nprint(1)", vec!["%cd foo"]),
            ("f(function()\n  %who\nend)", vec!["%who"]),
            ("if a then\n!a\nelse\n!b\nend", vec!["!a", "!b"]),
            ("!a \\\n  b\nx = 1", vec!["!a \\\n  b"]),
            ("files = !ls", vec!["!ls"]),
            ("local a <const> = !ls 'x\nprint(a)", vec!["!ls 'x"]),
            ("t.a[1] = !ls\n!pwd", vec!["!ls", "!pwd"]),
            ("f(1)\n%who", vec!["%who"]),
            ("f(1)\n%nope\ng()", vec!["%nope"]),
            ("f(1)\n%%time", vec!["%%time"]),
        ] {
            assert_eq!(found(code), expected, "{code}");
        }
    }

    #[test]
    fn what_is_lua_stays_lua() {
        for code in [
            "x = 10\n% 3",
            "x = 10\n%who",
            "x = f(1)\n%time(2)",
            "x = f()\n%time f()",
            "f(1)\n%n",
            "return 7\n%who",
            "s = [[\n%who\n!ls\n]]",
            "--[[\n%who\n!ls\n]]",
            "-- %% a cell of jupytext",
            "print('%d', \"!\")",
            "x = 'a\\\n%who'",
        ] {
            assert_eq!(found(code), Vec::<&str>::new(), "{code}");
        }
    }

    #[test]
    fn broken_lua_is_left_to_lua() {
        for code in [
            "x = = 1\n%who",
            "f(\n!ls\n)",
            "x = 5 +\n!ls",
            "x = 3 % % 4",
            "t = { a = !ls }",
            "x, y = 1, !ls",
            "x = !",
        ] {
            let expected: &[&str] = if code == "x = !" { &["!"] } else { &[] };
            assert_eq!(found(code), expected, "{code}");
        }
    }

    #[test]
    fn many_magics_in_much_code_are_found_soon() {
        let code = "x = x + 1 -- something\n!echo it's\n".repeat(3_000);
        assert_eq!(found(&code).len(), 3_000);
    }

    #[test]
    fn a_cell_of_nothing_but_magics_in_one_block_ends() {
        let code = format!("do\n{}end", "!echo it's\n".repeat(500));
        assert_eq!(found(&code).len(), 500);
    }
}
