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
use std::fmt::Write;

use super::super::super::syntax::tokens;
use super::call::{call, unused_name};
use super::cell_magic::{CellMagic, MOST_NESTED, cell_magic, newlines};
use super::find::{Found, Spot, find, mask};
use super::line_magic::{name_and_rest, numeric_options};
use super::statements::{Statements, uses_arguments};

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

#[cfg(test)]
mod tests;
