/// What a private cell begins with.
const MARK: &str = "%%nohistory";

/// Whether a cell's magics, the lines with `%%` that it begins with, have `%%nohistory` among
/// them. Blank lines before them make no difference: who wanted to be forgotten shall be.
pub(crate) fn is_private(code: &str) -> bool {
    code.trim_start_matches('\u{feff}')
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .take_while(|line| line.starts_with("%%"))
        .any(|line| line.split_whitespace().next() == Some(MARK))
}

#[cfg(test)]
mod tests {
    use super::is_private;

    #[test]
    fn a_first_line_of_nohistory_makes_a_cell_private() {
        for code in [
            "%%nohistory",
            "%%nohistory\nprint(1)",
            "\n  %%nohistory \r\nprint(1)",
            "\u{feff}%%nohistory\n",
            "%%time\n%%nohistory\nx = 1",
        ] {
            assert!(is_private(code), "{code:?}");
        }
    }

    #[test]
    fn anything_else_is_not() {
        for code in [
            "",
            "print(1)\n%%nohistory",
            "-- %%nohistory",
            "%nohistory",
            "%%nohistoryx\n",
            "%%time\nx = 1",
        ] {
            assert!(!is_private(code), "{code:?}");
        }
    }
}
