use std::fmt::Write;

use crate::syntax::is_keyword;

/// A string as Lua would read it back, on one line; cut behind `limit` bytes.
pub(crate) fn quoted(bytes: &[u8], limit: usize) -> String {
    let quote = if bytes.contains(&b'"') && !bytes.contains(&b'\'') {
        '\''
    } else {
        '"'
    };
    let cut = bytes.len() > limit;
    let shown = &bytes[..bytes.len().min(limit)];
    let mut text = String::with_capacity(shown.len() + 2);
    text.push(quote);
    let mut chunks = shown.utf8_chunks().peekable();
    while let Some(chunk) = chunks.next() {
        let mut characters = chunk.valid().chars().peekable();
        while let Some(character) = characters.next() {
            match character {
                '\n' => text.push_str("\\n"),
                '\r' => text.push_str("\\r"),
                '\t' => text.push_str("\\t"),
                '\\' => text.push_str("\\\\"),
                character if character == quote => {
                    text.push('\\');
                    text.push(quote);
                }
                character if character.is_control() => {
                    let digit_follows = characters.peek().is_some_and(char::is_ascii_digit);
                    match u32::from(character) {
                        code @ 0..=9 if !digit_follows => _ = write!(text, "\\{code}"),
                        code @ 0..=0x7f => _ = write!(text, "\\x{code:02x}"),
                        code => _ = write!(text, "\\u{{{code:x}}}"),
                    }
                }
                character => text.push(character),
            }
        }
        // A character that the limit has cut in two is not wrong.
        if !(cut && chunks.peek().is_none()) {
            for byte in chunk.invalid() {
                let _ = write!(text, "\\x{byte:02x}");
            }
        }
    }
    text.push(quote);
    if cut {
        let _ = write!(text, "… ({} bytes)", bytes.len());
    }
    text
}

/// Whether a table constructor may have `name = ...`.
pub(crate) fn is_plain_key(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes
        .next()
        .is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !is_keyword(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_quoted_as_lua_reads_them() {
        let cases: [(&[u8], &str); 7] = [
            (b"plain", r#""plain""#),
            (b"say \"hi\"", r#"'say "hi"'"#),
            (b"both \" and '", r#""both \" and '""#),
            (b"a\nb\\\0", r#""a\nb\\\0""#),
            (b"\x001", r#""\x001""#),
            ("smørrebrød".as_bytes(), "\"smørrebrød\""),
            (b"\xff\xfea", r#""\xff\xfea""#),
        ];
        for (bytes, expected) in cases {
            assert_eq!(quoted(bytes, 100), expected);
        }
    }

    #[test]
    fn long_strings_are_cut_between_characters() {
        assert_eq!(quoted("aéé".as_bytes(), 4), "\"aé\"… (5 bytes)");
    }
}
