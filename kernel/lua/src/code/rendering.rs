//! Documentation as a person reads it: as Markdown, and as text for a terminal.

use std::fmt::Write;

use perilune_language::MimeBundle;

use super::documentation::Documentation;
use super::types::Type;

/// What an inspection says.
#[derive(Debug, Default)]
pub(super) struct About {
    /// What it is, as Lua or LuaCATS would write it; a line for each way to call it.
    pub(super) heading: Vec<String>,
    pub(super) documentation: Documentation,
    /// What a module has, by name.
    pub(super) members: Vec<String>,
    /// Lua to show: a function's source, or a value.
    pub(super) source: Option<String>,
    pub(super) place: Option<String>,
}

impl About {
    pub(super) fn bundle(&self) -> MimeBundle {
        MimeBundle::plain(self.plain()).with("text/markdown", self.markdown())
    }

    fn plain(&self) -> String {
        let mut text = self.heading.join("\n");
        if !self.documentation.text.is_empty() {
            let _ = write!(text, "\n\n{}", self.documentation.text);
        }
        for section in sections(&self.documentation) {
            let _ = write!(text, "\n\n{}", section.title);
            for item in &section.items {
                let said = indented(&item.text);
                let _ = match (item.name.as_str(), item.text.is_empty()) {
                    ("", _) => write!(text, "\n  {said}"),
                    (name, true) => write!(text, "\n  {name}"),
                    (name, false) => write!(text, "\n  {name} — {said}"),
                };
            }
        }
        if let Some(source) = &self.source {
            let _ = write!(text, "\n\n{source}");
        }
        if let Some(place) = &self.place {
            let _ = write!(text, "\n\nDefined in {place}");
        }
        text
    }

    fn markdown(&self) -> String {
        let mut text = fenced(&self.heading.join("\n"));
        if !self.documentation.text.is_empty() {
            let _ = write!(text, "\n{}\n", self.documentation.text);
        }
        for section in sections(&self.documentation) {
            let _ = write!(text, "\n**{}**\n\n", section.title);
            for item in &section.items {
                let said = indented(&item.text);
                let _ = match (item.name.as_str(), item.text.is_empty()) {
                    _ if section.is_code => write!(text, "{}", fenced(&item.text)),
                    ("", _) => writeln!(text, "- {said}"),
                    (name, true) => writeln!(text, "- `{name}`"),
                    (name, false) => writeln!(text, "- `{name}` — {said}"),
                };
            }
        }
        if let Some(source) = &self.source {
            let _ = write!(text, "\n{}", fenced(source));
        }
        if let Some(place) = &self.place {
            let _ = write!(text, "\nDefined in `{place}`\n");
        }
        text
    }
}

struct Section {
    title: String,
    items: Vec<Item>,
    /// Whether the items are Lua.
    is_code: bool,
}

struct Item {
    /// `name?: type`
    name: String,
    text: String,
}

fn sections(documentation: &Documentation) -> Vec<Section> {
    let mut sections = Vec::new();
    let mut add = |title: &str, is_code, items: Vec<Item>| {
        if !items.is_empty() {
            sections.push(Section {
                title: title.to_owned(),
                items,
                is_code,
            });
        }
    };
    let parameters = documentation.parameters.iter().map(|parameter| Item {
        name: named(
            &parameter.name,
            parameter.is_optional,
            parameter.kind.as_ref(),
        ),
        text: parameter.text.clone(),
    });
    add("Parameters", false, parameters.collect());
    let returns = documentation.returns.iter().map(|returned| Item {
        name: match (&returned.kind, returned.name.as_str()) {
            (Some(kind), "") => kind.to_string(),
            (kind, name) => named(name, false, kind.as_ref()),
        },
        text: returned.text.clone(),
    });
    add("Returns", false, returns.collect());
    let fields = documentation.fields.iter().map(|field| Item {
        name: named(&field.name, field.is_optional, field.kind.as_ref()),
        text: field.text.clone(),
    });
    add("Fields", false, fields.collect());
    for (title, text) in &documentation.notes {
        let item = Item {
            name: String::new(),
            text: text.clone(),
        };
        add(title, false, vec![item]);
    }
    let usage = documentation.usage.iter().map(|usage| Item {
        name: String::new(),
        text: usage.clone(),
    });
    add("Usage", true, usage.collect());
    sections
}

/// `name?: type`
fn named(name: &str, is_optional: bool, kind: Option<&Type>) -> String {
    let mark = if is_optional { "?" } else { "" };
    match kind {
        Some(kind) => format!("{name}{mark}: {kind}"),
        None => format!("{name}{mark}"),
    }
}

fn indented(text: &str) -> String {
    text.replace('\n', "\n  ")
}

/// Lua in a fence that it does not close.
fn fenced(code: &str) -> String {
    let longest = code
        .split(|letter| letter != '`')
        .map(str::len)
        .max()
        .unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}lua\n{code}\n{fence}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documentation_is_readable_as_text_and_as_markdown() {
        let about = About {
            heading: vec!["add(a: number, b?: number): number".to_owned()],
            documentation: Documentation::of(
                "--- Adds.\n---@param a number one\n---@param b? number\n---@return number # the sum\n---@usage\n--- add(1)\n---@see sub",
            ),
            members: Vec::new(),
            source: None,
            place: Some("cell[1]:3".to_owned()),
        };
        assert_eq!(
            about.plain(),
            "add(a: number, b?: number): number\n\nAdds.\n\nParameters\n  a: number — one\n  b?: number\n\nReturns\n  number — the sum\n\nSee\n  sub\n\nUsage\n  add(1)\n\nDefined in cell[1]:3"
        );
        assert_eq!(
            about.markdown(),
            "```lua\nadd(a: number, b?: number): number\n```\n\nAdds.\n\n**Parameters**\n\n- `a: number` — one\n- `b?: number`\n\n**Returns**\n\n- `number` — the sum\n\n**See**\n\n- sub\n\n**Usage**\n\n```lua\nadd(1)\n```\n\nDefined in `cell[1]:3`\n"
        );
    }

    #[test]
    fn a_fence_is_longer_than_those_it_holds() {
        assert_eq!(fenced("s = '````'"), "`````lua\ns = '````'\n`````\n");
    }
}
