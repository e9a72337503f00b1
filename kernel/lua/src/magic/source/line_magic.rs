/// The name of a line magic, and what stands behind it.
pub(super) fn name_and_rest(text: &str) -> Option<(&str, &str)> {
    let text = text.strip_prefix('%')?;
    let length = text
        .bytes()
        .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
        .count();
    (length > 0).then(|| (&text[..length], text[length..].trim()))
}

/// Options with a number each, `-n 10 -r3`, and what stands behind them.
pub(super) fn numeric_options(text: &str) -> (&str, &str) {
    let mut rest = text.trim_start();
    while let Some(after) = rest.strip_prefix('-') {
        let Some(after) = after.strip_prefix(|letter: char| letter.is_ascii_alphabetic()) else {
            break;
        };
        let number = after.trim_start();
        let after = number.trim_start_matches(|digit: char| digit.is_ascii_digit());
        let ends = after.is_empty() || after.starts_with(char::is_whitespace);
        if after.len() == number.len() || !ends {
            break;
        }
        rest = after.trim_start();
    }
    let options = text[..text.len() - rest.len()].trim();
    (options, rest)
}
