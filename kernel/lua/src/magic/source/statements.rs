use super::super::super::syntax::{Outline, TailKind, tokens};

pub(super) fn uses_arguments(lua: &str) -> bool {
    tokens(lua).any(|token| token.is("..."))
}

/// Lua code, apart from the value that it ends with.
pub(super) struct Statements<'a> {
    pub(super) statements: &'a str,
    pub(super) value: Option<&'a str>,
    value_is_call: bool,
    pub(super) is_silenced: bool,
}

impl<'a> Statements<'a> {
    /// Nothing if it is no Lua, or no code at all.
    pub(super) fn of(code: &'a str) -> Option<Self> {
        let code = &code[..tokens(code).last()?.end()];
        let outline = Outline::of(code)?;
        let Some(tail) = outline.tail else {
            return Some(Self {
                statements: code,
                value: None,
                value_is_call: false,
                is_silenced: false,
            });
        };
        let before = &code[..tail.start];
        let statements = match tail.kind {
            TailKind::Expression | TailKind::Call => before,
            TailKind::Return | TailKind::EmptyReturn => before.strip_suffix("return")?,
        };
        Some(Self {
            statements,
            value: (tail.kind != TailKind::EmptyReturn).then(|| &code[tail.start..tail.end]),
            value_is_call: tail.kind == TailKind::Call,
            is_silenced: tail.silenced,
        })
    }

    /// What makes a statement of the value, where it is not one itself.
    pub(super) fn before_value(&self, function: &str) -> String {
        match self.value {
            Some(_) if !self.value_is_call => format!(" local {function}_v="),
            _ => String::new(),
        }
    }
}
