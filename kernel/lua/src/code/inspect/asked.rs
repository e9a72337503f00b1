use crate::code::source::Source;
use crate::syntax::{DeclarationId, Expression, ExpressionId};

/// What a cursor may ask for.
pub(super) enum Asked {
    Expression(ExpressionId),
    /// A method of something, by its name.
    Method(ExpressionId, String),
    Declaration(DeclarationId),
}

/// What is at a byte, what is most likely meant first.
pub(super) fn asked_for(source: &Source, cursor: usize) -> Vec<Asked> {
    let tree = &source.tree;
    let mut asked = Vec::new();
    for (index, expression) in tree.expressions.iter().enumerate() {
        match expression {
            Expression::Name { name, .. } | Expression::Field { name, .. }
                if name.contains(cursor) && name.start < name.end =>
            {
                asked.push(Asked::Expression(ExpressionId(index)));
            }
            Expression::Call {
                function,
                method: Some(name),
                ..
            } if name.contains(cursor) && name.start < name.end => {
                asked.push(Asked::Method(*function, source.text(*name).to_owned()));
            }
            _ => {}
        }
    }
    for (index, declaration) in tree.declarations.iter().enumerate() {
        if declaration.name.contains(cursor) && declaration.name.start < declaration.name.end {
            asked.push(Asked::Declaration(DeclarationId(index)));
        }
    }
    // The calls around, the innermost first.
    let mut calls: Vec<_> = tree
        .expressions
        .iter()
        .filter_map(|expression| match expression {
            Expression::Call {
                function,
                method,
                span,
                is_closed,
                ..
            } if span.start < cursor && (cursor < span.end || !is_closed && cursor == span.end) => {
                Some((span.start, *function, *method))
            }
            _ => None,
        })
        .collect();
    calls.sort_by_key(|(start, ..)| std::cmp::Reverse(*start));
    asked.extend(calls.into_iter().map(|(_, function, method)| match method {
        Some(name) => Asked::Method(function, source.text(name).to_owned()),
        None => Asked::Expression(function),
    }));
    asked
}
