use super::reader;

/// A piece of the code, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord)]
pub(crate) struct Span {
    pub(crate) start: usize,
    /// One past the last byte.
    pub(crate) end: usize,
}

/// Which of [`Tree::expressions`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ExpressionId(pub(crate) usize);

/// Which of [`Tree::declarations`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct DeclarationId(pub(crate) usize);

/// Which of [`Tree::functions`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct FunctionId(pub(crate) usize);

/// Which of [`Tree::comments`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct CommentId(pub(crate) usize);

/// Code as a tree, which there is whatever the code lacks: what cannot be read is left out.
///
/// Names are bound to their declarations. The code itself is kept beside it, by whoever owns it.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    pub(crate) expressions: Vec<Expression>,
    /// Locals, parameters and loop variables, in the order of the code.
    pub(crate) declarations: Vec<Declaration>,
    pub(crate) functions: Vec<Function>,
    /// What is given to globals and fields.
    pub(crate) assignments: Vec<Assignment>,
    /// Comments; those on lines below each other are one.
    pub(crate) comments: Vec<Comment>,
    /// What the chunk returns.
    pub(crate) returns: Vec<Vec<ExpressionId>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Expression {
    Nil,
    Boolean,
    Number,
    /// Its text with quotes or brackets.
    String(Span),
    /// `..` makes it.
    Text,
    Name {
        name: Span,
        /// Nothing if it is a global, or a local of an earlier cell.
        declaration: Option<DeclarationId>,
    },
    /// `of.name`, or `of["name"]`.
    Field {
        of: ExpressionId,
        name: Span,
    },
    /// `of[...]`
    Element {
        of: ExpressionId,
    },
    /// `of(...)`, or `of:name(...)`.
    Call {
        function: ExpressionId,
        /// Of a method, the name.
        method: Option<Span>,
        arguments: Vec<ExpressionId>,
        /// From the first parenthesis on.
        span: Span,
        is_closed: bool,
    },
    Function(FunctionId),
    Table {
        items: Vec<Item>,
        span: Span,
    },
    /// `a or b`: one of them.
    Either(Vec<ExpressionId>),
    Unknown,
}

/// One entry of a table constructor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Item {
    /// `name =` or `["name"] =`; nothing for an element or another key.
    pub(crate) name: Option<Span>,
    /// Whether it is an element of the list.
    pub(crate) is_element: bool,
    pub(crate) value: ExpressionId,
    pub(crate) comment: Option<CommentId>,
}

/// Where a local's value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The value of that number, from 0, of an expression.
    Value(ExpressionId, usize),
    /// A parameter.
    Parameter(FunctionId),
    /// The `self` of a function that is declared with a colon.
    Receiver(FunctionId),
    /// The loop variable of that number, from 0, behind `in`.
    Loop(ExpressionId, usize),
    /// The variable of a numeric loop.
    Counter,
    Nothing,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Declaration {
    pub(crate) name: Span,
    pub(crate) origin: Origin,
    /// Where it can be used.
    pub(crate) scope: Span,
    pub(crate) comment: Option<CommentId>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Function {
    /// Without the `self` that a colon adds.
    pub(crate) parameters: Vec<DeclarationId>,
    pub(crate) is_variadic: bool,
    pub(crate) is_method: bool,
    /// What it is assigned to, if it is declared with a name: `M.f`.
    pub(crate) target: Option<ExpressionId>,
    pub(crate) comment: Option<CommentId>,
    /// From the keyword to behind `end`.
    pub(crate) span: Span,
    pub(crate) returns: Vec<Vec<ExpressionId>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Assignment {
    pub(crate) target: ExpressionId,
    pub(crate) value: ExpressionId,
    /// Which value of the expression.
    pub(crate) position: usize,
    pub(crate) comment: Option<CommentId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Comment {
    pub(crate) span: Span,
    /// The declaration below it, if there is one.
    pub(crate) below: Option<Below>,
}

/// What a comment stands directly above.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Below {
    Declaration(DeclarationId),
    Assignment(usize),
}

impl Tree {
    pub(crate) fn of(code: &str) -> Self {
        reader::read(code)
    }

    pub(crate) fn expression(&self, id: ExpressionId) -> &Expression {
        &self.expressions[id.0]
    }

    pub(crate) fn declaration(&self, id: DeclarationId) -> &Declaration {
        &self.declarations[id.0]
    }

    pub(crate) fn function(&self, id: FunctionId) -> &Function {
        &self.functions[id.0]
    }

    pub(crate) fn comment(&self, id: CommentId) -> &Comment {
        &self.comments[id.0]
    }

    /// The locals that can be used behind a byte, the innermost of each name only, innermost last.
    pub(crate) fn visible_at<'a>(
        &self,
        code: &'a str,
        byte: usize,
    ) -> Vec<(&'a str, DeclarationId)> {
        let mut visible: Vec<(&str, DeclarationId)> = Vec::new();
        for (index, declaration) in self.declarations.iter().enumerate() {
            if declaration.scope.start < byte && byte <= declaration.scope.end {
                let name = declaration.name(code);
                visible.retain(|(known, _)| *known != name);
                visible.push((name, DeclarationId(index)));
            }
        }
        visible
    }
}

impl Declaration {
    /// What it is called: a colon declares a `self` that stands nowhere.
    pub(crate) fn name<'a>(&self, code: &'a str) -> &'a str {
        match self.origin {
            Origin::Receiver(_) => "self",
            _ => self.name.of(code),
        }
    }
}

