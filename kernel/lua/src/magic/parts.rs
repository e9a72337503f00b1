use std::ops::Range;

use super::registry;
use super::source::{Code, cell_magic, spots};
use crate::code;

/// What of a cell is Lua and what is not, for programs that rewrite cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellParts {
    /// Where Lua begins, behind the magics that are for the whole cell; nothing if there is none, as
    /// below `%%html`, or in a request for help.
    pub lua: Option<usize>,
    /// The magics in it, in order, each from its first character to the end of its line.
    pub magics: Vec<Range<usize>>,
}

impl CellParts {
    /// The parts of a cell.
    pub fn of(cell: &str) -> Self {
        let nothing = Self {
            lua: None,
            magics: Vec::new(),
        };
        if code::help_request(cell).is_some() || super::help_request(cell).is_some() {
            return nothing;
        }
        let mut start = 0;
        while let Some(magic) = cell_magic(&cell[start..]) {
            let takes_lua = matches!(
                registry::code_of(magic.name),
                Some(Code::Plain | Code::Timed | Code::Repeated)
            );
            match magic.body {
                Some(body) if takes_lua => start = cell.len() - body.len(),
                _ => return nothing,
            }
        }
        let known = |name: &str| registry::find(name).is_some();
        let magics = spots(&cell[start..], &known)
            .map(|range| range.start + start..range.end + start)
            .collect();
        Self {
            lua: Some(start),
            magics,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lua_begins_below_the_magics_of_the_cell() {
        let lua = |cell: &str| {
            CellParts::of(cell)
                .lua
                .map(|start| cell[start..].to_owned())
        };
        assert_eq!(lua("x = 1").as_deref(), Some("x = 1"));
        assert_eq!(lua("-- a\n%%nohistory\n%%time\nx").as_deref(), Some("x"));
        for cell in [
            "%%html\n<b>",
            "%%bash\nls",
            "?print",
            "%time?",
            "%%unknown\nx",
        ] {
            assert_eq!(lua(cell), None, "{cell}");
        }
    }

    #[test]
    fn magics_are_where_lua_cannot_be() {
        let cell = "x = 1\n;%who\nf = !ls\ny = x\n%time\nz = [[\n!ls\n]]";
        let parts = CellParts::of(cell);
        let magics: Vec<_> = parts.magics.into_iter().map(|range| &cell[range]).collect();
        assert_eq!(magics, ["%who", "!ls"]);
    }
}
