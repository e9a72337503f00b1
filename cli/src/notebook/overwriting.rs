/// Text as a terminal would leave it: a carriage return overwrites the line from its start, a
/// backspace the character before. A progress bar is one line in the notebook, not thousands.
pub fn apply(text: &str) -> String {
    if !text.contains(['\r', '\u{8}']) {
        return text.to_owned();
    }
    text.split_inclusive('\n').map(applied_to_line).collect()
}

fn applied_to_line(line: &str) -> String {
    let (line, end) = match line
        .strip_suffix("\r\n")
        .or_else(|| line.strip_suffix('\n'))
    {
        Some(line) => (line, "\n"),
        None => (line, ""),
    };
    let mut shown: Vec<char> = Vec::new();
    let mut column = 0_usize;
    for character in line.chars() {
        match character {
            '\r' => column = 0,
            '\u{8}' => column = column.saturating_sub(1),
            character => {
                match shown.get_mut(column) {
                    Some(place) => *place = character,
                    None => shown.push(character),
                }
                column += 1;
            }
        }
    }
    shown.into_iter().chain(end.chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::apply;

    #[test]
    fn plain_text_stays() {
        assert_eq!(apply("a\nb\r\nc"), "a\nb\nc");
        assert_eq!(apply("\u{1F319}\n"), "\u{1F319}\n");
    }

    #[test]
    fn a_carriage_return_overwrites_what_it_reaches() {
        assert_eq!(apply(" 9%\r10%\r100%\ndone"), "100%\ndone");
        assert_eq!(apply("12345\rab\n"), "ab345\n");
    }

    #[test]
    fn a_backspace_overwrites_one_character() {
        assert_eq!(apply("ab\u{8}c\u{8}\u{8}\u{8}\u{8}x"), "xc");
    }
}
