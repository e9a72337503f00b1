use crate::magic::cell_magic;

/// The magic of private cells.
const NAME: &str = "nohistory";

/// Whether a cell begins with `%%nohistory`, or has it among the magics that it begins with, whatever
/// these do with the rest: who wanted to be forgotten shall be.
pub fn is_private(code: &str) -> bool {
    let mut rest = code.trim_start_matches('\u{feff}');
    while let Some(magic) = cell_magic(rest) {
        if magic.name == NAME {
            return true;
        }
        rest = magic.body.unwrap_or_default();
    }
    false
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
            "-- a secret\n--[[ of\nours ]]\n%%nohistory\nprint(1)",
            "\u{feff}%%nohistory\n",
            "%%time\n%%nohistory\nx = 1",
            "%%html\n%%nohistory",
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
