use perilune_language::Detail;

/// The name that a cell asks help for: `name?`, `?name`, and with two marks for the source too.
///
/// No such cell is Lua, where a question mark stands in strings and comments only.
pub(crate) fn help_request(code: &str) -> Option<(&str, Detail)> {
    let code = code.trim();
    let (name, detail) = if let Some(name) = code.strip_prefix("??").or(code.strip_suffix("??")) {
        (name, Detail::Full)
    } else {
        let name = code.strip_prefix('?').or(code.strip_suffix('?'))?;
        (name, Detail::Brief)
    };
    let name = name.trim();
    is_path(name).then_some((name, detail))
}

/// Whether it is names with dots or colons between them.
fn is_path(text: &str) -> bool {
    text.split(['.', ':']).all(|name| {
        let mut letters = name.chars();
        letters
            .next()
            .is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
            && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_a_question_mark_asks_for_help() {
        for (code, name, detail) in [
            ("print?", "print", Detail::Brief),
            ("?string.format", "string.format", Detail::Brief),
            (" a.b:c ?? \n", "a.b:c", Detail::Full),
            ("??x", "x", Detail::Full),
        ] {
            assert_eq!(help_request(code), Some((name, detail)), "{code}");
        }
    }

    #[test]
    fn anything_else_is_code() {
        for code in [
            "print('?')",
            "?",
            "x ? y",
            "f()?",
            "-- why?",
            "1?",
            "a..b?",
            "x?\ny",
        ] {
            assert_eq!(help_request(code), None, "{code}");
        }
    }
}
