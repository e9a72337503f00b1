//! What comments say of the code below them, in LuaCATS (`---@param x number`) or LDoc
//! (`-- @tparam number x`).

mod lines;
mod tags;

use super::types::Type;

/// What a comment says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Documentation {
    /// Markdown.
    pub(super) text: String,
    pub(super) parameters: Vec<Parameter>,
    pub(super) returns: Vec<Return>,
    pub(super) class: Option<Class>,
    pub(super) alias: Option<(String, Type)>,
    pub(super) fields: Vec<Field>,
    /// The type of the variable below, by `@type`.
    pub(super) typed: Option<Type>,
    /// Other ways to call it: `fun(a: number): string`.
    pub(super) overloads: Vec<Type>,
    /// Examples, in Lua.
    pub(super) usage: Vec<String>,
    /// What else there is to say: a tag in words, and its text.
    pub(super) notes: Vec<(String, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parameter {
    /// `...` for further arguments.
    pub(super) name: String,
    pub(super) is_optional: bool,
    pub(super) kind: Option<Type>,
    pub(super) text: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Return {
    pub(super) name: String,
    pub(super) kind: Option<Type>,
    pub(super) text: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Class {
    pub(super) name: String,
    pub(super) parents: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) is_optional: bool,
    pub(super) kind: Option<Type>,
    pub(super) text: String,
}

impl Documentation {
    /// Reads a comment with its dashes.
    pub(super) fn of(comment: &str) -> Self {
        tags::read(comment)
    }

    /// Reads a comment that may declare several classes or aliases, one below the other.
    pub(super) fn of_each_class(comment: &str) -> Vec<Self> {
        let mut parts: Vec<String> = vec![String::new()];
        let mut is_declared = false;
        for line in comment.lines() {
            let text = line.trim_start().trim_start_matches('-').trim_start();
            if text.starts_with("@class") || text.starts_with("@alias") {
                if is_declared {
                    parts.push(String::new());
                }
                is_declared = true;
            }
            if let Some(part) = parts.last_mut() {
                part.push_str(line);
                part.push('\n');
            }
        }
        parts.iter().map(|part| Self::of(part)).collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters
            .iter()
            .find(|parameter| parameter.name == name)
    }

    /// The type of a value that a call returns; positions count from 0.
    pub(super) fn returned(&self, position: usize) -> Option<&Type> {
        self.returns.get(position)?.kind.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn luacats_is_read() {
        let documentation = Documentation::of(
            "--- Draws a line.\n---\n---     indented\n---@param data number[]|table<string, number> the values\n---@param opts? {title: string, x?: string} how # it looks\n---@param ... any\n---@return Chart chart the chart\n---@return string? # an error\n---@overload fun(data: table): Chart\n---@see plot.bar\n---@deprecated use bar\n---@async",
        );
        assert_eq!(documentation.text, "Draws a line.\n\n    indented");
        let parameters: Vec<_> = documentation
            .parameters
            .iter()
            .map(|parameter| {
                let kind = parameter.kind.as_ref().map(ToString::to_string);
                (
                    parameter.name.as_str(),
                    parameter.is_optional,
                    kind.unwrap_or_default(),
                    parameter.text.as_str(),
                )
            })
            .collect();
        assert_eq!(
            parameters,
            [
                (
                    "data",
                    false,
                    "number[]|table<string, number>".to_owned(),
                    "the values"
                ),
                (
                    "opts",
                    true,
                    "{title: string, x?: string}".to_owned(),
                    "how # it looks"
                ),
                ("...", false, "any".to_owned(), ""),
            ]
        );
        let returns: Vec<_> = documentation
            .returns
            .iter()
            .map(|returned| (returned.name.as_str(), returned.text.as_str()))
            .collect();
        assert_eq!(returns, [("chart", "the chart"), ("", "an error")]);
        assert_eq!(documentation.overloads.len(), 1);
        assert_eq!(
            documentation.notes,
            [
                ("See".to_owned(), "plot.bar".to_owned()),
                ("Deprecated".to_owned(), "use bar".to_owned()),
            ]
        );
    }

    #[test]
    fn classes_and_their_fields_are_read() {
        let documentation = Documentation::of(
            "--- A point.\n---@class (exact) Point: Shape, Base<number>\n--- How far right.\n---@field x number\n---@field private y? number how far up\n---@field [string] any\n---@field move fun(self: Point, by: number): Point",
        );
        assert_eq!(documentation.text, "A point.");
        let class = documentation.class.unwrap();
        assert_eq!((class.name.as_str(), class.parents.len()), ("Point", 2));
        let fields: Vec<_> = documentation
            .fields
            .iter()
            .map(|field| (field.name.as_str(), field.is_optional, field.text.as_str()))
            .collect();
        assert_eq!(
            fields,
            [
                ("x", false, "How far right."),
                ("y", true, "how far up"),
                ("move", false, ""),
            ]
        );
    }

    #[test]
    fn ldoc_is_read() {
        let documentation = Documentation::of(
            "--[[-- Adds.\nTwo numbers.\n@tparam number a the first\n  of them\n@tparam[opt=1] {string,...}|number b the second\n@param c no type here\n@string s a text\n@treturn number the sum\n@return[1] nothing else\n@usage add(1, 2)\nadd(3)\n@raise when it likes\n]]",
        );
        assert_eq!(documentation.text, "Adds.\nTwo numbers.");
        let parameters: Vec<_> = documentation
            .parameters
            .iter()
            .map(|parameter| {
                (
                    parameter.name.as_str(),
                    parameter.is_optional,
                    parameter.text.as_str(),
                )
            })
            .collect();
        assert_eq!(
            parameters,
            [
                ("a", false, "the first\nof them"),
                ("b", true, "the second"),
                ("c", false, "no type here"),
                ("s", false, "a text"),
            ]
        );
        assert_eq!(documentation.returned(0), Some(&Type::named("number")));
        assert_eq!(documentation.returns[1].text, "nothing else");
        assert_eq!(documentation.usage, ["add(1, 2)\nadd(3)"]);
        assert_eq!(
            documentation.notes,
            [("Raises".to_owned(), "when it likes".to_owned())]
        );
    }

    #[test]
    fn a_parameters_text_is_not_taken_for_its_type() {
        let documentation = Documentation::of("-- @param n how many\n-- @return what is left");
        assert_eq!(documentation.parameters[0].kind, None);
        assert_eq!(documentation.parameters[0].text, "how many");
        assert_eq!(documentation.returns[0].text, "what is left");
        let plain = Documentation::of("-- just words, with an e-mail@example.org");
        assert_eq!(plain.text, "just words, with an e-mail@example.org");
    }
}
