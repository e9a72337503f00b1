use super::super::tree::{Comment, CommentId, Span};
use super::super::{Token, TokenKind, tokens_with_comments};

/// Code in tokens, and the comments between them.
pub(super) struct Commented<'a> {
    pub(super) tokens: Vec<Token<'a>>,
    pub(super) comments: Vec<Comment>,
    /// The token that each comment stands directly above.
    above: Vec<(usize, CommentId)>,
    /// The token that each comment stands behind, on the same line.
    behind: Vec<(usize, CommentId)>,
}

impl Commented<'_> {
    /// The comment directly above a token.
    pub(super) fn before(&self, token: usize) -> Option<CommentId> {
        find(&self.above, token)
    }

    /// The comment behind the token that stands before `token`, on its line.
    pub(super) fn behind(&self, token: usize) -> Option<CommentId> {
        find(&self.behind, token.checked_sub(1)?)
    }
}

fn find(comments: &[(usize, CommentId)], token: usize) -> Option<CommentId> {
    let index = comments.binary_search_by_key(&token, |(token, _)| *token);
    index.ok().map(|index| comments[index].1)
}

/// Splits code into tokens and comments.
pub(super) fn of(code: &str) -> Commented<'_> {
    let mut commented = Commented {
        tokens: Vec::new(),
        comments: Vec::new(),
        above: Vec::new(),
        behind: Vec::new(),
    };
    // The comment that goes on with the next line's.
    let mut open: Option<CommentId> = None;
    let mut end = 0;
    for token in tokens_with_comments(code) {
        let ends = line_ends(&code[end..token.start]);
        let is_first = commented.tokens.is_empty() && commented.comments.is_empty();
        end = token.end();
        let is_comment = token.kind == TokenKind::Comment
            || token.kind == TokenKind::Unfinished && token.text.starts_with("--");
        if !is_comment {
            if let Some(comment) = open.take()
                && ends <= 1
            {
                commented.above.push((commented.tokens.len(), comment));
            }
            commented.tokens.push(token);
            continue;
        }
        if let Some(comment) = open
            && ends == 1
        {
            commented.comments[comment.0].span.end = end;
            continue;
        }
        let id = CommentId(commented.comments.len());
        commented.comments.push(Comment {
            span: Span {
                start: token.start,
                end,
            },
            below: None,
        });
        let trails = ends == 0 && !is_first && open.is_none() && !commented.tokens.is_empty();
        open = if trails {
            commented.behind.push((commented.tokens.len() - 1, id));
            None
        } else {
            Some(id)
        };
    }
    commented
}

fn line_ends(space: &str) -> usize {
    space.matches('\n').count().max(space.matches('\r').count())
}
