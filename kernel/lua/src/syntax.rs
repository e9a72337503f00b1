//! As much of Lua's grammar as is needed to find a cell's last expression and its locals, and to
//! make a tree of code that is not finished.
//!
//! Whether code is valid is always Lua's own compiler's word; what is here only says where the
//! parts of valid code are, so it never has to report an error well.

mod lexer;
mod outline;
mod parser;
mod reader;
mod stuck;
mod tree;

pub use lexer::{Token, TokenKind, tokens_with_comments};
pub(crate) use lexer::{is_keyword, tokens};
pub(crate) use outline::{Attribute, Outline, TailKind};
pub(crate) use stuck::Stuck;
pub(crate) use tree::{
    Assignment, Below, CommentId, Declaration, DeclarationId, Expression, ExpressionId, FunctionId,
    Item, Origin, Span, Tree,
};

/// Keywords in the manual's order (section 3.1).
pub(crate) const KEYWORDS: [&str; 22] = [
    "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in",
    "local", "nil", "not", "or", "repeat", "return", "then", "true", "until", "while",
];
