use nu_ansi_term::{Color, Style};
use perilune_lua::{CellParts, Token, TokenKind, tokens_with_comments};
use reedline::{Highlighter, StyledText};

/// Colours for what is typed. They are the terminal's own, so they are readable where its other
/// text is.
pub struct Colours;

impl Highlighter for Colours {
    fn highlight(&self, line: &str, cursor: usize) -> StyledText {
        let mut styles: Vec<(usize, usize, Style)> = Vec::new();
        let parts = CellParts::of(line);
        let is_magic = |at: usize| {
            at < parts.lua.unwrap_or(0) || parts.magics.iter().any(|it| it.contains(&at))
        };
        let tokens: Vec<_> = tokens_with_comments(line)
            .filter(|token| parts.lua.is_some() && !is_magic(token.start))
            .collect();
        let pair = brackets(&tokens, cursor);
        for (index, token) in tokens.iter().enumerate() {
            let style = if pair.is_some_and(|pair| pair.0 == index || pair.1 == index) {
                Some(Style::new().bold().underline())
            } else {
                style(token.kind)
            };
            if let Some(style) = style {
                styles.push((token.start, token.end(), style));
            }
        }
        let magic = Style::new().fg(Color::Cyan);
        styles.extend(parts.magics.iter().map(|it| (it.start, it.end, magic)));
        // The magics that a cell begins with.
        if let Some(lua @ 1..) = parts.lua {
            styles.push((0, lua, magic));
        }
        styles.sort_by_key(|(start, ..)| *start);
        styled(line, &styles)
    }
}

fn style(kind: TokenKind) -> Option<Style> {
    Some(match kind {
        TokenKind::Keyword => Style::new().fg(Color::Magenta),
        TokenKind::String => Style::new().fg(Color::Green),
        TokenKind::Number => Style::new().fg(Color::Cyan),
        TokenKind::Comment => Style::new().fg(Color::DarkGray),
        TokenKind::Unfinished => Style::new().fg(Color::Green).underline(),
        TokenKind::Unknown => Style::new().fg(Color::Red),
        TokenKind::Name | TokenKind::Symbol => return None,
    })
}

fn styled(line: &str, styles: &[(usize, usize, Style)]) -> StyledText {
    let mut text = StyledText::new();
    let mut push = |style: Style, part: &str| {
        if !part.is_empty() {
            text.push((style, part.to_owned()));
        }
    };
    let mut at = 0;
    for (start, end, style) in styles {
        if *start < at {
            continue;
        }
        push(Style::new(), &line[at..*start]);
        push(*style, &line[*start..*end]);
        at = *end;
    }
    push(Style::new(), &line[at..]);
    text
}

const PAIRS: [(&str, &str); 3] = [("(", ")"), ("[", "]"), ("{", "}")];

/// The bracket at the cursor, or before it, and its other half.
fn brackets(tokens: &[Token<'_>], cursor: usize) -> Option<(usize, usize)> {
    let touches = |token: &Token<'_>| token.start == cursor || token.end() == cursor;
    let mut open: Vec<usize> = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        if PAIRS.iter().any(|(opener, _)| token.is(opener)) {
            open.push(index);
        } else if let Some((opener, _)) = PAIRS.iter().find(|(_, closer)| token.is(closer)) {
            let other = open.pop()?;
            if !tokens[other].is(opener) {
                return None;
            }
            if touches(token) || touches(&tokens[other]) {
                return Some((other, index));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coloured(line: &str) -> Vec<(String, Style)> {
        let text = Colours.highlight(line, usize::MAX);
        let whole: String = text.buffer.iter().map(|(_, part)| part.as_str()).collect();
        assert_eq!(whole, line);
        text.buffer
            .into_iter()
            .filter(|(style, _)| !style.is_plain())
            .map(|(style, part)| (part, style))
            .collect()
    }

    fn fg(colour: Color) -> Style {
        Style::new().fg(colour)
    }

    #[test]
    fn lua_is_coloured_by_its_tokens() {
        assert_eq!(
            coloured("local s = 'x' .. 1 -- note"),
            [
                ("local".to_owned(), fg(Color::Magenta)),
                ("'x'".to_owned(), fg(Color::Green)),
                ("1".to_owned(), fg(Color::Cyan)),
                ("-- note".to_owned(), fg(Color::DarkGray)),
            ]
        );
    }

    #[test]
    fn a_string_that_is_not_closed_is_marked() {
        let unfinished = fg(Color::Green).underline();
        assert_eq!(coloured("'x"), [("'x".to_owned(), unfinished)]);
    }

    #[test]
    fn magics_are_no_lua() {
        assert_eq!(
            coloured("%time f(1)\nlocal x"),
            [
                ("%time f(1)".to_owned(), fg(Color::Cyan)),
                ("local".to_owned(), fg(Color::Magenta)),
            ]
        );
        assert_eq!(
            coloured("%%time\nnil"),
            [
                ("%%time\n".to_owned(), fg(Color::Cyan)),
                ("nil".to_owned(), fg(Color::Magenta)),
            ]
        );
    }

    #[test]
    fn the_bracket_at_the_cursor_shows_its_other_half() {
        let line = "f({1}, (2))";
        let marked = |cursor| -> Vec<_> {
            let text = Colours.highlight(line, cursor);
            let marked = text.buffer.into_iter();
            let marked = marked.filter(|(style, _)| style.is_underline);
            marked.map(|(_, part)| part).collect()
        };
        assert_eq!(marked(line.len()), ["(", ")"]);
        assert_eq!(marked(2), ["{", "}"]);
        assert!(marked(0).is_empty());
    }
}
