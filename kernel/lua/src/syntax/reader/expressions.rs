use super::super::tree::{Expression, ExpressionId, FunctionId, Item, Span};
use super::super::{Token, TokenKind};
use super::{MAX_DEPTH, Reader, span};

/// The operators by what they make, those that bind least first.
const COMPARISONS: [&str; 6] = ["<", ">", "<=", ">=", "~=", "=="];
const ARITHMETIC: [&str; 12] = [
    "|", "~", "&", "<<", ">>", "+", "-", "*", "/", "//", "%", "^",
];

impl Reader<'_> {
    pub(super) fn expressions(&mut self) -> Vec<ExpressionId> {
        let mut all = Vec::new();
        loop {
            if all.is_empty() && !self.starts_expression() {
                return all;
            }
            all.push(self.expression());
            if !self.accept(",") {
                return all;
            }
        }
    }

    fn starts_expression(&self) -> bool {
        self.peek().is_some_and(|token| match token.kind {
            TokenKind::Name | TokenKind::Number | TokenKind::String | TokenKind::Unfinished => true,
            TokenKind::Keyword => ["nil", "true", "false", "function", "not"].contains(&token.text),
            TokenKind::Symbol => ["(", "{", "...", "-", "#", "~"].contains(&token.text),
            _ => false,
        })
    }

    /// Reads operands and the operators between them. Of their order only what tells the result's
    /// type is looked at.
    pub(super) fn expression(&mut self) -> ExpressionId {
        if self.depth >= MAX_DEPTH {
            self.at += 1;
            return self.add(Expression::Unknown);
        }
        self.depth += 1;
        let mut alternatives = Vec::new();
        let mut current = self.operand();
        while let Some(token) = self.peek() {
            if token.is("or") {
                self.at += 1;
                alternatives.push(current);
                current = self.operand();
            } else if token.is("and") {
                self.at += 1;
                // What is before it is told by `and` only if it is false or nil.
                current = self.operand();
            } else if COMPARISONS.iter().any(|operator| token.is(operator)) {
                self.at += 1;
                self.operand();
                current = self.add(Expression::Boolean);
            } else if token.is("..") {
                self.at += 1;
                self.operand();
                current = self.add(Expression::Text);
            } else if ARITHMETIC.iter().any(|operator| token.is(operator)) {
                self.at += 1;
                let right = self.operand();
                let are_numbers = [current, right]
                    .iter()
                    .all(|operand| matches!(self.tree.expression(*operand), Expression::Number));
                // Tables can be operands too, and what they make is not known.
                let result = if are_numbers {
                    Expression::Number
                } else {
                    Expression::Unknown
                };
                current = self.add(result);
            } else {
                break;
            }
        }
        self.depth -= 1;
        if alternatives.is_empty() {
            return current;
        }
        alternatives.push(current);
        self.add(Expression::Either(alternatives))
    }

    fn operand(&mut self) -> ExpressionId {
        let mut outermost = None;
        while let Some(token) = self.peek() {
            if !["not", "-", "#", "~"].iter().any(|sign| token.is(sign)) {
                break;
            }
            outermost.get_or_insert(token);
            self.at += 1;
        }
        let operand = self.simple();
        match outermost {
            None => operand,
            Some(sign) if sign.is("not") => self.add(Expression::Boolean),
            Some(sign) if sign.is("#") => self.add(Expression::Number),
            Some(_) => match self.tree.expression(operand) {
                Expression::Number => self.add(Expression::Number),
                _ => self.add(Expression::Unknown),
            },
        }
    }

    fn simple(&mut self) -> ExpressionId {
        let Some(token) = self.peek() else {
            return self.add(Expression::Unknown);
        };
        let simple = match token.kind {
            TokenKind::Number => Expression::Number,
            TokenKind::Keyword => match token.text {
                "nil" => Expression::Nil,
                "true" | "false" => Expression::Boolean,
                "function" => {
                    let comment = self.commented.before(self.at);
                    self.at += 1;
                    let function = self.function_body(token.start, None, comment, false);
                    return self.add(Expression::Function(function));
                }
                _ => return self.add(Expression::Unknown),
            },
            TokenKind::Symbol if token.text == "..." => Expression::Unknown,
            TokenKind::Symbol if token.text == "{" => return self.table(),
            _ => return self.suffixed(&token),
        };
        self.at += 1;
        self.add(simple)
    }

    pub(super) fn variable(&mut self, name: Span) -> ExpressionId {
        let declaration = self.lookup(name.of(self.code));
        self.add(Expression::Name { name, declaration })
    }

    /// A name, a string or something in parentheses, and what follows of fields and calls.
    fn suffixed(&mut self, first: &Token<'_>) -> ExpressionId {
        let mut base = match first.kind {
            TokenKind::Name => {
                let name = self.name();
                self.variable(name)
            }
            // A string's methods need parentheses around it, but nothing is lost by knowing it.
            TokenKind::String | TokenKind::Unfinished => {
                self.at += 1;
                self.add(Expression::String(span(first)))
            }
            TokenKind::Symbol if first.text == "(" => {
                self.at += 1;
                let inner = self.expression();
                self.accept(")");
                inner
            }
            _ => return self.add(Expression::Unknown),
        };
        while let Some(token) = self.peek() {
            base = match (token.kind, token.text) {
                (TokenKind::Symbol, ".") => {
                    self.at += 1;
                    let name = self.member(&token);
                    self.add(Expression::Field { of: base, name })
                }
                (TokenKind::Symbol, "[") => self.bracket(base),
                (TokenKind::Symbol, ":") => {
                    self.at += 1;
                    let method = self.member(&token);
                    self.call(base, Some(method))
                }
                (TokenKind::Symbol, "(" | "{") | (TokenKind::String | TokenKind::Unfinished, _)
                    if !token.text.starts_with("--") =>
                {
                    self.call(base, None)
                }
                _ => return base,
            };
        }
        base
    }

    /// The name behind a dot or colon. A keyword directly behind it is a name that is not finished.
    fn member(&mut self, separator: &Token<'_>) -> Span {
        match self.peek() {
            Some(token) if token.kind == TokenKind::Keyword && token.start == separator.end() => {
                self.at += 1;
                span(&token)
            }
            _ => self.name(),
        }
    }

    fn bracket(&mut self, of: ExpressionId) -> ExpressionId {
        self.at += 1;
        let key = self.peek().filter(|key| key.kind == TokenKind::String);
        let found = match key {
            Some(key) if self.next_is("]") => {
                self.at += 1;
                let name = inside_quotes(&key);
                self.add(Expression::Field { of, name })
            }
            _ => {
                self.expression();
                self.add(Expression::Element { of })
            }
        };
        self.accept("]");
        found
    }

    fn call(&mut self, function: ExpressionId, method: Option<Span>) -> ExpressionId {
        let start = self.gap().start;
        // The call has its place before its arguments, so that those can be found in it.
        let call = self.add(Expression::Unknown);
        let mut arguments = Vec::new();
        let mut end = start;
        let mut is_closed = true;
        if let Some(token) = self.peek() {
            if token.is("(") {
                self.at += 1;
                arguments = self.expressions();
                is_closed = self.accept(")");
                end = match is_closed {
                    true => self.end(),
                    // What follows is within it, as far as anybody knows.
                    false => self.gap().start,
                };
            } else if token.is("{") || token.kind == TokenKind::String {
                arguments.push(self.simple_argument(&token));
                end = self.end();
            } else if token.kind == TokenKind::Unfinished {
                self.at += 1;
                arguments.push(self.add(Expression::String(span(&token))));
                end = self.end();
                is_closed = false;
            }
        }
        self.tree.expressions[call.0] = Expression::Call {
            function,
            method,
            arguments,
            span: Span { start, end },
            is_closed,
        };
        call
    }

    fn simple_argument(&mut self, token: &Token<'_>) -> ExpressionId {
        if token.kind == TokenKind::String {
            self.at += 1;
            return self.add(Expression::String(span(token)));
        }
        self.table()
    }

    fn table(&mut self) -> ExpressionId {
        let start = self.gap().start;
        if self.depth >= MAX_DEPTH {
            self.at += 1;
            return self.add(Expression::Unknown);
        }
        self.depth += 1;
        self.at += 1;
        let table = self.add(Expression::Unknown);
        let mut items = Vec::new();
        while self.peek().is_some() && !self.is("}") {
            let before = self.at;
            items.push(self.item());
            if !(self.accept(",") || self.accept(";")) {
                break;
            }
            if self.at == before {
                break;
            }
        }
        let end = match self.accept("}") {
            true => self.end(),
            false => self.gap().start,
        };
        self.depth -= 1;
        self.tree.expressions[table.0] = Expression::Table {
            items,
            span: Span { start, end },
        };
        table
    }

    fn item(&mut self) -> Item {
        let above = self.commented.before(self.at);
        let mut name = None;
        let mut is_element = true;
        match self.peek() {
            Some(token) if token.kind == TokenKind::Name && self.next_is("=") => {
                name = Some(span(&token));
                is_element = false;
                self.at += 2;
            }
            Some(token) if token.is("[") => {
                self.at += 1;
                is_element = false;
                match self.peek().filter(|key| key.kind == TokenKind::String) {
                    Some(key) if self.next_is("]") => {
                        self.at += 1;
                        name = Some(inside_quotes(&key));
                    }
                    _ => {
                        self.expression();
                    }
                }
                self.accept("]");
                self.accept("=");
            }
            _ => {}
        }
        let value = self.expression();
        if let Expression::Function(FunctionId(function)) = *self.tree.expression(value) {
            let function = &mut self.tree.functions[function];
            function.comment = function.comment.or(above);
        }
        let separator = usize::from(self.is(",") || self.is(";"));
        let comment = above.or_else(|| self.commented.behind(self.at + separator));
        Item {
            name,
            is_element,
            value,
            comment,
        }
    }
}

/// What is between a string's quotes or brackets.
fn inside_quotes(token: &Token<'_>) -> Span {
    let text = token.text;
    let quotes = match text.strip_prefix('[') {
        Some(rest) => rest.find('[').map_or(1, |level| level + 2),
        None => 1,
    };
    Span {
        start: token.start + quotes.min(text.len() / 2),
        end: token.end() - quotes.min(text.len() / 2),
    }
}
