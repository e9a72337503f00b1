use std::fmt::Write;

use mlua::{Function, Lua, Value};
use perilune_language::{Detail, MimeBundle};

use super::byte_of;
use super::chain::{Chain, Root, chain_at};
use super::manual::manual;
use super::resolve::{parameters, resolve};
use crate::context::Context;
use crate::failure::{library_names, lines};
use crate::syntax::is_keyword;
use crate::value::summary;

/// What is known of the name at `cursor`.
pub(crate) fn inspect(
    lua: &Lua,
    context: &Context,
    code: &str,
    cursor: usize,
    detail: Detail,
) -> Option<MimeBundle> {
    let chain = chain_at(code, byte_of(code, cursor))?;
    if is_keyword(chain.name) {
        return None;
    }
    let value = resolve(lua, context, &chain)?;
    let about = match &value {
        Value::Function(function) => about_function(lua, context, &chain, function, detail),
        value => About {
            heading: format!("{}: {}", path(&chain), value.type_name()),
            document: manual()
                .entry(&path(&chain))
                .map_or_else(String::new, |entry| entry.documentation.text),
            source: Some(summary(lua, value)),
            place: None,
        },
    };
    Some(about.bundle())
}

/// What an inspection says.
struct About {
    heading: String,
    document: String,
    /// Lua to show: a function's source, or a value.
    source: Option<String>,
    place: Option<String>,
}

impl About {
    fn bundle(self) -> MimeBundle {
        let mut plain = format!("\x1b[1m{}\x1b[0m", self.heading);
        let mut markdown = format!("```lua\n{}\n```\n", self.heading);
        if !self.document.is_empty() {
            let _ = write!(plain, "\n\n{}", self.document);
            let _ = write!(markdown, "\n{}\n", self.document);
        }
        if let Some(source) = &self.source {
            let _ = write!(plain, "\n\n{source}");
            let _ = write!(markdown, "\n```lua\n{source}\n```\n");
        }
        if let Some(place) = &self.place {
            let _ = write!(plain, "\n\nDefined in {place}");
            let _ = write!(markdown, "\nDefined in `{place}`\n");
        }
        MimeBundle::plain(plain).with("text/markdown", markdown)
    }
}

fn path(chain: &Chain<'_>) -> String {
    let mut path = String::new();
    if let Some((root, fields)) = &chain.base {
        path.push_str(match root {
            Root::Name(name) => name,
            Root::String => "string",
        });
        for field in fields {
            path.push('.');
            path.push_str(field);
        }
        let is_string = matches!(root, Root::String);
        path.push(if chain.is_method && !is_string {
            ':'
        } else {
            '.'
        });
    }
    path + chain.name
}

fn about_function(
    lua: &Lua,
    context: &Context,
    chain: &Chain<'_>,
    function: &Function,
    detail: Detail,
) -> About {
    let names = library_names(lua);
    let builtin = names
        .get(&function.to_pointer())
        .and_then(|name| Some((name.clone(), manual().entry(name)?)));
    if let Some((name, builtin)) = builtin {
        return About {
            heading: format!("{name}{}", builtin.signature().unwrap_or_default()),
            document: builtin.documentation.text,
            source: None,
            place: None,
        };
    }
    let info = function.info();
    let chunk = info.source.as_deref().unwrap_or_default();
    let (name, is_file) = match chunk.strip_prefix('@') {
        Some(name) => (name, true),
        None => (chunk.strip_prefix('=').unwrap_or_default(), false),
    };
    let heading = format!(
        "{}{}",
        path(chain),
        parameters(lua, function).text(chain.is_method)
    );
    let (Some(first), Some(last)) = (info.line_defined, info.last_line_defined) else {
        return About {
            heading,
            document: String::new(),
            source: None,
            place: Some("a library of C".to_owned()),
        };
    };
    let code = context.sources.borrow().of_chunk(name, is_file);
    let all: Vec<_> = code
        .as_deref()
        .map_or_else(Vec::new, |code| lines(code).collect());
    let source = all.get(first.saturating_sub(1)..last.min(all.len()));
    About {
        heading,
        document: comment_above(&all, first),
        source: source
            .filter(|source| detail == Detail::Full && !source.is_empty())
            .map(|source| source.join("\n")),
        place: (!name.is_empty()).then(|| format!("{name}:{first}")),
    }
}

/// The comment's lines directly above a line, without their dashes.
fn comment_above(lines: &[&str], line: usize) -> String {
    let above = lines.get(..line.saturating_sub(1)).unwrap_or_default();
    let mut comment: Vec<_> = above
        .iter()
        .rev()
        .map_while(|line| line.trim().strip_prefix("--"))
        .filter(|text| !text.starts_with('['))
        .map(|text| text.trim_start_matches('-').trim())
        .collect();
    comment.reverse();
    comment.join("\n").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_comment_directly_above_counts() {
        let lines = ["-- far", "", "--- One.", "-- Two.", "function f()"];
        assert_eq!(comment_above(&lines, 5), "One.\nTwo.");
        assert_eq!(comment_above(&lines, 3), "");
        assert_eq!(comment_above(&lines, 100), "");
    }
}
