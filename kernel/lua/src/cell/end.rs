use std::ops::Range;

use crate::syntax::{Outline, TailKind, tokens};

/// How a cell ends whose last statement has a value, for programs that rewrite cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellEnd {
    /// Where the value stands; without `return` where that is there.
    pub value: Range<usize>,
    /// Whether the value alone is no statement of Lua's.
    pub is_expression: bool,
    /// Where the semicolons are that hide the value.
    pub semicolons: Vec<usize>,
}

impl CellEnd {
    /// The end of a cell without magics; nothing if it has no value at its end, or is not Lua.
    pub fn of(code: &str) -> Option<Self> {
        let tail = Outline::of(code)?.tail?;
        if tail.kind == TailKind::EmptyReturn {
            return None;
        }
        let semicolons = tokens(&code[tail.end..])
            .filter(|token| token.is(";"))
            .map(|token| tail.end + token.start)
            .collect();
        Some(Self {
            value: tail.start..tail.end,
            is_expression: tail.kind == TailKind::Expression,
            semicolons,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn semicolons_in_comments_hide_nothing() {
        let end = CellEnd::of("f() --[[;]] ; -- ;").unwrap();
        assert_eq!((end.value, end.semicolons), (0..3, vec![12]));
        assert!(!end.is_expression);
    }

    #[test]
    fn an_expression_is_no_statement() {
        let end = CellEnd::of("x = 1\nx + 1").unwrap();
        assert_eq!((end.value, end.is_expression), (6..11, true));
        assert_eq!(CellEnd::of("x = 1"), None);
    }
}
