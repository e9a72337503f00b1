//! Positions in a text: clients count in UTF-16 code units, the language in code points.

/// How many code points stand before so many code units.
pub(in crate::session) fn code_points(text: &str, units: usize) -> usize {
    let mut passed = 0;
    text.chars()
        .take_while(|character| {
            passed += character.len_utf16();
            passed <= units
        })
        .count()
}

/// How many code units stand before so many code points.
pub(in crate::session) fn utf_16(text: &str, code_points: usize) -> usize {
    text.chars().take(code_points).map(char::len_utf16).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_beyond_the_basic_plane_counts_twice() {
        let text = "a🌙é.b";
        for (points, units) in [(0, 0), (1, 1), (2, 3), (3, 4), (5, 6)] {
            assert_eq!(utf_16(text, points), units);
            assert_eq!(code_points(text, units), points);
        }
        assert_eq!(code_points(text, 2), 1, "within a character: before it");
        assert_eq!(code_points(text, 100), 5);
        assert_eq!(utf_16(text, 100), 6);
    }
}
