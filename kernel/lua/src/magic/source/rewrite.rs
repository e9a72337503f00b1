//! Magics as the Lua that they stand for.
//!
//! Every magic becomes calls of one function of the kernel, on the magic's own line, so that line
//! numbers stay true and the locals around it are in sight:
//!
//! ```text
//! !ls {folder}        M("!ls {folder}",(folder));
//! !ls $folder         M("!ls $folder",function()return folder end);
//! files = !ls         files = M("=!ls");
//! %cd ..              M("%cd ..");
//! %run a.lua          M("%run a.lua")();
//! %time f(x)          M("+time 7"); M("-time 7",f(x));
//! %timeit f(x)        M("%timeit")(function(n,c)local s=c()for _=1,n do f(x) end return c()-s end);
//! %%html              M("%%html","...")
//! ```
//!
//! The function reads the magic's text again when it is called, as the values that stand in it
//! are known only then.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::Write;

use super::super::super::syntax::{Outline, TailKind, tokens};
use super::find::{Found, Spot, find, mask};
use super::template::Template;

/// What a magic does with the Lua code that it is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    /// It is given none, but words or a text.
    None,
    /// It gives a function, which is called at once.
    Called,
    /// It runs the code as if it were not there.
    Plain,
    /// It runs the code and says how long that took.
    Timed,
    /// It runs the code again and again.
    Repeated,
}

/// What each magic does with code; nothing if there is no such magic.
pub(crate) type Dialect<'d> = &'d dyn Fn(&str) -> Option<Code>;

/// What a cell means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reading<'a> {
    /// The code as Lua, line by line.
    pub(crate) lua: Cow<'a, str>,
    /// By which name the code calls the kernel's function; nothing if it has no magics.
    pub(crate) function: Option<String>,
    /// Whether the whole cell is timed.
    pub(crate) is_timed: bool,
    /// What of the user's code is in [`Reading::lua`], in order; nothing if it is the code itself.
    pub(crate) copies: Option<Vec<Copied>>,
    /// The user's code with Lua in the place of its magics, and nothing moved.
    pub(crate) masked: Cow<'a, str>,
}

/// A piece of the user's code, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Copied {
    /// Where it starts in the Lua that the cell became.
    pub(crate) lua: usize,
    /// Where it starts in the code.
    pub(crate) code: usize,
    pub(crate) length: usize,
}

impl<'a> Reading<'a> {
    /// Code that has no magics.
    pub(crate) fn plain(code: &'a str) -> Self {
        Self {
            lua: Cow::Borrowed(code),
            function: None,
            is_timed: false,
            copies: None,
            masked: Cow::Borrowed(code),
        }
    }
}

/// A cell that belongs to a magic as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CellMagic<'a> {
    pub(crate) name: &'a str,
    /// What stands behind the name.
    pub(crate) arguments: &'a str,
    /// The lines below; nothing if there are none.
    pub(crate) body: Option<&'a str>,
    /// How many lines stand above the body.
    lines_above: usize,
}

/// A cell may begin with so many magics.
const MOST_NESTED: usize = 8;

/// The cell magic that `code` begins with, comments and empty lines aside.
pub(crate) fn cell_magic(code: &str) -> Option<CellMagic<'_>> {
    let start = tokens(code).next()?.start;
    let line = code[start..].strip_prefix("%%")?;
    let (line, body) = match line.split_once('\n') {
        Some((line, body)) => (line, Some(body)),
        None => (line, None),
    };
    let length = line
        .bytes()
        .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
        .count();
    if length == 0 {
        return None;
    }
    let above = code.len() - body.map_or(0, str::len);
    Some(CellMagic {
        name: &line[..length],
        arguments: line[length..].trim(),
        body,
        lines_above: newlines(&code[..above]),
    })
}

