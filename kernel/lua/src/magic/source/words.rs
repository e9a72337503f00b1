//! Quotes: the words of a magic's line, and where in a command a shell would see a value.

use super::template::{Part, Template};

/// A word, still in parts.
pub(crate) type Word<'a> = Vec<Piece<'a>>;

/// A part of a text, and the quotes that it stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece<'a> {
    pub(crate) part: Part<'a>,
    pub(crate) quote: Option<char>,
}

/// The pieces of a shell command: its text as it is, and for each value the quotes around it.
pub(crate) fn shell_pieces<'a>(template: &Template<'a>) -> Vec<Piece<'a>> {
    let mut quotes = Quotes::default();
    let pieces = template.0.iter().map(|part| {
        let piece = Piece {
            part: *part,
            quote: quotes.open,
        };
        if let Part::Text(text) = part {
            text.chars().for_each(|char| quotes.read_command(char));
        }
        piece
    });
    pieces.collect()
}

/// What a character means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    /// Itself.
    Text,
    /// A quote, or the backslash before another character.
    Mark,
    /// White space between words.
    Space,
}

/// Follows quotes as a shell does.
#[derive(Debug, Default)]
struct Quotes {
    open: Option<char>,
    is_escaped: bool,
    /// The `$(` that are open: the quote around each, and the parentheses open in it.
    substitutions: Vec<(Option<char>, usize)>,
    is_after_dollar: bool,
}

impl Quotes {
    /// Reads a character of a command, in which `$(` begins with quotes of its own.
    fn read_command(&mut self, char: char) {
        let is_after_dollar = std::mem::replace(&mut self.is_after_dollar, char == '$');
        let is_mark = !self.is_escaped && self.open != Some('\'');
        match char {
            '(' if is_mark && is_after_dollar => {
                self.substitutions.push((self.open.take(), 0));
            }
            '(' | ')' if is_mark && self.open.is_none() => {
                if let Some((quote, depth)) = self.substitutions.last_mut() {
                    match (char, *depth) {
                        ('(', _) => *depth += 1,
                        (_, 0) => {
                            self.open = *quote;
                            self.substitutions.pop();
                        }
                        _ => *depth -= 1,
                    }
                }
            }
            _ => {
                self.read(char);
            }
        }
    }

    fn read(&mut self, char: char) -> Meaning {
        if std::mem::take(&mut self.is_escaped) {
            // A newline behind a backslash joins two lines.
            return if char == '\n' {
                Meaning::Mark
            } else {
                Meaning::Text
            };
        }
        match (self.open, char) {
            (Some('\''), '\'') | (Some('"'), '"') => {
                self.open = None;
                Meaning::Mark
            }
            (None, '\'' | '"') => {
                self.open = Some(char);
                Meaning::Mark
            }
            (None | Some('"'), '\\') => {
                self.is_escaped = true;
                Meaning::Mark
            }
            (None, char) if char.is_whitespace() => Meaning::Space,
            _ => Meaning::Text,
        }
    }
}

/// The words of a magic's line. Quotes keep words together, and values are never taken apart.
///
/// # Errors
///
/// When a quote is not closed.
pub(crate) fn words<'a>(template: &Template<'a>) -> Result<Vec<Word<'a>>, String> {
    let mut words = Vec::new();
    let mut word: Option<Word<'a>> = None;
    let mut quotes = Quotes::default();
    for part in &template.0 {
        let Part::Text(text) = part else {
            word.get_or_insert_default().push(Piece {
                part: *part,
                quote: quotes.open,
            });
            continue;
        };
        for (at, char) in text.char_indices() {
            match quotes.read(char) {
                Meaning::Space => words.extend(word.take()),
                // Even an empty pair of quotes is a word.
                Meaning::Mark => {
                    if char != '\n' && !(char == '\\' && text[at + 1..].starts_with('\n')) {
                        word.get_or_insert_default();
                    }
                }
                Meaning::Text => {
                    let part = Part::Text(&text[at..at + char.len_utf8()]);
                    let quote = quotes.open;
                    word.get_or_insert_default().push(Piece { part, quote });
                }
            }
        }
    }
    if let Some(quote) = quotes.open {
        return Err(format!("the quote {quote} is not closed"));
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        let template = Template::of(text);
        let words = words(&template).unwrap();
        let text = |piece: Piece<'_>| match piece.part {
            Part::Text(text) => text.to_owned(),
            Part::Value { expression, .. } => format!("<{expression}>"),
        };
        words
            .into_iter()
            .map(|word| word.into_iter().map(text).collect())
            .collect()
    }

    #[test]
    fn words_are_kept_together_by_quotes() {
        assert_eq!(
            read(r#"a 'b c' "d '" e\ f '' g"h""#),
            ["a", "b c", "d '", "e f", "", "gh"]
        );
        assert_eq!(read("-n {x} pre$x"), ["-n", "<x>", "pre<x>"]);
        assert_eq!(read("a \\\n b"), ["a", "b"]);
        assert!(words(&Template::of("a 'b")).is_err());
    }

    #[test]
    fn a_value_knows_its_quotes() {
        let template = Template::of(r#"a {x} "b $x" 'c {x}' \" {x} "$(d {x} (e) "$x")$x""#);
        let double = Some('"');
        let quotes: Vec<_> = shell_pieces(&template)
            .into_iter()
            .filter(|piece| matches!(piece.part, Part::Value { .. }))
            .map(|piece| piece.quote)
            .collect();
        assert_eq!(
            quotes,
            [None, double, Some('\''), None, None, double, double]
        );
    }
}
