use super::tree::{
    Assignment, Below, CommentId, Declaration, DeclarationId, Expression, ExpressionId, Function,
    FunctionId, Origin, Span, Tree,
};
use super::{Token, TokenKind};

mod comments;
mod expressions;

use comments::Commented;

/// What is nested deeper than this is not read.
const MAX_DEPTH: usize = 150;
/// A local that has no end yet.
const OPEN: usize = usize::MAX;

/// Reads code into a tree. It takes time in proportion to the code, and bounded depth.
pub(super) fn read(code: &str) -> Tree {
    let commented = comments::of(code);
    let mut reader = Reader {
        code,
        tokens: commented.tokens.clone(),
        commented,
        at: 0,
        depth: 0,
        tree: Tree::default(),
        visible: Vec::new(),
        functions: Vec::new(),
    };
    reader.tree.comments.clone_from(&reader.commented.comments);
    while reader.at < reader.tokens.len() {
        reader.block();
        // An `end` too many.
        reader.at += 1;
    }
    reader.close(0, code.len());
    reader.tree
}

struct Reader<'a> {
    code: &'a str,
    tokens: Vec<Token<'a>>,
    commented: Commented<'a>,
    at: usize,
    depth: usize,
    tree: Tree,
    /// The locals of the blocks around, innermost last.
    visible: Vec<DeclarationId>,
    /// The functions around, innermost last.
    functions: Vec<FunctionId>,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<Token<'a>> {
        self.tokens.get(self.at).copied()
    }

    fn is(&self, text: &str) -> bool {
        self.peek().is_some_and(|token| token.is(text))
    }

    fn next_is(&self, text: &str) -> bool {
        let next = self.tokens.get(self.at + 1);
        next.is_some_and(|token| token.is(text))
    }

    fn accept(&mut self, text: &str) -> bool {
        let found = self.is(text);
        self.at += usize::from(found);
        found
    }

    /// A name; where there is none, the empty place for it.
    fn name(&mut self) -> Span {
        match self.peek() {
            Some(token) if token.kind == TokenKind::Name => {
                self.at += 1;
                span(&token)
            }
            _ => self.gap(),
        }
    }

    /// The empty place before the next token.
    fn gap(&self) -> Span {
        let start = self.peek().map_or(self.code.len(), |token| token.start);
        Span { start, end: start }
    }

    /// One past the last byte of what was read so far.
    fn end(&self) -> usize {
        let before = self.at.checked_sub(1);
        before.map_or(0, |before| self.tokens[before].end())
    }

    fn add(&mut self, expression: Expression) -> ExpressionId {
        self.tree.expressions.push(expression);
        ExpressionId(self.tree.expressions.len() - 1)
    }

    /// Declares a local, which can be used from here on.
    fn declare(&mut self, name: Span, origin: Origin, comment: Option<CommentId>) -> DeclarationId {
        let id = DeclarationId(self.tree.declarations.len());
        self.tree.declarations.push(Declaration {
            name,
            origin,
            scope: Span {
                start: self.end(),
                end: OPEN,
            },
            comment,
        });
        if let Some(comment) = comment {
            let below = &mut self.tree.comments[comment.0].below;
            below.get_or_insert(Below::Declaration(id));
        }
        self.visible.push(id);
        id
    }

    /// Ends the locals that were declared since.
    fn close(&mut self, since: usize, end: usize) {
        for id in self.visible.drain(since..) {
            let scope = &mut self.tree.declarations[id.0].scope;
            // Where the code ends within the block, what follows is within it too.
            scope.end = if self.at >= self.tokens.len() && end >= self.code.len() {
                OPEN
            } else {
                end
            };
        }
    }

    fn lookup(&self, name: &str) -> Option<DeclarationId> {
        let found = self.visible.iter().rev();
        found
            .copied()
            .find(|id| self.tree.declarations[id.0].name(self.code) == name)
    }

    /// Reads statements up to what ends a block, which it leaves, and closes their locals.
    fn block(&mut self) {
        let since = self.visible.len();
        self.statements();
        self.end_block(since);
    }

    fn end_block(&mut self, since: usize) {
        let end = match self.peek() {
            Some(token) => token.start,
            None => self.code.len(),
        };
        self.close(since, end);
    }

    fn statements(&mut self) {
        if self.depth >= MAX_DEPTH {
            return;
        }
        self.depth += 1;
        while let Some(token) = self.peek() {
            if ["end", "else", "elseif", "until"]
                .iter()
                .any(|end| token.is(end))
            {
                break;
            }
            let before = self.at;
            self.statement(&token);
            if self.at == before {
                self.at += 1;
            }
        }
        self.depth -= 1;
    }

    fn statement(&mut self, token: &Token<'a>) {
        let comment = self.commented.before(self.at);
        if token.kind != TokenKind::Keyword {
            return self.assignment(comment);
        }
        self.at += 1;
        match token.text {
            "local" => self.local(comment),
            "function" => self.function_statement(token.start, comment),
            "if" | "while" => {
                self.expression();
                if !self.accept("then") {
                    self.accept("do");
                }
                self.block();
                while self.accept("elseif") {
                    self.expression();
                    self.accept("then");
                    self.block();
                }
                if self.accept("else") {
                    self.block();
                }
                self.accept("end");
            }
            "for" => self.for_loop(),
            "do" => {
                self.block();
                self.accept("end");
            }
            "repeat" => {
                let since = self.visible.len();
                self.statements();
                if self.accept("until") {
                    self.expression();
                }
                self.end_block(since);
            }
            "return" => {
                let values = self.expressions();
                match self.functions.last() {
                    Some(function) => self.tree.functions[function.0].returns.push(values),
                    None => self.tree.returns.push(values),
                }
            }
            "goto" if self.peek().is_some_and(|next| next.kind == TokenKind::Name) => {
                self.at += 1;
            }
            "break" | "then" | "in" | "goto" => {}
            _ => {
                self.at -= 1;
                self.assignment(comment);
            }
        }
    }

    fn local(&mut self, comment: Option<CommentId>) {
        if self.peek().is_some_and(|token| token.is("function")) {
            let start = self.tokens[self.at - 1].start;
            self.at += 1;
            let name = self.name();
            let value = self.add(Expression::Unknown);
            let declared = self.declare(name, Origin::Value(value, 0), comment);
            let target = self.add(Expression::Name {
                name,
                declaration: Some(declared),
            });
            let function = self.function_body(start, Some(target), comment, false);
            self.tree.expressions[value.0] = Expression::Function(function);
            return;
        }
        let mut names = Vec::new();
        loop {
            names.push(self.name());
            if self.accept("<") {
                self.name();
                self.accept(">");
            }
            if !self.accept(",") {
                break;
            }
        }
        let values = if self.accept("=") {
            self.expressions()
        } else {
            Vec::new()
        };
        let comment = comment.or_else(|| self.commented.behind(self.at));
        for (position, name) in names.into_iter().enumerate() {
            let origin = value_at(&values, position)
                .map_or(Origin::Nothing, |(value, nth)| Origin::Value(value, nth));
            self.declare(name, origin, comment);
        }
    }

    fn function_statement(&mut self, start: usize, comment: Option<CommentId>) {
        let name = self.name();
        let mut target = self.variable(name);
        let mut is_method = false;
        while !is_method && (self.is(".") || self.is(":")) {
            is_method = self.is(":");
            self.at += 1;
            let name = self.name();
            target = self.add(Expression::Field { of: target, name });
        }
        let value = self.add(Expression::Unknown);
        self.assign(target, value, 0, comment);
        let function = self.function_body(start, Some(target), comment, is_method);
        self.tree.expressions[value.0] = Expression::Function(function);
    }

    fn for_loop(&mut self) {
        let mut names = vec![self.name()];
        while self.accept(",") {
            names.push(self.name());
        }
        let is_numeric = self.accept("=");
        if !is_numeric {
            self.accept("in");
        }
        let values = self.expressions();
        self.accept("do");
        let since = self.visible.len();
        for (position, name) in names.into_iter().enumerate() {
            let origin = match values.first() {
                _ if is_numeric => Origin::Counter,
                Some(iterator) => Origin::Loop(*iterator, position),
                None => Origin::Nothing,
            };
            self.declare(name, origin, None);
        }
        self.statements();
        self.end_block(since);
        self.accept("end");
    }

    /// An assignment, or a call, or an expression alone.
    fn assignment(&mut self, comment: Option<CommentId>) {
        let targets = self.expressions();
        if !self.accept("=") {
            return;
        }
        let values = self.expressions();
        let comment = comment.or_else(|| self.commented.behind(self.at));
        for (position, target) in targets.into_iter().enumerate() {
            if let Some((value, nth)) = value_at(&values, position) {
                self.assign(target, value, nth, comment);
                if let Expression::Function(function) = self.tree.expressions[value.0] {
                    let function = &mut self.tree.functions[function.0];
                    function.target.get_or_insert(target);
                    function.comment = function.comment.or(comment);
                }
            }
        }
    }

    fn assign(
        &mut self,
        target: ExpressionId,
        value: ExpressionId,
        position: usize,
        comment: Option<CommentId>,
    ) {
        if let Some(comment) = comment {
            let below = &mut self.tree.comments[comment.0].below;
            below.get_or_insert(Below::Assignment(self.tree.assignments.len()));
        }
        self.tree.assignments.push(Assignment {
            target,
            value,
            position,
            comment,
        });
    }

    /// Reads parameters and the block, behind the keyword and the name.
    fn function_body(
        &mut self,
        start: usize,
        target: Option<ExpressionId>,
        comment: Option<CommentId>,
        is_method: bool,
    ) -> FunctionId {
        let id = FunctionId(self.tree.functions.len());
        self.tree.functions.push(Function {
            parameters: Vec::new(),
            is_variadic: false,
            is_method,
            target,
            comment,
            span: Span { start, end: start },
            returns: Vec::new(),
        });
        let since = self.visible.len();
        if is_method {
            let place = self.gap();
            self.declare(place, Origin::Receiver(id), None);
        }
        if self.accept("(") {
            while !self.is(")") {
                if self.accept("...") {
                    self.tree.functions[id.0].is_variadic = true;
                } else if self
                    .peek()
                    .is_some_and(|token| token.kind == TokenKind::Name)
                {
                    let name = self.name();
                    let parameter = self.declare(name, Origin::Parameter(id), None);
                    self.tree.functions[id.0].parameters.push(parameter);
                } else {
                    break;
                }
                if !self.accept(",") {
                    break;
                }
            }
            self.accept(")");
        }
        self.functions.push(id);
        self.statements();
        self.functions.pop();
        self.end_block(since);
        self.accept("end");
        self.tree.functions[id.0].span.end = self.end();
        id
    }
}

/// Which expression gives the value at a position, and which of its values that is.
fn value_at(values: &[ExpressionId], position: usize) -> Option<(ExpressionId, usize)> {
    match values.get(position) {
        Some(value) => Some((*value, 0)),
        None => values
            .last()
            .map(|last| (*last, position + 1 - values.len())),
    }
}

fn span(token: &Token<'_>) -> Span {
    Span {
        start: token.start,
        end: token.end(),
    }
}
