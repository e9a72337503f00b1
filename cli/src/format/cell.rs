use std::ops::Range;

use perilune_lua::{CellEnd, CellParts};
use stylua_lib::{Config, LineEndings};

use super::lua;

/// Formats a cell; magics, commands and requests for help in it stay as they are.
pub fn format(code: &str, mut style: Config) -> Result<String, String> {
    style.line_endings = LineEndings::Unix;
    let parts = CellParts::of(code);
    let Some(start) = parts.lua else {
        return Ok(code.to_owned());
    };
    let masked = Masked::of(code, start, &parts.magics);
    if masked.is_all {
        return Ok(code.to_owned());
    }
    let formatted = formatted(&masked.code, style)?;
    let formatted = masked.restored(&formatted);
    Ok(format!(
        "{}{}",
        &code[..start],
        formatted.trim_end_matches('\n')
    ))
}

/// Formats what may end with an expression, and with a semicolon that hides its value.
fn formatted(code: &str, style: Config) -> Result<String, String> {
    let Some(end) = CellEnd::of(code) else {
        return lua(code, style);
    };
    let mut statement = code.to_owned();
    for semicolon in end.semicolons.iter().rev() {
        statement.remove(*semicolon);
    }
    if end.is_expression {
        statement.insert_str(end.value.start, "return ");
    }
    let mut formatted = lua(&statement, style)?;
    let lost = || "it cannot be formatted without changing what it shows".to_owned();
    let after = CellEnd::of(&formatted).ok_or_else(lost)?;
    if !end.semicolons.is_empty() {
        formatted.insert(after.value.end, ';');
    }
    if end.is_expression {
        let before = &formatted[..after.value.start];
        let statement = before.strip_suffix("return").ok_or_else(lost)?.len();
        let value = &formatted[after.value.start..];
        let blank = value.len() - value.trim_start().len();
        formatted.replace_range(statement..after.value.start + blank, "");
    }
    Ok(formatted)
}

/// A cell's Lua, in which the lines of magics are comments.
struct Masked<'a> {
    code: String,
    /// What is a comment for now.
    lines: Vec<&'a str>,
    /// Whether nothing else is there.
    is_all: bool,
}

impl<'a> Masked<'a> {
    /// That of a cell from `start` on, with `magics` in it.
    fn of(cell: &'a str, start: usize, magics: &[Range<usize>]) -> Self {
        let mut masked = Self {
            code: String::with_capacity(cell.len()),
            lines: Vec::new(),
            is_all: true,
        };
        let mut done = start;
        for magic in magics {
            let line = cell[..magic.start]
                .rfind('\n')
                .map_or(0, |newline| newline + 1);
            // Several may stand on one line.
            if line < done {
                continue;
            }
            let end = cell[magic.end..]
                .find('\n')
                .map_or(cell.len(), |newline| magic.end + newline);
            masked.keep(&cell[done..line]);
            let text = &cell[line..end];
            let indented = text.len() - text.trim_start().len();
            masked.code.push_str(&text[..indented]);
            masked.code.push_str(&mask(masked.lines.len()));
            masked.lines.push(&text[indented..]);
            done = end;
        }
        masked.keep(&cell[done..]);
        masked
    }

    fn keep(&mut self, lua: &str) {
        self.is_all &= lua.trim().is_empty();
        self.code.push_str(lua);
    }

    fn restored(&self, code: &str) -> String {
        let mut restored = code.to_owned();
        for (number, line) in self.lines.iter().enumerate() {
            restored = restored.replacen(&mask(number), line, 1);
        }
        restored
    }
}

fn mask(number: usize) -> String {
    format!("--\u{1F319}magic {number}\u{1F319}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn formatted(code: &str) -> String {
        let style = Config::new();
        let once = format(code, style).unwrap_or_else(|error| panic!("{code}: {error}"));
        assert_eq!(
            format(&once, style).unwrap(),
            once,
            "formatting twice is formatting once"
        );
        once
    }

    #[test]
    fn statements_are_formatted_and_end_without_a_newline() {
        assert_eq!(
            formatted("local x=1\nprint( x )\n"),
            "local x = 1\nprint(x)"
        );
        assert_eq!(formatted("if x then\n y() end"), "if x then\n\ty()\nend");
    }

    #[test]
    fn the_value_at_the_end_stays_a_value() {
        assert_eq!(formatted("x=1\nx+1"), "x = 1\nx + 1");
        assert_eq!(formatted("6*7 -- the answer"), "6 * 7 -- the answer");
        assert_eq!(formatted("a ,b"), "a, b");
        assert_eq!(formatted("{1,2}"), "{ 1, 2 }");
        assert_eq!(formatted("return  x"), "return x");
        assert_eq!(formatted("f( )"), "f()");
    }

    #[test]
    fn a_semicolon_that_hides_the_value_stays() {
        assert_eq!(formatted("x+1 ;"), "x + 1;");
        assert_eq!(formatted("f(1) ; -- quietly"), "f(1); -- quietly");
        assert_eq!(formatted("f(1);;"), "f(1);");
        assert_eq!(formatted("return 1 ;"), "return 1;");
        assert_eq!(formatted("f() --[[;]] ;\n"), "f(); --[[;]]");
        assert_eq!(formatted("x=1;y=2;"), "x = 1\ny = 2");
    }

    #[test]
    fn magics_commands_and_questions_stay() {
        for code in [
            "!ls -l  |  wc",
            "?print",
            "print??",
            "%who",
            "%time   f( 1 )",
            "%%html\n<b >",
        ] {
            assert_eq!(formatted(code), code);
        }
        assert_eq!(
            formatted("x=1\n;%time  f( x )\nfiles  =  !ls  *.lua\nprint( files )"),
            "x = 1\n;%time  f( x )\nfiles  =  !ls  *.lua\nprint(files)"
        );
        assert_eq!(
            formatted("if x then\n!ls\nend\nx"),
            "if x then\n\t!ls\nend\nx"
        );
        assert_eq!(formatted("!a\n!b\nx=1"), "!a\n!b\nx = 1");
        assert_eq!(formatted("!a \\\n   b\nx=1"), "!a \\\n   b\nx = 1");
        assert_eq!(
            formatted("-- Quietly\n%%nohistory\nx=1"),
            "-- Quietly\n%%nohistory\nx = 1"
        );
    }

    #[test]
    fn what_looks_like_a_magic_and_is_lua_is_lua() {
        assert_eq!(formatted("y = x\n%time\n"), "y = x % time");
        assert_eq!(formatted("s = [[\n!ls\n%who\n]]"), "s = [[\n!ls\n%who\n]]");
        assert_eq!(
            formatted("!ls\ns = [[\n  !ls\n]]"),
            "!ls\ns = [[\n  !ls\n]]"
        );
    }

    #[test]
    fn below_a_magic_over_lua_is_lua() {
        assert_eq!(formatted("%%time\nx=1\nx"), "%%time\nx = 1\nx");
        assert_eq!(
            formatted("%%nohistory\n%%time\nx=1"),
            "%%nohistory\n%%time\nx = 1"
        );
        let bash = "%%time\n%%bash\nif [ 1 ];  then :; fi";
        assert_eq!(formatted(bash), bash);
    }

    #[test]
    fn what_is_empty_stays() {
        for code in ["", "\n", "  \n ", "%%time\n"] {
            assert_eq!(formatted(code), code);
        }
    }

    #[test]
    fn what_is_not_lua_says_where() {
        let error = format("x = 1\ny = = 2", Config::new()).unwrap_err();
        assert!(error.contains("2:5"), "{error}");
    }
}
