use std::collections::HashSet;

use super::parser::Parser;
use super::{TokenKind, tokens};

/// How a local was declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attribute {
    Regular,
    Constant,
    Close,
}

/// A name that a top-level `local` declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LocalName<'a> {
    pub(crate) name: &'a str,
    pub(crate) attribute: Attribute,
}

/// A top-level `local` statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LocalStatement<'a> {
    pub(crate) names: Vec<LocalName<'a>>,
    /// The statement's first byte.
    pub(crate) start: usize,
    /// One past its last byte.
    pub(crate) end: usize,
}

/// What the last statement is, where it has a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TailKind {
    /// Expressions, which are not a statement of Lua.
    Expression,
    /// A call, which is a statement and an expression.
    Call,
    /// `return` with expressions.
    Return,
    /// `return` alone.
    EmptyReturn,
}

/// The last statement, where it has a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tail {
    pub(crate) kind: TailKind,
    /// Its first byte; for [`TailKind::Return`], one past the keyword.
    pub(crate) start: usize,
    /// One past its last byte, without semicolons.
    pub(crate) end: usize,
    /// Whether a semicolon follows.
    pub(crate) silenced: bool,
}

/// Where the parts of a cell are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Outline<'a> {
    pub(crate) locals: Vec<LocalStatement<'a>>,
    pub(crate) tail: Option<Tail>,
    /// Every name that occurs, also as a field.
    pub(crate) names: HashSet<&'a str>,
}

impl<'a> Outline<'a> {
    /// The outline of `code`, or nothing where its structure is not Lua's.
    pub(crate) fn of(code: &'a str) -> Option<Self> {
        let tokens: Vec<_> = tokens(code).collect();
        let names = tokens
            .iter()
            .filter(|token| token.kind == TokenKind::Name)
            .map(|token| token.text)
            .collect();
        let mut parser = Parser::new(&tokens);
        let mut outline = Self {
            names,
            ..Self::default()
        };
        parser.cell(&mut outline).then_some(outline)
    }

    /// Where the top-level statement starts that is not Lua's; nothing if all of them are.
    pub(crate) fn stuck_at(code: &'a str) -> Option<usize> {
        let tokens: Vec<_> = tokens(code).collect();
        let mut parser = Parser::new(&tokens);
        loop {
            let start = parser.peek()?.start;
            if parser.statement().is_none() {
                return Some(start);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tail(code: &str) -> Option<(TailKind, &str, bool)> {
        let tail = Outline::of(code)?.tail?;
        Some((tail.kind, &code[tail.start..tail.end], tail.silenced))
    }

    #[test]
    fn the_last_expression_is_found_behind_statements() {
        use TailKind::{Call, EmptyReturn, Expression, Return};
        let cases = [
            ("x = 41\nx + 1", Some((Expression, "x + 1", false))),
            ("x", Some((Expression, "x", false))),
            ("a, b", Some((Expression, "a, b", false))),
            ("f(1)\n+ 2", Some((Expression, "f(1)\n+ 2", false))),
            (
                "local t = {\n1}\n{\n t,\n}",
                Some((Expression, "{\n t,\n}", false)),
            ),
            ("f 'x'; -- done", Some((Call, "f 'x'", true))),
            ("a:b{1}.c(2)", Some((Call, "a:b{1}.c(2)", false))),
            ("f(), g()", Some((Expression, "f(), g()", false))),
            ("return 1, 2;", Some((Return, " 1, 2", true))),
            ("return", Some((EmptyReturn, "", false))),
            (
                "function(a, ...) return a end",
                Some((Expression, "function(a, ...) return a end", false)),
            ),
            ("a, b.c[1] = 1, 2", None),
            ("for i = 1, 2 do f() end", None),
            ("goto x ::x:: repeat local y until y", None),
            ("if a then return b elseif c then else return end", None),
        ];
        for (code, expected) in cases {
            assert_eq!(tail(code), expected, "{code}");
        }
    }

    #[test]
    fn what_is_not_lua_has_no_outline() {
        for code in [
            "1 end print('INJ') do return 2",
            "x = = 1",
            "x +",
            "f(",
            "local 1",
            "end",
        ] {
            assert_eq!(Outline::of(code), None, "{code}");
        }
        assert_eq!(Outline::of(&"(".repeat(100_000)), None);
    }

    #[test]
    fn only_top_level_locals_are_listed() {
        let code = "local a, b <const> = 1, 2 do local c end local function f() local d end";
        let outline = Outline::of(code).unwrap();
        let names: Vec<_> = outline
            .locals
            .iter()
            .flat_map(|statement| statement.names.iter().map(|local| local.name))
            .collect();
        assert_eq!(names, ["a", "b", "f"]);
        assert_eq!(&code[outline.locals[0].end..][..3], " do");
    }
}
