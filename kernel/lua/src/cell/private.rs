use super::plain_code;
use crate::magic::cell_magic;

/// What a private cell begins with.
const MARK: &str = "nohistory";

/// Whether a cell's magics, the lines with `%%` that it begins with, have `%%nohistory` among
/// them. Blank lines and comments before them make no difference: who wanted to be forgotten
/// shall be.
pub(crate) fn is_private(code: &str) -> bool {
    let code = plain_code(code);
    let mut rest = &*code;
    while let Some(magic) = cell_magic(rest) {
        if magic.name == MARK {
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
            "\u{feff}%%nohistory\n",
            "%%time\n%%nohistory\nx = 1",
            "-- a secret\n%%nohistory\nx = 1",
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
            "--[[\n%%nohistory\n]]",
            "%nohistory",
            "%%nohistoryx\n",
            "%%time\nx = 1",
        ] {
            assert!(!is_private(code), "{code:?}");
        }
    }
}
