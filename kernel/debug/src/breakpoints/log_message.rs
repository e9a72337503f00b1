use perilune_language::debug::LogPiece;

/// Reads a logpoint's message, in which `{expression}` stands for a value. A brace itself is
/// written `\{` or `{{`, and `\}` or `}}`. Braces and strings within an expression are its own.
///
/// # Errors
///
/// Where a brace is missing, for a person.
pub(crate) fn parse(message: &str) -> Result<Vec<LogPiece>, String> {
    let mut pieces = Vec::new();
    let mut text = String::new();
    let mut rest = message;
    while let Some(first) = rest.chars().next() {
        let escaped = ["\\{", "\\}", "\\\\", "{{", "}}"].into_iter();
        if let Some(pair) = { escaped }.find(|pair| rest.starts_with(*pair)) {
            text.push_str(&pair[1..]);
            rest = &rest[2..];
        } else if first == '{' {
            let end = expression_end(&rest[1..]).ok_or_else(|| {
                format!("`{message}`: a `{{` has no `}}`; write `{{{{` for a brace")
            })?;
            let expression = rest[1..=end].trim();
            if expression.is_empty() {
                return Err(format!(
                    "`{message}`: there is no expression between `{{` and `}}`"
                ));
            }
            if !text.is_empty() {
                pieces.push(LogPiece::Text(std::mem::take(&mut text)));
            }
            pieces.push(LogPiece::Expression(expression.to_owned()));
            rest = &rest[end + 2..];
        } else {
            text.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    if !text.is_empty() || pieces.is_empty() {
        pieces.push(LogPiece::Text(text));
    }
    Ok(pieces)
}

/// The expressions in a message.
pub(crate) fn expressions(pieces: &[LogPiece]) -> impl Iterator<Item = &str> {
    pieces.iter().filter_map(|piece| match piece {
        LogPiece::Text(_) => None,
        LogPiece::Expression(expression) => Some(expression.as_str()),
    })
}

/// Where the brace is that ends an expression, behind which `text` begins.
fn expression_end(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut quote = None;
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match (quote, character) {
            (Some(_), '\\') => {
                characters.next();
            }
            (Some(open), _) if open == character => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(character),
            (None, '{') => depth += 1,
            (None, '}') if depth == 0 => return Some(at),
            (None, '}') => depth -= 1,
            (None, _) => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> LogPiece {
        LogPiece::Text(text.to_owned())
    }

    fn value(expression: &str) -> LogPiece {
        LogPiece::Expression(expression.to_owned())
    }

    #[test]
    fn braces_hold_expressions() {
        assert_eq!(parse("hello"), Ok(vec![text("hello")]));
        assert_eq!(
            parse("i = {i}, größe: { t.größe }!"),
            Ok(vec![
                text("i = "),
                value("i"),
                text(", größe: "),
                value("t.größe"),
                text("!")
            ])
        );
        assert_eq!(parse("{a}{b}"), Ok(vec![value("a"), value("b")]));
    }

    #[test]
    fn an_expression_may_have_braces_and_strings_of_its_own() {
        assert_eq!(parse("{#({1, {2}})}"), Ok(vec![value("#({1, {2}})")]));
        assert_eq!(
            parse(r#"{ f("}", '\'}') } end"#),
            Ok(vec![value(r#"f("}", '\'}')"#), text(" end")])
        );
    }

    #[test]
    fn a_brace_itself_is_doubled_or_behind_a_backslash() {
        assert_eq!(parse(r"\{i\}"), Ok(vec![text("{i}")]));
        assert_eq!(parse("{{i}} = {i}"), Ok(vec![text("{i} = "), value("i")]));
        assert_eq!(parse(r"a\\b \n"), Ok(vec![text(r"a\b \n")]));
        assert_eq!(parse("a } b"), Ok(vec![text("a } b")]));
        assert_eq!(parse(""), Ok(vec![text("")]));
    }

    #[test]
    fn what_is_not_closed_or_empty_is_refused() {
        assert!(parse("i = {i").unwrap_err().contains("has no `}`"));
        assert!(parse("i = {f('}')").unwrap_err().contains("has no `}`"));
        assert!(parse("i = {}").unwrap_err().contains("no expression"));
    }
}