impl Span {
    /// The text of it.
    pub(crate) fn of(self, code: &str) -> &str {
        code.get(self.start..self.end).unwrap_or_default()
    }

    pub(crate) fn contains(self, byte: usize) -> bool {
        (self.start..=self.end).contains(&byte)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(code: &str) -> Vec<&str> {
        let tree = Tree::of(code);
        let visible = tree.visible_at(code, code.len() + 1);
        visible.into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn the_locals_of_unfinished_code_are_those_of_its_open_blocks() {
        assert_eq!(
            names(
                "local a, b <const> = 1, c do local gone end for i, v in pairs(t) do local function f(x, ...) g(y) "
            ),
            ["a", "b", "i", "v", "f", "x"]
        );
        assert_eq!(names("function M:f(a) self."), ["self", "a"]);
        assert_eq!(names("if a then local b else local c "), ["c"]);
        assert_eq!(
            names("local a = 1 local a = 2 repeat local u until "),
            ["a", "u"]
        );
    }

    #[test]
    fn a_comment_belongs_to_what_is_directly_below_it() {
        let code =
            "-- far\n\n--- One.\n-- Two.\nlocal x = 1 -- trailing\n-- of y\ny = 2 ---@type Y";
        let tree = Tree::of(code);
        let texts: Vec<_> = tree
            .comments
            .iter()
            .map(|comment| comment.span.of(code))
            .collect();
        assert_eq!(
            texts,
            [
                "-- far",
                "--- One.\n-- Two.",
                "-- trailing",
                "-- of y",
                "---@type Y"
            ]
        );
        assert_eq!(tree.declarations[0].comment, Some(CommentId(1)));
        assert_eq!(tree.assignments[0].comment, Some(CommentId(3)));
        assert_eq!(tree.comments[0].below, None);
    }

    #[test]
    fn code_of_any_depth_is_read_in_bounded_stack() {
        for piece in [
            "(",
            "{",
            "f(",
            "x = a.",
            "'a' .. ",
            "- ",
            "do ",
            "function() ",
            "a[",
            "if x then ",
        ] {
            let tree = Tree::of(&format!("x = {}", piece.repeat(50_000)));
            assert!(!tree.expressions.is_empty(), "{piece}");
        }
    }

    #[test]
    fn what_is_missing_is_left_out_and_the_rest_is_read() {
        let code = "local t = {a = 1, b = function(x) end,\n[\"c d\"] = 2, 3\nlocal u = t.";
        let tree = Tree::of(code);
        let Expression::Table { items, .. } = &tree.expressions[0] else {
            panic!("{:?}", tree.expressions);
        };
        let names: Vec<_> = items
            .iter()
            .map(|item| item.name.map(|name| name.of(code)))
            .collect();
        assert_eq!(names, [Some("a"), Some("b"), Some("c d"), None]);
        assert_eq!(
            tree.expressions.last(),
            Some(&Expression::Field {
                of: ExpressionId(tree.expressions.len() - 2),
                name: Span {
                    start: code.len(),
                    end: code.len()
                }
            })
        );
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn every_part_of_a_tree_is_a_part_of_its_code(
            pieces in proptest::collection::vec(proptest::sample::select(vec![
                "local ", "function ", "x", "y.z", ":m", "(", ")", "{", "}", "[", "]", "=", ",", "end ", "do ",
                "then ", "if ", "for ", "in ", "return ", "'s'", "[[l]]", "'", "é😀", "--c\n", "--- @class A\n",
                "--[[ ", "<const>", "..", "or ", "not ", "1", "repeat ", "until ", "else ", "elseif ", "\n", "::a::",
            ]), 0..40)
        ) {
            let code = pieces.concat();
            let tree = Tree::of(&code);
            for declaration in &tree.declarations {
                let name = &code[declaration.name.start..declaration.name.end];
                proptest::prop_assert!(name.is_ascii());
                proptest::prop_assert!(declaration.scope.start <= declaration.scope.end);
            }
            for comment in &tree.comments {
                proptest::prop_assert!(code[comment.span.start..comment.span.end].starts_with("--"));
            }
            for expression in &tree.expressions {
                if let Expression::Call { span, .. } | Expression::Table { span, .. } = expression {
                    proptest::prop_assert!(code.get(span.start..span.end).is_some());
                }
            }
        }
    }
}
