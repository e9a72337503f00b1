use super::outline::{Attribute, LocalName, LocalStatement, Outline, Tail, TailKind};
use super::{Token, TokenKind};

/// Deeper nesting than this is left to Lua's compiler to refuse.
const MAX_DEPTH: usize = 220;

/// Skips over what it recognises; each method returns whether it did.
pub(super) struct Parser<'t, 'a> {
    tokens: &'t [Token<'a>],
    at: usize,
    depth: usize,
    /// Where the statement starts that was begun last.
    latest_statement: usize,
}

impl<'t, 'a> Parser<'t, 'a> {
    pub(super) fn new(tokens: &'t [Token<'a>]) -> Self {
        Self {
            tokens,
            at: 0,
            depth: 0,
            latest_statement: 0,
        }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn latest_statement(&self) -> usize {
        self.latest_statement
    }

    pub(super) fn peek(&self) -> Option<&Token<'a>> {
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

    pub(super) fn cell(&mut self, outline: &mut Outline<'a>) -> bool {
        while let Some(token) = self.peek() {
            let (start, first) = (token.start, self.at);
            if self.accept("local") {
                let Some(names) = self.local() else {
                    return false;
                };
                outline.locals.push(LocalStatement {
                    names,
                    start,
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
    pub(super) fn statement(&mut self) -> Option<bool> {
        self.latest_statement = self.at;
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

    pub(super) fn block(&mut self) -> bool {
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
                    self.latest_statement = self.at;
                    self.at += 1;
                    let ends = self.peek().is_none()
                        || self.is(";")
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