/// Reads a cell.
pub(crate) fn read<'a>(code: &'a str, dialect: Dialect<'_>) -> Reading<'a> {
    let function = unused_name(code);
    let mut rest = code;
    let mut above = String::new();
    let mut is_timed = false;
    for _ in 0..MOST_NESTED {
        let Some(magic) = cell_magic(rest) else {
            break;
        };
        let mut reading = Reading {
            lua: Cow::Borrowed(""),
            function: Some(function.clone()),
            is_timed,
            copies: Some(Vec::new()),
            masked: Cow::Borrowed(code),
        };
        match dialect(magic.name) {
            Some(Code::Plain) if magic.arguments.is_empty() => {}
            Some(Code::Timed) if magic.arguments.is_empty() => is_timed = true,
            Some(Code::Repeated) => {
                let body = magic.body.unwrap_or_default();
                let found = find(body, &|name| dialect(name).is_some());
                let masked = mask(&code[..code.len() - body.len()]) + &found.masked;
                reading.masked = Cow::Owned(masked);
                let lua = repeated_cell(&magic, &found, &function, dialect);
                reading.lua = Cow::Owned(above + &lua);
                return reading;
            }
            _ => {
                reading.lua = Cow::Owned(above + &cell_call(&magic, &function));
                return reading;
            }
        }
        above.push_str(&"\n".repeat(magic.lines_above));
        rest = magic.body.unwrap_or_default();
    }
    let found = find(rest, &|name| dialect(name).is_some());
    let start = code.len() - rest.len();
    if start == 0 && found.spots.is_empty() {
        return Reading::plain(code);
    }
    let mut lua = Rewritten::of(rest, &found.spots, &function, dialect);
    for copy in &mut lua.copies {
        copy.lua += above.len();
        copy.code += start;
    }
    Reading {
        lua: Cow::Owned(above + &lua.text),
        function: (!found.spots.is_empty()).then_some(function),
        is_timed,
        copies: Some(lua.copies),
        masked: Cow::Owned(mask(&code[..start]) + &found.masked),
    }
}

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

/// Code with its magics as calls.
#[derive(Default)]
struct Rewritten {
    text: String,
    copies: Vec<Copied>,
}

impl Rewritten {
    fn of(code: &str, spots: &[Spot], function: &str, dialect: Dialect<'_>) -> Self {
        let mut lua = Self::default();
        let mut done = 0;
        for spot in spots {
            lua.copy(&code[done..spot.range.start], done);
            let text = &code[spot.range.clone()];
            let written = lua.text.len();
            let is_silenced = lua.line(text, spot, function, dialect);
            done = spot.range.end;
            // What follows could go on with the call, but the last one's value is the cell's.
            if is_silenced || tokens(&code[done..]).next().is_some() {
                lua.text.push(';');
            }
            // Of a magic that goes on behind a backslash, the code may have brought its lines along.
            let missing = newlines(text).saturating_sub(newlines(&lua.text[written..]));
            lua.text.push_str(&"\n".repeat(missing));
        }
        lua.copy(&code[done..], done);
        lua
    }

    /// Adds what stands at `at` of the code.
    fn copy(&mut self, text: &str, at: usize) {
        self.copies.push(Copied {
            lua: self.text.len(),
            code: at,
            length: text.len(),
        });
        self.text.push_str(text);
    }

    /// Writes the calls of one magic, and returns whether a semicolon hides its value.
    fn line(&mut self, text: &str, spot: &Spot, function: &str, dialect: Dialect<'_>) -> bool {
        if !spot.is_value
            && let Some((name, rest)) = name_and_rest(text)
        {
            // Where a part of the magic's text stands in the code.
            let place = |part: &str| spot.range.start + offset(text, part);
            match dialect(name) {
                Some(Code::Timed) => {
                    if let Some(code) = Statements::of(rest) {
                        let id = spot.range.start;
                        let _ = write!(self.text, "{function}(\"+time {id}\");");
                        self.copy(code.statements, place(code.statements));
                        let _ = write!(self.text, " {function}(\"-time {id}\"");
                        if let Some(value) = code.value {
                            self.text.push(',');
                            self.copy(value, place(value));
                        }
                        self.text.push(')');
                        return code.is_silenced;
                    }
                }
                Some(Code::Repeated) => {
                    let (options, rest) = numeric_options(rest);
                    if let Some(code) = Statements::of(rest) {
                        let call = call(function, &format!("%{name} {options}"), None);
                        let (head, tail) = repeated(function, uses_arguments(rest));
                        let _ = write!(self.text, "{call}{head} ");
                        self.copy(code.statements, place(code.statements));
                        if let Some(value) = code.value {
                            self.text.push_str(&code.before_value(function));
                            self.copy(value, place(value));
                        }
                        let _ = write!(self.text, " {tail}");
                        return code.is_silenced;
                    }
                    // What is called with no code says so.
                    self.text.push_str(&call(function, text, None));
                    self.text.push_str("()");
                    return false;
                }
                Some(Code::Called) => {
                    self.text.push_str(&call(function, text, None));
                    self.text.push_str("()");
                    return false;
                }
                _ => {}
            }
        }
        let sign = if spot.is_value { "=" } else { "" };
        self.text
            .push_str(&call(function, &format!("{sign}{text}"), None));
        false
    }
}

