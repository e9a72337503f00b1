//! Which part of the code a failing instruction stands for.

use super::complaint::{Complaint, Operation, Variable};
use super::locate::names;
use super::tokens::{Span, Tokens};
use crate::syntax::TokenKind;

/// A part of the code, and the point in it that matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) whole: Span,
    pub(super) point: Span,
}

impl Part {
    fn all(first: usize, last: usize) -> Self {
        let whole = Span { first, last };
        Self {
            whole,
            point: whole,
        }
    }
}

/// Opcodes of Lua 5.4 (lopcodes.h), where the token alone does not tell.
mod opcode {
    pub(super) const GETS: std::ops::RangeInclusive<u32> = 11..=14;
    pub(super) const SETS: std::ops::RangeInclusive<u32> = 15..=18;
    pub(super) const SELF: u32 = 20;
    pub(super) const OPERATORS: std::ops::RangeInclusive<u32> = 21..=53;
    pub(super) const COMPARISONS: std::ops::RangeInclusive<u32> = 57..=65;
    pub(super) const CALLS: std::ops::RangeInclusive<u32> = 68..=69;
    pub(super) const FOR_CALL: u32 = 76;
}

/// Whether an instruction calls a function.
pub(super) fn is_call(instruction: u32) -> bool {
    opcode::CALLS.contains(&(instruction & 0x7f))
}

/// The code's tokens, and the instruction that did not come to its end.
pub(super) struct Failing<'t, 'a> {
    pub(super) tokens: Tokens<'t, 'a>,
    /// The token that the compiler was at when it made the instruction.
    pub(super) at: usize,
    pub(super) instruction: u32,
    /// Whether names in a row stand for nil.
    pub(super) is_nil: &'t dyn Fn(&[String]) -> bool,
}

