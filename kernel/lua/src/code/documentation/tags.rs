use super::super::types::{Type, take_type};
use super::lines::{Line, lines};
use super::{Class, Documentation, Field, Parameter, Return};

/// A tag with the lines that go on with it.
struct Tag<'a> {
    name: &'a str,
    /// What stands in brackets behind the name: `opt` of `@tparam[opt]`.
    modifier: &'a str,
    text: String,
    /// Whether it is certainly LuaCATS.
    is_annotation: bool,
    /// Lines between it and the tag before it.
    above: String,
}

pub(super) fn read(comment: &str) -> Documentation {
    let lines = lines(comment);
    let is_ldoc = lines.iter().any(|line| is_ldoc(line));
    let mut tags: Vec<Tag<'_>> = Vec::new();
    let mut text = Vec::new();
    let mut above: Vec<&str> = Vec::new();
    for line in &lines {
        if let Some(mut tag) = tag(line) {
            if tag.name == "field" && !tags.is_empty() {
                tag.above = above.join("\n").trim().to_owned();
                above.clear();
            }
            text.append(&mut above);
            tags.push(tag);
        } else if let Some(tag) = tags.last_mut()
            && (is_ldoc || tag.name == "usage")
        {
            tag.text.push('\n');
            tag.text.push_str(match tag.name {
                "usage" => line.text,
                _ => line.text.trim_start(),
            });
        } else if !line.text.starts_with('|') || tags.is_empty() {
            above.push(line.text);
        }
    }
    text.append(&mut above);
    let mut documentation = Documentation {
        text: text.join("\n").trim().to_owned(),
        ..Documentation::default()
    };
    for tag in tags {
        add(&mut documentation, &tag, is_ldoc);
    }
    documentation
}

/// Names of LDoc's that LuaCATS has not.
const LDOC: [&str; 13] = [
    "tparam", "treturn", "usage", "string", "number", "int", "bool", "func", "tab", "function",
    "raise", "tfield", "thread",
];

fn is_ldoc(line: &Line<'_>) -> bool {
    tag(line).is_some_and(|tag| !tag.is_annotation && LDOC.contains(&tag.name))
}

fn tag<'a>(line: &Line<'a>) -> Option<Tag<'a>> {
    let rest = line.text.trim_start().strip_prefix('@')?;
    let end = rest
        .find(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'))
        .unwrap_or(rest.len());
    if end == 0 {
        return None;
    }
    let (name, mut text) = rest.split_at(end);
    let mut modifier = "";
    if let Some(inner) = text.strip_prefix('[')
        && let Some((inside, behind)) = inner.split_once(']')
    {
        modifier = inside;
        text = behind;
    }
    Some(Tag {
        name,
        modifier,
        text: text.trim().to_owned(),
        is_annotation: line.is_annotation,
        above: String::new(),
    })
}

fn add(documentation: &mut Documentation, tag: &Tag<'_>, is_ldoc: bool) {
    let text = tag.text.trim();
    match tag.name {
        "param" => documentation.parameters.push(parameter(tag, is_ldoc)),
        "tparam" => {
            let (kind, rest) = take_type(text);
            let (name, text) = word(rest);
            documentation.parameters.push(Parameter {
                name: name.to_owned(),
                is_optional: tag.modifier.starts_with("opt") || kind.starts_with('?'),
                kind: Some(Type::parse(kind.trim_start_matches('?'))),
                text: text.to_owned(),
            });
        }
        "vararg" => documentation.parameters.push(Parameter {
            name: "...".to_owned(),
            is_optional: false,
            kind: Some(Type::parse(text)),
            text: String::new(),
        }),
        "string" | "number" | "int" | "bool" | "func" | "tab" | "thread" => {
            let kind = match tag.name {
                "int" => "integer",
                "bool" => "boolean",
                "func" => "function",
                "tab" => "table",
                name => name,
            };
            let (name, text) = word(text);
            documentation.parameters.push(Parameter {
                name: name.to_owned(),
                is_optional: tag.modifier.starts_with("opt"),
                kind: Some(Type::named(kind)),
                text: text.to_owned(),
            });
        }
        "return" if is_ldoc || !(tag.is_annotation || looks_like_type(take_type(text).0)) => {
            documentation.returns.push(Return {
                name: String::new(),
                kind: None,
                text: text.to_owned(),
            });
        }
        "return" => returns(documentation, text),
        "treturn" => {
            let (kind, text) = take_type(text);
            documentation.returns.push(Return {
                name: String::new(),
                kind: Some(Type::parse(kind)),
                text: text.to_owned(),
            });
        }
        "class" => documentation.class = class(text),
        "alias" => {
            let (name, rest) = word(text);
            documentation.alias = Some((name.to_owned(), Type::parse(take_type(rest).0)));
        }
        "field" => documentation.fields.extend(field(tag)),
        "tfield" => {
            let (kind, rest) = take_type(text);
            let (name, text) = word(rest);
            documentation.fields.push(Field {
                name: name.to_owned(),
                is_optional: false,
                kind: Some(Type::parse(kind)),
                text: text.to_owned(),
            });
        }
        "type" => documentation.typed = Some(Type::parse(take_type(text).0)),
        "overload" => documentation.overloads.push(Type::parse(take_type(text).0)),
        "usage" => documentation.usage.push(text.to_owned()),
        name => {
            let words = match name {
                "see" => "See",
                "raise" => "Raises",
                "deprecated" => "Deprecated",
                "since" => "Since",
                "version" => "Version",
                "author" => "Author",
                // What says how the code is to be checked, or where it belongs, helps nobody here.
                _ => return,
            };
            let note = (words.to_owned(), text.to_owned());
            documentation.notes.push(note);
        }
    }
}

