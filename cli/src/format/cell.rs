use std::borrow::Cow;

use perilune_lua::CellEnd;
use stylua_lib::{Config, LineEndings};

use super::lua;

/// Magics whose cell is Lua below their line.
const OVER_LUA: [&str; 4] = ["%%nohistory", "%%time", "%%timeit", "%%capture"];

/// Formats a cell; magics, commands and requests for help in it stay as they are.
pub fn format(code: &str, mut style: Config) -> Result<String, String> {
    style.line_endings = LineEndings::Unix;
    let (magics, body) = split_magics(code);
    if body.trim().is_empty() || is_of_another_language(magics) {
        return Ok(code.to_owned());
    }
    let masked = Masked::of(body);
    if masked.is_all {
        return Ok(code.to_owned());
    }
    let formatted = formatted(&masked.code, style)?;
    let formatted = masked.restored(&formatted);
    Ok(format!("{magics}{}", formatted.trim_end_matches('\n')))
}

/// The lines with `%%` that a cell begins with, and the rest.
fn split_magics(code: &str) -> (&str, &str) {
    let mut end = 0;
    for line in code.split_inclusive('\n') {
        let is_blank_before = end == 0 && line.trim().is_empty();
        if !is_blank_before && !line.trim_start().starts_with("%%") {
            break;
        }
        end += line.len();
    }
    if code[..end].trim().is_empty() {
        return ("", code);
    }
    code.split_at(end)
}

fn is_of_another_language(magics: &str) -> bool {
    magics
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .any(|magic| !OVER_LUA.contains(&magic))
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

/// A cell in which magics are comments, so that it is Lua.
struct Masked<'a> {
    code: Cow<'a, str>,
    /// The lines that are comments for now.
    lines: Vec<&'a str>,
    /// Whether nothing else is there.
    is_all: bool,
}

impl<'a> Masked<'a> {
    fn of(code: &'a str) -> Self {
        if CellEnd::is_cell(code) {
            return Self {
                code: Cow::Borrowed(code),
                lines: Vec::new(),
                is_all: false,
            };
        }
        let mut masked = Self {
            code: Cow::Owned(String::with_capacity(code.len())),
            lines: Vec::new(),
            is_all: true,
        };
        for line in code.split_inclusive('\n') {
            let text = line.trim_end_matches(['\n', '\r']);
            let to = masked.code.to_mut();
            if is_magic(text) {
                // The indentation stays, since the line may be one of a string.
                let line = text.trim_start();
                to.push_str(&text[..text.len() - line.len()]);
                to.push_str(&mask(masked.lines.len()));
                to.push('\n');
                masked.lines.push(line);
            } else {
                masked.is_all &= text.trim().is_empty();
                to.push_str(line);
            }
        }
        masked
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

/// Whether a line, in a cell that is not Lua as a whole, is none because it is a magic.
fn is_magic(line: &str) -> bool {
    let line = line.trim();
    let begins = |text: &str| {
        text.starts_with(['!', '?'])
            || text
                .strip_prefix('%')
                .is_some_and(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()))
    };
    let is_asked = || line.ends_with('?') && !line.contains("--");
    let is_assigned = || {
        line.split_once('=').is_some_and(|(names, value)| {
            let is_name = |c: char| c.is_alphanumeric() || " _,.<>".contains(c);
            names.chars().all(is_name) && begins(value.trim_start())
        })
    };
    begins(line) || is_asked() || is_assigned()
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
            formatted("x=1\n%time  f( x )\nfiles  =  !ls  *.lua\nprint( files )"),
            "x = 1\n%time  f( x )\nfiles  =  !ls  *.lua\nprint(files)"
        );
        assert_eq!(
            formatted("if x then\n!ls\nend\nx"),
            "if x then\n\t!ls\nend\nx"
        );
        assert_eq!(formatted("!a\n!b\nx=1"), "!a\n!b\nx = 1");
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