/// Where `part` begins in the text that it is a part of.
fn offset(text: &str, part: &str) -> usize {
    part.as_ptr() as usize - text.as_ptr() as usize
}

/// `M("text",(values)...,"body")`
fn call(function: &str, text: &str, body: Option<&str>) -> String {
    let mut call = format!("{function}({}", literal(text));
    for (expression, source) in Template::of(text).expressions() {
        // Whether Lua knows a name has to be found out without an error.
        let _ = match source.starts_with('$') {
            true => write!(call, ",function()return {expression} end"),
            false => write!(call, ",({expression})"),
        };
    }
    if let Some(body) = body {
        let _ = write!(call, ",{}", literal(body));
    }
    call.push(')');
    call
}

fn cell_call(magic: &CellMagic<'_>, function: &str) -> String {
    let text = format!("%%{} {}", magic.name, magic.arguments);
    let is_below = magic.body.is_some();
    let above = "\n".repeat(magic.lines_above - usize::from(is_below));
    above + &call(function, &text, Some(magic.body.unwrap_or_default()))
}

/// What stands before and behind code that is run again and again.
fn repeated(function: &str, has_arguments: bool) -> (String, String) {
    let dots = if has_arguments { ",..." } else { "" };
    let m = function;
    let head = format!("(function({m}_n,{m}_c{dots})local {m}_s={m}_c()for {m}_i=1,{m}_n do");
    let tail = format!("end return {m}_c()-{m}_s end{dots})");
    (head, tail)
}

fn repeated_cell(
    magic: &CellMagic<'_>,
    found: &Found<'_>,
    function: &str,
    dialect: Dialect<'_>,
) -> String {
    let body = magic.body.unwrap_or_default();
    let (options, rest) = numeric_options(magic.arguments);
    let is_below = magic.body.is_some();
    let above = "\n".repeat(magic.lines_above - usize::from(is_below));
    if !rest.is_empty() || body.trim().is_empty() {
        return above + &call(function, &format!("%%{} {rest}", magic.name), Some(body));
    }
    let lua = Rewritten::of(body, &found.spots, function, dialect).text;
    let Some(code) = Statements::of(&lua) else {
        // Lua will say what is wrong with it.
        return "\n".repeat(magic.lines_above) + &lua;
    };
    let call = call(function, &format!("%{} {options}", magic.name), None);
    let (head, tail) = repeated(function, uses_arguments(&lua));
    let (before, value) = (code.before_value(function), code.value.unwrap_or_default());
    format!(
        "{above}{call}{head}\n{}{before}{value}\n{tail}",
        code.statements
    )
}

fn uses_arguments(lua: &str) -> bool {
    tokens(lua).any(|token| token.is("..."))
}

/// Lua code, apart from the value that it ends with.
struct Statements<'a> {
    statements: &'a str,
    value: Option<&'a str>,
    value_is_call: bool,
    is_silenced: bool,
}

impl<'a> Statements<'a> {
    /// Nothing if it is no Lua, or no code at all.
    fn of(code: &'a str) -> Option<Self> {
        let code = &code[..tokens(code).last()?.end()];
        let outline = Outline::of(code)?;
        let Some(tail) = outline.tail else {
            return Some(Self {
                statements: code,
                value: None,
                value_is_call: false,
                is_silenced: false,
            });
        };
        let before = &code[..tail.start];
        let statements = match tail.kind {
            TailKind::Expression | TailKind::Call => before,
            TailKind::Return | TailKind::EmptyReturn => before.strip_suffix("return")?,
        };
        Some(Self {
            statements,
            value: (tail.kind != TailKind::EmptyReturn).then(|| &code[tail.start..tail.end]),
            value_is_call: tail.kind == TailKind::Call,
            is_silenced: tail.silenced,
        })
    }