/// The first word, and the rest.
fn word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (word, rest.trim())
}

/// Without the `#` that LuaCATS may have before a description.
fn description(text: &str) -> String {
    let text = text.trim_start();
    text.strip_prefix('#').unwrap_or(text).trim().to_owned()
}

fn parameter(tag: &Tag<'_>, is_ldoc: bool) -> Parameter {
    let (name, rest) = word(&tag.text);
    let (kind, text) = take_type(rest);
    let is_typed = !is_ldoc
        && !kind.is_empty()
        && (tag.is_annotation || text.is_empty() && looks_like_type(kind) || looks_like_type(kind));
    Parameter {
        name: name.trim_end_matches('?').to_owned(),
        is_optional: name.ends_with('?') || tag.modifier.starts_with("opt"),
        kind: is_typed.then(|| Type::parse(kind)),
        text: description(if is_typed { text } else { rest }),
    }
}

/// Whether a word behind a name is a type, and not the first word of an explanation.
fn looks_like_type(word: &str) -> bool {
    const KNOWN: [&str; 14] = [
        "any", "boolean", "bool", "function", "fun", "integer", "int", "nil", "number", "string",
        "table", "thread", "userdata", "unknown",
    ];
    KNOWN.contains(&word.trim_end_matches('?'))
        || word.contains(['|', '<', '['])
        || word.starts_with(['{', '"', '\''])
        || word.starts_with("fun(")
}

fn returns(documentation: &mut Documentation, text: &str) {
    let mut rest = text;
    loop {
        let (kind, behind) = take_type(rest);
        let (first, text) = word(behind);
        let is_name = !behind.starts_with('#')
            && first
                .trim_end_matches([',', '?'])
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_.".contains(&byte));
        let name = if is_name { first } else { "" };
        let goes_on = name.ends_with(',');
        documentation.returns.push(Return {
            name: name.trim_end_matches([',', '?']).to_owned(),
            kind: (!kind.is_empty()).then(|| Type::parse(kind.trim_end_matches(','))),
            text: if goes_on {
                String::new()
            } else {
                description(if is_name { text } else { behind })
            },
        });
        if !goes_on {
            return;
        }
        rest = text;
    }
}

fn class(text: &str) -> Option<Class> {
    let text = text
        .trim_start_matches("(exact)")
        .trim_start_matches("(partial)")
        .trim();
    let end = text
        .find([':', '<', '#'])
        .or_else(|| text.find(char::is_whitespace))
        .unwrap_or(text.len());
    let name = text[..end].trim();
    let parents = text.split_once(':').map_or("", |(_, parents)| parents);
    let mut names = Vec::new();
    let mut rest = parents.trim();
    while !rest.is_empty() {
        let (parent, behind) = take_type(rest);
        let goes_on = parent.ends_with(',') || behind.starts_with(',');
        if let Type::Named(name) = Type::parse(parent.trim_end_matches(',')) {
            names.push(name);
        }
        rest = behind.trim_start_matches(',').trim();
        if !goes_on {
            break;
        }
    }
    (!name.is_empty()).then(|| Class {
        name: name.to_owned(),
        parents: names,
    })
}

fn field(tag: &Tag<'_>) -> Option<Field> {
    let (mut name, mut rest) = word(&tag.text);
    if ["public", "private", "protected", "package"].contains(&name) {
        (name, rest) = word(rest);
    }
    if name.starts_with('[') || name.is_empty() || !tag.modifier.is_empty() {
        return None;
    }
    let (kind, text) = take_type(rest);
    let text = description(text);
    Some(Field {
        name: name.trim_end_matches('?').to_owned(),
        is_optional: name.ends_with('?'),
        kind: (!kind.is_empty()).then(|| Type::parse(kind)),
        text: if text.is_empty() {
            tag.above.clone()
        } else {
            text
        },
    })
}
