//! Text that is safe to draw anywhere.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// No label needs to be longer, in characters.
const LENGTH: usize = 200;

/// Without control characters, which XML and terminals cannot have, and not endless.
pub(crate) fn clean(text: &str) -> String {
    let mut clean: String = text
        .chars()
        .take(LENGTH)
        .map(|c| match c {
            '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
            // They would change how the rest of the line reads.
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => ' ',
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => ' ',
            c => c,
        })
        .collect();
    if text.chars().nth(LENGTH).is_some() {
        clean.push('…');
    }
    clean
}

/// How many columns of a terminal a text takes.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// At most `columns` wide, with an ellipsis where something is missing.
pub(crate) fn shorten(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut short = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > columns {
            break;
        }
        short.push(c);
    }
    short.push('…');
    short
}

/// Filled with spaces at the end.
pub(crate) fn pad(text: &str, columns: usize) -> String {
    let missing = columns.saturating_sub(width(text));
    format!("{text}{:missing$}", "")
}

/// Filled with spaces at the start.
pub(crate) fn pad_start(text: &str, columns: usize) -> String {
    let missing = columns.saturating_sub(width(text));
    format!("{:missing$}{text}", "")
}

/// A whole number with its thousands set apart.
pub(crate) fn grouped(number: usize) -> String {
    group_digits(&number.to_string())
}

/// The same for digits that were written already.
pub(crate) fn group_digits(digits: &str) -> String {
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_have_no_control_characters_and_an_end() {
        assert_eq!(clean("a\0b\u{1b}[31m\nc\u{ffff}"), "a b [31m c\u{fffd}");
        assert_eq!(clean(&"é".repeat(500)).chars().count(), 201);
    }

    #[test]
    fn what_is_cut_says_so_and_fits() {
        assert_eq!(shorten("mare tranquillitatis", 10), "mare tran…");
        assert_eq!(shorten("静かの海", 5), "静か…");
        assert_eq!(shorten("luna", 4), "luna");
        assert_eq!(pad("海", 4), "海  ");
    }

    #[test]
    fn thousands_are_set_apart() {
        let grouped: Vec<_> = [7, 999, 1000, 100_000, 1_234_567].map(grouped).into();
        assert_eq!(grouped, ["7", "999", "1,000", "100,000", "1,234,567"]);
    }
}
