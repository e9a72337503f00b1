/// What is printed, before it is broken into lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    /// A value that is not broken. It may have lines of its own.
    Text(String),
    /// A table.
    Table {
        /// What its type is called, or nothing.
        name: String,
        items: Vec<Item>,
        /// What is said of items that are left out.
        more: Option<String>,
    },
}

/// An entry of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    /// `name` or `[1.5]`; nothing in the sequence's part.
    pub(super) key: Option<String>,
    pub(super) value: Node,
}

/// How wide a table on one line may be, in characters.
const WIDTH: usize = 76;
/// How wide the values of a sequence may be that share lines, in characters.
const CELL: usize = 16;

impl Node {
    /// The text, with tables on one line where they fit.
    pub(super) fn render(&self) -> String {
        let mut text = String::new();
        self.write(&mut text, 0, 0);
        text
    }

    /// The text on one line, however long; a value's own lines stay.
    pub(super) fn render_line(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Table { name, items, more } => {
                let parts = items.iter().map(|item| match &item.key {
                    Some(key) => format!("{key} = {}", item.value.render_line()),
                    None => item.value.render_line(),
                });
                let parts: Vec<_> = parts.chain(more.clone()).collect();
                format!("{name}{{{}}}", parts.join(", "))
            }
        }
    }

    /// The node on one line, if it takes no more than `room` characters.
    fn flat(&self, room: usize) -> Option<String> {
        let text = match self {
            Self::Text(text) => {
                return (!text.contains('\n') && text.chars().count() <= room)
                    .then(|| text.clone());
            }
            Self::Table { name, items, more } => {
                let mut parts = Vec::with_capacity(items.len() + 1);
                let mut left = room;
                for item in items {
                    let mut part = item.value.flat(left)?;
                    if let Some(key) = &item.key {
                        part = format!("{key} = {part}");
                    }
                    left = left.checked_sub(part.chars().count())?;
                    parts.push(part);
                }
                parts.extend(more.clone());
                format!("{name}{{{}}}", parts.join(", "))
            }
        };
        (text.chars().count() <= room).then_some(text)
    }

    fn write(&self, out: &mut String, indent: usize, before: usize) {
        if let Some(flat) = self.flat(WIDTH.saturating_sub(indent + before).max(1)) {
            out.push_str(&flat);
            return;
        }
        let (name, items, more) = match self {
            Self::Text(text) => {
                out.push_str(text);
                return;
            }
            Self::Table { name, items, more } => (name, items, more),
        };
        let inner = indent + 2;
        out.push_str(name);
        out.push_str("{\n");
        let mut width = 0;
        for item in items {
            if let (None, Some(flat)) = (&item.key, item.value.flat(CELL)) {
                let length = flat.chars().count() + 2;
                if width > 0 && inner + width + length > WIDTH {
                    out.push('\n');
                    width = 0;
                }
                out.push_str(&" ".repeat(if width == 0 { inner } else { 1 }));
                out.push_str(&flat);
                out.push(',');
                width += length;
                continue;
            }
            if width > 0 {
                out.push('\n');
                width = 0;
            }
            out.push_str(&" ".repeat(inner));
            let mut before = 1;
            if let Some(key) = &item.key {
                out.push_str(key);
                out.push_str(" = ");
                before += key.chars().count() + 3;
            }
            item.value.write(out, inner, before);
            out.push_str(",\n");
        }
        if width > 0 {
            out.push('\n');
        }
        if let Some(more) = more {
            out.push_str(&" ".repeat(inner));
            out.push_str(more);
            out.push('\n');
        }
        out.push_str(&" ".repeat(indent));
        out.push('}');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(count: usize) -> Node {
        let item = |number: usize| Item {
            key: None,
            value: Node::Text(number.to_string()),
        };
        Node::Table {
            name: String::new(),
            items: (1..=count).map(item).collect(),
            more: None,
        }
    }

    #[test]
    fn small_tables_stay_on_one_line() {
        assert_eq!(numbers(3).render(), "{1, 2, 3}");
    }

    #[test]
    fn short_values_of_a_sequence_share_lines() {
        let text = numbers(40).render();
        assert!(text.starts_with("{\n  1, 2, 3,"), "{text}");
        assert!(text.ends_with("40,\n}"), "{text}");
        assert!(text.lines().all(|line| line.len() <= WIDTH), "{text}");
    }

    #[test]
    fn long_tables_take_a_line_for_each_key() {
        let table = Node::Table {
            name: "Point ".to_owned(),
            items: vec![
                Item {
                    key: Some("a".to_owned()),
                    value: Node::Text("x".repeat(80)),
                },
                Item {
                    key: Some("b".to_owned()),
                    value: numbers(2),
                },
            ],
            more: Some("-- 1 more".to_owned()),
        };
        let long = "x".repeat(80);
        assert_eq!(
            table.render(),
            format!("Point {{\n  a = {long},\n  b = {{1, 2}},\n  -- 1 more\n}}")
        );
    }
}