impl<'a> Failing<'_, 'a> {
    fn opcode(&self) -> u32 {
        self.instruction & 0x7f
    }

    /// The part that `complaint` is of, or else what the instruction does.
    pub(super) fn part(&self, complaint: Option<&Complaint<'_>>) -> Option<Part> {
        complaint
            .and_then(|complaint| self.complained(complaint))
            .or_else(|| self.done())
    }

    fn complained(&self, complaint: &Complaint<'_>) -> Option<Part> {
        let variable = complaint.variable;
        match complaint.operation {
            _ if self.opcode() == opcode::FOR_CALL => {
                self.iterated().map(|part| self.gone_over(part))
            }
            Operation::Call => self.callee().map(|span| self.pointed(span)),
            Operation::Index => self.indexed().map(|(base, _)| self.pointed(base)),
            Operation::Arithmetic | Operation::Length if self.is_unary() => {
                let last = self.tokens.expression_after(self.at + 1)?;
                Some(self.pointed(Span {
                    first: self.at + 1,
                    last,
                }))
            }
            Operation::Length => None,
            Operation::Arithmetic => self.operands(self.at, variable),
            Operation::Concatenation => self.concatenated(variable),
            Operation::Comparison => self.operands(self.comparison()?, None),
            Operation::ForValue(which) => {
                // The compiler is at the loop's `do`.
                let (values, _) = self
                    .tokens
                    .list(self.tokens.back_to("=", self.at.checked_sub(1)?)? + 1);
                values
                    .get(which)
                    .map(|span| Part::all(span.first, span.last))
            }
            Operation::Argument(which) => {
                let arguments = self.arguments()?;
                let span = arguments.get(which.checked_sub(1)?)?;
                Some(Part::all(span.first, span.last))
            }
        }
    }

    /// What the instruction does, whatever is wrong with it.
    fn done(&self) -> Option<Part> {
        let code = self.opcode();
        if opcode::CALLS.contains(&code) {
            let callee = self.callee()?;
            let last = if self.tokens.is(self.at, "(") || self.tokens.is(self.at, "{") {
                self.tokens.closing(self.at)?
            } else {
                self.at
            };
            Some(Part::all(callee.first, last))
        } else if code == opcode::FOR_CALL {
            self.iterated()
        } else if opcode::GETS.contains(&code)
            || opcode::SETS.contains(&code)
            || code == opcode::SELF
        {
            let (base, last) = self.indexed()?;
            Some(Part {
                whole: Span {
                    first: base.first,
                    last,
                },
                point: Span {
                    first: base.last + 1,
                    last,
                },
            })
        } else if opcode::OPERATORS.contains(&code) {
            if self.is_unary() {
                return Some(Part::all(
                    self.at,
                    self.tokens.expression_after(self.at + 1)?,
                ));
            }
            self.operands(self.at, None)
        } else if opcode::COMPARISONS.contains(&code) {
            self.operands(self.comparison()?, None)
        } else {
            None
        }
    }

    /// `a.b.c` with the last name as the point, `t[i]` with the index as the point.
    fn pointed(&self, span: Span) -> Part {
        let point = if self.tokens.is_name(span.last) {
            span.last
        } else if self.tokens.is(span.last, "]") {
            self.tokens.opening(span.last).unwrap_or(span.first)
        } else {
            span.first
        };
        Part {
            whole: span,
            point: Span {
                first: point,
                last: span.last,
            },
        }
    }

    /// What is called, where the instruction is a call.
    fn callee(&self) -> Option<Span> {
        let last = self.at.checked_sub(1)?;
        Some(Span {
            first: self.tokens.expression_before(last)?,
            last,
        })
    }

    /// What `for ... in` goes over; the compiler is at its first token.
    fn iterated(&self) -> Option<Part> {
        let (values, last) = self.tokens.list(self.at);
        (!values.is_empty()).then(|| Part::all(self.at, last))
    }

    /// Of `pairs(list)` only the list.
    fn gone_over(&self, part: Part) -> Part {
        let Span { first, last } = part.whole;
        let is_call = self.tokens.is_name(first)
            && self.tokens.is(first + 1, "(")
            && self.tokens.closing(first + 1) == Some(last);
        let (arguments, _) = self.tokens.list(first + 2);
        match *arguments {
            [argument] if is_call => self.pointed(argument),
            _ => part,
        }
    }

    /// What is indexed, and the last token of the index.
    fn indexed(&self) -> Option<(Span, usize)> {
        if opcode::SETS.contains(&self.opcode()) {
            let last = self.assigned()?;
            return self.suffix_at(last);
        }
        // The compiler is at the suffix, or one token behind it.
        self.suffix_at(self.at)
            .or_else(|| self.suffix_at(self.at.checked_sub(1)?))
    }

    fn suffix_at(&self, last: usize) -> Option<(Span, usize)> {
        let separator = if self.tokens.is(last, "]") {
            self.tokens.opening(last)?
        } else if self.tokens.is_name(last) {
            let before = last.checked_sub(1)?;
            (self.tokens.is(before, ".") || self.tokens.is(before, ":")).then_some(before)?
        } else {
            return None;
        };
        let end = separator.checked_sub(1)?;
        let base = Span {
            first: self.tokens.expression_before(end)?,
            last: end,
        };
        Some((base, last))
    }

    /// The last token of what a value is assigned to.
    fn assigned(&self) -> Option<usize> {
        if self.tokens.is(self.at, "function") {
            let mut last = self.at + 1;
            while self.tokens.is(last + 1, ".") || self.tokens.is(last + 1, ":") {
                last += 2;
            }
            return Some(last);
        }
        let last = self.tokens.back_to("=", self.at)?.checked_sub(1)?;
        let first = self.tokens.expression_before(last)?;
        // Of several targets it is not known which.
        (first == 0 || !self.tokens.is(first - 1, ",")).then_some(last)
    }

    fn is_unary(&self) -> bool {
        let operator = ["#", "not", "~", "-"]
            .iter()
            .any(|unary| self.tokens.is(self.at, unary));
        operator
            && !self
                .at
                .checked_sub(1)
                .is_some_and(|before| self.tokens.ends_operand(before))
    }

    /// The operator of the comparison whose last token the compiler was at.
    fn comparison(&self) -> Option<usize> {
        ["<", ">", "<=", ">=", "==", "~="]
            .iter()
            .filter_map(|operator| self.tokens.back_to(operator, self.at))
            .max()
    }

    /// The operand of the operator at `operator` that the variable names; both if it is not clear
    /// which.
    fn operands(&self, operator: usize, variable: Option<Variable<'_>>) -> Option<Part> {
        let last = operator.checked_sub(1)?;
        let left = self
            .tokens
            .expression_before(last)
            .map(|first| Span { first, last });
        let first = operator + 1;
        let right = self
            .tokens
            .expression_after(first)
            .map(|last| Span { first, last });
        let all: Vec<_> = left.into_iter().chain(right).collect();
        if let Some(span) = self.the_one(&all, variable) {
            return Some(self.pointed(span));
        }
        let nil: Vec<_> = all
            .iter()
            .filter(|span| self.stands_for_nil(**span))
            .collect();
        if let [span] = *nil {
            return Some(self.pointed(*span));
        }
        Some(Part {
            whole: Span {
                first: left.map_or(operator, |left| left.first),
                last: right.map_or(operator, |right| right.last),
            },
            point: Span {
                first: operator,
                last: operator,
            },
        })
    }

    fn concatenated(&self, variable: Option<Variable<'_>>) -> Option<Part> {
        let last = self.at.checked_sub(1)?;
        let mut operands = Vec::new();
        let mut end = last;
        while let Some(first) = self.tokens.expression_before(end) {
            operands.push(Span { first, last: end });
            match first.checked_sub(2) {
                Some(before) if self.tokens.is(first - 1, "..") => end = before,
                _ => break,
            }
        }
        let mut first = self.at + 1;
        while let Some(last) = self.tokens.expression_after(first) {
            operands.push(Span { first, last });
            if !self.tokens.is(last + 1, "..") {
                break;
            }
            first = last + 2;
        }
        match self.the_one(&operands, variable) {
            Some(span) => Some(self.pointed(span)),
            None => self.operands(self.at, None),
        }
    }

    /// The only one of the operands that can be meant.
    fn the_one(&self, operands: &[Span], variable: Option<Variable<'_>>) -> Option<Span> {
        let fits = |span: &&Span| match variable {
            Some(Variable {
                kind: "constant",
                name,
            }) => self
                .tokens
                .token(span.first)
                .is_some_and(|token| span.first == span.last && token.text.contains(name)),
            Some(variable) => self.is_named(**span, variable),
            None => !self.is_literal(**span),
        };
        let mut fitting = operands.iter().filter(fits);
        let found = fitting.next()?;
        (fitting.next().is_none() && (variable.is_some() || operands.len() > 1)).then_some(*found)
    }

    fn is_named(&self, span: Span, variable: Variable<'_>) -> bool {
        let alone = span.first == span.last;
        match variable.kind {
            "local" | "upvalue" | "global" => {
                alone
                    && self
                        .tokens
                        .token(span.first)
                        .is_some_and(|token| token.text == variable.name)
            }
            "field" | "method" if self.tokens.is(span.last, "]") => true,
            "field" | "method" => {
                !alone
                    && self
                        .tokens
                        .token(span.last)
                        .is_some_and(|token| token.text == variable.name)
            }
            _ => false,
        }
    }

    fn stands_for_nil(&self, span: Span) -> bool {
        if span.first == span.last && self.tokens.is(span.first, "nil") {
            return true;
        }
        let names = names(self.tokens.0, span);
        !names.is_empty() && (self.is_nil)(&names)
    }

    fn is_literal(&self, span: Span) -> bool {
        span.first == span.last
            && self
                .tokens
                .token(span.first)
                .is_some_and(|token| matches!(token.kind, TokenKind::Number | TokenKind::String))
    }

    /// The arguments of the call.
    fn arguments(&self) -> Option<Vec<Span>> {
        if self.tokens.is(self.at, "(") {
            return Some(self.tokens.list(self.at + 1).0);
        }
        let last = if self.tokens.is(self.at, "{") {
            self.tokens.closing(self.at)?
        } else {
            self.at
        };
        Some(vec![Span {
            first: self.at,
            last,
        }])
    }
}