    /// What makes a statement of the value, where it is not one itself.
    fn before_value(&self, function: &str) -> String {
        match self.value {
            Some(_) if !self.value_is_call => format!(" local {function}_v="),
            _ => String::new(),
        }
    }
}

/// The name of a line magic, and what stands behind it.
pub(super) fn name_and_rest(text: &str) -> Option<(&str, &str)> {
    let text = text.strip_prefix('%')?;
    let length = text
        .bytes()
        .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
        .count();
    (length > 0).then(|| (&text[..length], text[length..].trim()))
}

/// Options with a number each, `-n 10 -r3`, and what stands behind them.
fn numeric_options(text: &str) -> (&str, &str) {
    let mut rest = text.trim_start();
    while let Some(after) = rest.strip_prefix('-') {
        let Some(after) = after.strip_prefix(|letter: char| letter.is_ascii_alphabetic()) else {
            break;
        };
        let number = after.trim_start();
        let after = number.trim_start_matches(|digit: char| digit.is_ascii_digit());
        let ends = after.is_empty() || after.starts_with(char::is_whitespace);
        if after.len() == number.len() || !ends {
            break;
        }
        rest = after.trim_start();
    }
    let options = text[..text.len() - rest.len()].trim();
    (options, rest)
}

/// A string as Lua, on one line.
fn literal(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('"');
    for char in text.chars() {
        match char {
            '"' | '\\' => {
                literal.push('\\');
                literal.push(char);
            }
            '\n' => literal.push_str("\\n"),
            '\r' => literal.push_str("\\r"),
            '\0' => literal.push_str("\\x00"),
            char => literal.push(char),
        }
    }
    literal.push('"');
    literal
}

fn newlines(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'\n').count()
}

/// What the name begins with by which code calls the kernel's function.
pub(crate) const FUNCTION: &str = "perilune_magic";

