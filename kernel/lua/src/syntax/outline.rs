use std::collections::HashSet;

use super::{Token, TokenKind, tokens};

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
    /// One past the statement's last byte.
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
        let mut parser = Parser {
            tokens: &tokens,
            at: 0,
            depth: 0,
        };
        let mut outline = Self {
            names,
            ..Self::default()
        };
        parser.cell(&mut outline).then_some(outline)
    }

    /// Where the top-level statement starts that is not Lua's; nothing if all of them are.
    pub(crate) fn stuck_at(code: &'a str) -> Option<usize> {
        let tokens: Vec<_> = tokens(code).collect();
        let mut parser = Parser {
            tokens: &tokens,
            at: 0,
            depth: 0,
        };
        loop {
            let start = parser.peek()?.start;
            parser.depth = 0;
            if parser.statement().is_none() {
                return Some(start);
            }
        }
    }
}

/// Deeper nesting than this is left to Lua's compiler to refuse.
const MAX_DEPTH: usize = 220;

/// Skips over what it recognises; each method returns whether it did.
struct Parser<'t, 'a> {
    tokens: &'t [Token<'a>],
    at: usize,
    depth: usize,
}

impl<'a> Parser<'_, 'a> {
    fn peek(&self) -> Option<&Token<'a>> {
        self.tokens.get(self.at)
    }

    fn is(&self, text: &str) -> bool {
        self.peek().is_some_and(|token| token.is(text))
    }

    fn is_kind(&self, kind: TokenKind) -> bool {
        self.peek().is_some_and(|token| token.kind == kind)
    }

    fn accept(&mut self, text: &str) -> bool {
        let found = self.is(text);
        self.at += usize::from(found);
        found
    }

    fn name(&mut self) -> Option<&'a str> {
        let token = self.peek().filter(|token| token.kind == TokenKind::Name)?;
        let name = token.text;
        self.at += 1;
        Some(name)
    }

    /// One past the last byte of what was read so far.
    fn end(&self) -> usize {
        self.at
            .checked_sub(1)
            .map_or(0, |before| self.tokens[before].end())
    }

    fn cell(&mut self, outline: &mut Outline<'a>) -> bool {
        while let Some(token) = self.peek() {
            let (start, first) = (token.start, self.at);
            if self.accept("local") {
                let Some(names) = self.local() else {
                    return false;
                };
                outline.locals.push(LocalStatement {
                    names,
                    end: self.end(),
                });
                continue;
            }
            if self.accept("return") {
                let start = self.end();
                let kind = if self.peek().is_none() || self.is(";") {
                    TailKind::EmptyReturn
                } else if self.expressions() {
                    TailKind::Return
                } else {
                    return false;
                };
                return self.finish(outline, kind, start);
            }
            let is_call = match self.statement() {
                Some(is_call) => is_call,
                None => {
                    self.at = first;
                    return self.expressions() && self.finish(outline, TailKind::Expression, start);
                }
            };
            if is_call {
                let after = self.at;
                if self.finish(outline, TailKind::Call, start) {
                    return true;
                }
                self.at = after;
                outline.tail = None;
            }
        }
        true
    }

    /// Whether nothing but semicolons follows; then what was just read is the tail.
    fn finish(&mut self, outline: &mut Outline<'a>, kind: TailKind, start: usize) -> bool {
        let end = self.end();
        let silenced = self.is(";");
        while self.accept(";") {}
        outline.tail = Some(Tail {
            kind,
            start,
            end,
            silenced,
        });
        self.peek().is_none()
    }

    fn local(&mut self) -> Option<Vec<LocalName<'a>>> {
        if self.accept("function") {
            let name = self.name()?;
            return self.function_body().then(|| {
                vec![LocalName {
                    name,
                    attribute: Attribute::Regular,
                }]
            });
        }
        let mut names = Vec::new();
        loop {
            let name = self.name()?;
            let mut attribute = Attribute::Regular;
            if self.accept("<") {
                attribute = match self.name()? {
                    "const" => Attribute::Constant,
                    "close" => Attribute::Close,
                    _ => return None,
                };
                if !self.accept(">") {
                    return None;
                }
            }
            names.push(LocalName { name, attribute });
            if !self.accept(",") {
                break;
            }
        }
        (!self.accept("=") || self.expressions()).then_some(names)
    }

    /// Skips a statement and tells whether it was a call; nothing if it is none.
    fn statement(&mut self) -> Option<bool> {
        let plain = |recognised: bool| recognised.then_some(false);
        if self.accept(";") || self.accept("break") {
            return Some(false);
        }
        if self.accept("::") {
            let label = self.name().is_some() && self.accept("::");
            return plain(label);
        }
        if self.accept("goto") {
            let label = self.name().is_some();
            return plain(label);
        }
        if self.accept("local") {
            let local = self.local().is_some();
            return plain(local);
        }
        if self.accept("do") {
            let block = self.block() && self.accept("end");
            return plain(block);
        }
        if self.accept("while") {
            let block = self.expression() && self.accept("do") && self.block();
            return plain(block && self.accept("end"));
        }
        if self.accept("repeat") {
            let block = self.block() && self.accept("until") && self.expression();
            return plain(block);
        }
        if self.accept("if") {
            let block = self.if_statement();
            return plain(block);
        }
        if self.accept("for") {
            let block = self.for_statement();
            return plain(block);
        }
        if self.is("function") {
            if self.tokens.get(self.at + 1)?.kind != TokenKind::Name {
                return None;
            }
            self.at += 1;
            let function = self.function_name() && self.function_body();
            return plain(function);
        }
        self.expression_statement()
    }

    fn if_statement(&mut self) -> bool {
        loop {
            if !(self.expression() && self.accept("then") && self.block()) {
                return false;
            }
            if !self.accept("elseif") {
                break;
            }
        }
        if self.accept("else") && !self.block() {
            return false;
        }
        self.accept("end")
    }

    fn for_statement(&mut self) -> bool {
        loop {
            if self.name().is_none() {
                return false;
            }
            if !self.accept(",") {
                break;
            }
        }
        (self.accept("=") || self.accept("in"))
            && self.expressions()
            && self.accept("do")
            && self.block()
            && self.accept("end")
    }

    fn function_name(&mut self) -> bool {
        if self.name().is_none() {
            return false;
        }
        while self.accept(".") || self.accept(":") {
            if self.name().is_none() {
                return false;
            }
        }
        true
    }

    /// A call or an assignment. Only its end decides which, and whether it is a statement.
    fn expression_statement(&mut self) -> Option<bool> {
        let is_call = self.suffixed()?;
        if self.accept("=") {
            return self.expressions().then_some(false);
        }
        if self.is(",") {
            while self.accept(",") {
                if self.suffixed()? {
                    return None;
                }
            }
            return (self.accept("=") && self.expressions()).then_some(false);
        }
        (is_call && !self.peek().is_some_and(is_binary)).then_some(true)
    }

    fn block(&mut self) -> bool {
        if self.depth >= MAX_DEPTH {
            return false;
        }
        self.depth += 1;
        let recognised = loop {
            match self.peek() {
                None => break true,
                Some(token)
                    if ["end", "else", "elseif", "until"]
                        .iter()
                        .any(|t| token.is(t)) =>
                {
                    break true;
                }
                Some(token) if token.is("return") => {
                    self.at += 1;
                    let ends = self.is(";")
                        || ["end", "else", "elseif", "until"]
                            .iter()
                            .any(|t| self.is(t));
                    if !ends && !self.expressions() {
                        break false;
                    }
                    self.accept(";");
                    break true;
                }
                Some(_) => {
                    if self.statement().is_none() {
                        break false;
                    }
                }
            }
        };
        self.depth -= 1;
        recognised
    }

    fn expressions(&mut self) -> bool {
        loop {
            if !self.expression() {
                return false;
            }
            if !self.accept(",") {
                return true;
            }
        }
    }

    fn expression(&mut self) -> bool {
        if self.depth >= MAX_DEPTH {
            return false;
        }
        self.depth += 1;
        let recognised = loop {
            while ["-", "not", "#", "~"]
                .iter()
                .any(|unary| self.accept(unary))
            {}
            if !self.simple() {
                break false;
            }
            if !self.peek().is_some_and(is_binary) {
                break true;
            }
            self.at += 1;
        };
        self.depth -= 1;
        recognised
    }

    fn simple(&mut self) -> bool {
        if self.is_kind(TokenKind::Number) || self.is_kind(TokenKind::String) {
            self.at += 1;
            return true;
        }
        if ["nil", "true", "false", "..."]
            .iter()
            .any(|word| self.accept(word))
        {
            return true;
        }
        if self.accept("function") {
            return self.function_body();
        }
        if self.is("{") {
            return self.table();
        }
        self.suffixed().is_some()
    }

    /// Skips a prefix expression with its suffixes and tells whether it ends in a call.
    fn suffixed(&mut self) -> Option<bool> {
        if self.accept("(") {
            if !(self.expression() && self.accept(")")) {
                return None;
            }
        } else {
            self.name()?;
        }
        let mut is_call = false;
        loop {
            if self.accept(".") {
                self.name()?;
                is_call = false;
            } else if self.accept("[") {
                if !(self.expression() && self.accept("]")) {
                    return None;
                }
                is_call = false;
            } else if self.accept(":") {
                self.name()?;
                if !self.arguments()? {
                    return None;
                }
                is_call = true;
            } else if self.arguments()? {
                is_call = true;
            } else {
                return Some(is_call);
            }
        }
    }

    /// Skips arguments and tells whether there were any; nothing if they are malformed.
    fn arguments(&mut self) -> Option<bool> {
        if self.is_kind(TokenKind::String) {
            self.at += 1;
            Some(true)
        } else if self.is("{") {
            self.table().then_some(true)
        } else if self.accept("(") {
            (self.accept(")") || (self.expressions() && self.accept(")"))).then_some(true)
        } else {
            Some(false)
        }
    }

    fn table(&mut self) -> bool {
        if self.depth >= MAX_DEPTH || !self.accept("{") {
            return false;
        }
        self.depth += 1;
        let recognised = loop {
            if self.accept("}") {
                break true;
            }
            let key_follows = self.is_kind(TokenKind::Name)
                && self
                    .tokens
                    .get(self.at + 1)
                    .is_some_and(|next| next.is("="));
            if key_follows {
                self.at += 2;
            } else if self.accept("[")
                && !(self.expression() && self.accept("]") && self.accept("="))
            {
                break false;
            }
            if !self.expression() {
                break false;
            }
            if !(self.accept(",") || self.accept(";") || self.is("}")) {
                break false;
            }
        };
        self.depth -= 1;
        recognised
    }

    fn function_body(&mut self) -> bool {
        if !self.accept("(") {
            return false;
        }
        while !self.accept(")") {
            if !(self.accept("...") || self.name().is_some()) {
                return false;
            }
            if !(self.accept(",") || self.is(")")) {
                return false;
            }
        }
        self.block() && self.accept("end")
    }
}

fn is_binary(token: &Token<'_>) -> bool {
    const BINARY: [&str; 21] = [
        "+", "-", "*", "/", "//", "%", "^", "..", "==", "~=", "<", "<=", ">", ">=", "and", "or",
        "&", "|", "~", "<<", ">>",
    ];
    BINARY.iter().any(|operator| token.is(operator))
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
