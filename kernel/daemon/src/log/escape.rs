use std::fmt::{self, Display, Formatter, Write};

/// Text from anywhere, safe to show: what would move a cursor, begin a line or turn the direction
/// of writing is shown as an escape.
#[derive(Debug, Clone, Copy)]
pub struct Escaped<'a>(pub &'a str);

/// Whether a character could make more of a line than a line.
pub(crate) fn is_unsafe(character: char) -> bool {
    // Line and paragraph separators, and those that turn the direction (Unicode UAX #9): what is
    // shown would not be what is there.
    character.is_control()
        || matches!(
            character,
            '\u{2028}' | '\u{2029}' | '\u{61c}' | '\u{200e}' | '\u{200f}'
                | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

impl Display for Escaped<'_> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '\n' => formatter.write_str("\\n")?,
                '\r' => formatter.write_str("\\r")?,
                '\t' => formatter.write_str("\\t")?,
                other if is_unsafe(other) => write!(formatter, "\\u{{{:x}}}", u32::from(other))?,
                other => formatter.write_char(other)?,
            }
        }
        Ok(())
    }
}

/// A value in a line of text: bare where it is one word, else in quotes.
pub(crate) struct Quoted<'a>(pub &'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let is_word = !self.0.is_empty()
            && !self.0.chars().any(|character| {
                character.is_whitespace() || is_unsafe(character) || "\"\\=".contains(character)
            });
        if is_word {
            return formatter.write_str(self.0);
        }
        formatter.write_char('"')?;
        for part in self.0.split_inclusive(['"', '\\']) {
            match part.char_indices().next_back() {
                Some((at, last @ ('"' | '\\'))) => {
                    write!(formatter, "{}\\{last}", Escaped(&part[..at]))?;
                }
                _ => Escaped(part).fmt(formatter)?,
            }
        }
        formatter.write_char('"')
    }
}

/// JSON on one line: `serde_json` escapes what JSON must, which is less than a terminal needs.
pub(crate) fn one_line_of_json(json: &str) -> String {
    let mut line = String::with_capacity(json.len() + 1);
    for character in json.chars() {
        if is_unsafe(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _ = write!(line, "\\u{unit:04x}");
            }
        } else {
            line.push(character);
        }
    }
    line
}