/// A name that the code does not use, nor any that begins with it.
fn unused_name(code: &str) -> String {
    let used: HashSet<&str> = code
        .match_indices(FUNCTION)
        .map(|(at, _)| {
            let behind = &code[at + FUNCTION.len()..];
            let rest = behind.trim_start_matches(|digit: char| digit.is_ascii_digit());
            &behind[..behind.len() - rest.len()]
        })
        .collect();
    if used.is_empty() {
        return FUNCTION.to_owned();
    }
    let mut name = String::new();
    for number in 1..=used.len() + 1 {
        name = number.to_string();
        if !used.contains(name.as_str()) {
            break;
        }
    }
    format!("{FUNCTION}{name}_")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dialect(name: &str) -> Option<Code> {
        Some(match name {
            "time" => Code::Timed,
            "timeit" => Code::Repeated,
            "nohistory" => Code::Plain,
            "run" => Code::Called,
            "cd" | "who" | "html" => Code::None,
            _ => return None,
        })
    }

    fn lua(code: &str) -> String {
        let reading = read(code, &dialect);
        let function = reading.function.expect("there are magics");
        reading.lua.replace(&function, "M")
    }

    #[test]
    fn each_magic_is_a_call_on_its_line() {
        for (code, expected) in [
            (
                "x = 1\n!ls \"{x}\"\n(f)()",
                "x = 1\nM(\"!ls \\\"{x}\\\"\",(x));\n(f)()",
            ),
            ("files = !ls", "files = M(\"=!ls\")"),
            ("!a \\\n b\nc()", "M(\"!a \\\\\\n b\");\n\nc()"),
            (
                "%time f 'a\\\n b'\nc()",
                "M(\"+time 0\"); M(\"-time 0\",f 'a\\\n b');\nc()",
            ),
            ("%cd $x -- y", "M(\"%cd $x -- y\",function()return x end)"),
            ("%run a.lua 1", "M(\"%run a.lua 1\")()"),
            ("%time f(1), 2", "M(\"+time 0\"); M(\"-time 0\",f(1), 2)"),
            (
                "%time local x = f();",
                "M(\"+time 0\");local x = f(); M(\"-time 0\")",
            ),
            ("%time f(); -- quiet", "M(\"+time 0\"); M(\"-time 0\",f());"),
            (
                "%time x = 1 return x",
                "M(\"+time 0\");x = 1  M(\"-time 0\", x)",
            ),
            ("%time x +", "M(\"%time x +\")"),
            (
                "%timeit -n 3 -r2 f(...)",
                "M(\"%timeit -n 3 -r2\")(function(M_n,M_c,...)local M_s=M_c()\
                 for M_i=1,M_n do f(...) end return M_c()-M_s end,...)",
            ),
            (
                "%timeit x + 1",
                "M(\"%timeit \")(function(M_n,M_c)local M_s=M_c()\
                 for M_i=1,M_n do  local M_v=x + 1 end return M_c()-M_s end)",
            ),
            ("%nope {1", "M(\"%nope {1\")"),
        ] {
            assert_eq!(lua(code), expected, "{code}");
        }
    }

    #[test]
    fn a_cell_magic_has_all_below_it() {
        assert_eq!(
            lua("-- a page\n%%html a {b}\n<b>\"\n%who\n"),
            "\nM(\"%%html a {b}\",(b),\"<b>\\\"\\n%who\\n\")"
        );
        assert_eq!(lua("%%html"), "M(\"%%html \",\"\")");
        assert_eq!(
            lua("%%timeit -r 2\nlocal x = 1\nx"),
            "M(\"%timeit -r 2\")(function(M_n,M_c)local M_s=M_c()for M_i=1,M_n do\n\
             local x = 1\n local M_v=x\nend return M_c()-M_s end)"
        );
        assert_eq!(
            lua("%%timeit\nx +"),
            "\nx +",
            "for Lua to say what is missing"
        );
    }

    #[test]
    fn magics_whose_cell_is_lua_leave_its_lines_where_they_are() {
        let reading = read("%%nohistory\n%%time\nx = 1\n!ls", &dialect);
        assert!(reading.is_timed);
        assert!(reading.lua.starts_with("\n\nx = 1\nperilune_magic("));
        let reading = read("%%time\nx = 1", &dialect);
        assert_eq!(reading.masked, "      \nx = 1");
        assert_eq!((reading.lua.as_ref(), reading.function), ("\nx = 1", None));
    }

    #[test]
    fn the_users_code_can_be_found_again() {
        let code = "%%nohistory\ne = 'é'\n!echo é\n%time local x = e() x.y()\n%timeit -n 1 f(x)\nx";
        let reading = read(code, &dialect);
        assert_eq!(reading.masked.len(), code.len());
        let copies: Vec<_> = reading.copies.unwrap();
        for copy in &copies {
            let text = &code[copy.code..copy.code + copy.length];
            assert_eq!(&reading.lua[copy.lua..copy.lua + copy.length], text);
        }
        let copied = |text: &str| {
            let at = code.find(text).unwrap();
            let holds = |copy: &Copied| (copy.code..copy.code + copy.length).contains(&at);
            copies.iter().any(holds)
        };
        for text in ["e = '", "local x", "x.y()", "f(x)", "\nx"] {
            assert!(copied(text), "{text}");
        }
        assert!(!copied("echo") && !copied("nohistory"));
    }

    #[test]
    fn a_cell_without_magics_is_not_copied() {
        assert!(matches!(
            read("x = 10\n% 3", &dialect).lua,
            Cow::Borrowed(_)
        ));
    }

    #[test]
    fn the_kernels_name_gives_way() {
        let reading = read("perilune_magic_n = 1;\n%who", &dialect);
        assert_eq!(reading.function.as_deref(), Some("perilune_magic1_"));
        let reading = read("perilune_magic = 1\n!ls", &dialect);
        assert_eq!(reading.function.as_deref(), Some("perilune_magic1_"));
    }

    #[test]
    fn magics_without_end_come_to_one() {
        let code = "%%time\n".repeat(20_000) + "x = 1";
        continues(&code, &dialect);
        let code = format!("{FUNCTION}{}", "_".repeat(200_000));
        assert_eq!(unused_name(&code).len(), FUNCTION.len() + 2);
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
}
