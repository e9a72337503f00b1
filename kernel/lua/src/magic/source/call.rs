//! The calls of the kernel's function.

use std::collections::HashSet;
use std::fmt::Write;

use super::template::Template;

/// `M("text",(values)...,"body")`
pub(super) fn call(function: &str, text: &str, body: Option<&str>) -> String {
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

/// What the name begins with by which code calls the kernel's function.
pub(crate) const FUNCTION: &str = "perilune_magic";

/// A name that the code does not use, nor any that begins with it.
pub(super) fn unused_name(code: &str) -> String {
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

    #[test]
    fn a_name_is_no_longer_than_it_must_be() {
        let code = format!("{FUNCTION}{}", "_".repeat(200_000));
        assert_eq!(unused_name(&code).len(), FUNCTION.len() + 2);
    }
}
