mod asked;
mod comments;

use std::sync::Arc;

use mlua::{Lua, Table, Value};
use perilune_language::{Detail, MimeBundle};

use super::byte_of;
use super::documentation::Documentation;
use super::live::{Live, chunk_name};
use super::manual::manual;
use super::names::{Names, Shape, Shaped};
use super::rendering::About;
use super::resolver::{Resolver, Thing};
use super::signature::{Parameters, parameters, with_types};
use super::source::{Path, Root, Source, line_of};
use super::types::Type;
use crate::context::Context;
use crate::magic;
use crate::syntax::{Expression, ExpressionId, FunctionId};
use crate::value::summary;

use asked::{Asked, asked_for};

/// How many entries of a table are counted.
const MOST_COUNTED: usize = 1_000_000;
/// How many fields of a module are named.
const MOST_NAMED: usize = 200;
/// So many fields, calls and elements in a row are written out.
const LONGEST_CHAIN: usize = 50;

/// What is known of the name at `cursor`, or of the function whose arguments it is in.
pub(crate) fn inspect(
    lua: &Lua,
    context: &Context,
    code: &str,
    cursor: usize,
    detail: Detail,
) -> Option<MimeBundle> {
    let cursor = byte_of(code, cursor);
    if let Some(page) = help_of_magic(code, cursor) {
        return Some(page);
    }
    let source = Arc::new(Source::read("", Arc::from(code)));
    let names = Live::new(lua, context);
    let inspector = Inspector {
        resolver: Resolver::new(&names, Arc::clone(&source)),
        names: &names,
        detail,
    };
    let about = asked_for(&source, cursor)
        .into_iter()
        .find_map(|asked| inspector.about(&asked))?;
    Some(about.bundle())
}

/// The help of the magic whose name is at a byte.
fn help_of_magic(code: &str, cursor: usize) -> Option<MimeBundle> {
    let start = code[..cursor].rfind(['\n', '\r']).map_or(0, |end| end + 1);
    let line = code[start..].lines().next()?;
    let indent = line.len() - line.trim_start().len();
    let name = line.split_whitespace().next()?;
    let is_on_it = cursor <= start + indent + name.len();
    (name.starts_with('%') && is_on_it)
        .then(|| magic::help_request(&format!("{name}?")))
        .flatten()
}

struct Inspector<'a> {
    resolver: Resolver<'a, Live<'a>>,
    names: &'a Live<'a>,
    detail: Detail,
}

impl Inspector<'_> {
    fn about(&self, asked: &Asked) -> Option<About> {
        let source = &self.resolver.current;
        match asked {
            Asked::Expression(id) => {
                let name = self.written(*id);
                let things = self.resolver.current(*id);
                let field = match source.tree.expression(*id) {
                    Expression::Field { of, name } => self.field(*of, source.text(*name)),
                    _ => None,
                };
                self.of_things(&name, &things, source.path(*id).as_ref(), field)
            }
            Asked::Method(of, name) => {
                let written = format!("{}:{name}", self.written(*of));
                let things = self.resolver.callees(source, *of, Some(name));
                let path = source.path(*of).map(|mut path| {
                    path.names.push(name.clone());
                    path
                });
                let field = self.field(*of, name);
                self.of_things(&written, &things, path.as_ref(), field)
            }
            Asked::Declaration(id) => {
                let path = Path {
                    root: Root::Local(*id),
                    names: Vec::new(),
                };
                let name = source.tree.declaration(*id).name(&source.code);
                let things = self.resolver.path(source, &path);
                self.of_things(name, &things, Some(&path), None)
            }
        }
    }

    /// An expression as a heading shows it: names and what is between them.
    fn written(&self, id: ExpressionId) -> String {
        self.written_within(LONGEST_CHAIN, id)
    }

    /// The last `room` links of a chain, which can be as long as the code.
    fn written_within(&self, room: usize, id: ExpressionId) -> String {
        if room == 0 {
            return "…".to_owned();
        }
        let source = &self.resolver.current;
        match source.tree.expression(id) {
            Expression::Name { name, .. } => source.text(*name).to_owned(),
            Expression::Field { of, name } => {
                format!(
                    "{}.{}",
                    self.written_within(room - 1, *of),
                    source.text(*name)
                )
            }
            Expression::Element { of } => format!("{}[…]", self.written_within(room - 1, *of)),
            Expression::Call {
                function, method, ..
            } => match method {
                Some(method) => format!(
                    "{}:{}(…)",
                    self.written_within(room - 1, *function),
                    source.text(*method)
                ),
                None => format!("{}(…)", self.written_within(room - 1, *function)),
            },
            Expression::String(_) | Expression::Text => "string".to_owned(),
            _ => "…".to_owned(),
        }
    }

    fn of_things(
        &self,
        name: &str,
        things: &[Thing<Value>],
        path: Option<&Path>,
        field: Option<Documentation>,
    ) -> Option<About> {
        let own = path.map(|path| self.documentation_of(path));
        let own = own.filter(|own| !own.is_empty()).or(field);
        // A function says most of itself, and what Lua has now more than what it may become.
        let is_function = |thing: &&Thing<Value>| match thing {
            Thing::Live(value) => value.is_function(),
            Thing::Function(..) => true,
            _ => false,
        };
        let functions = things.iter().filter(is_function);
        let live = things
            .iter()
            .filter(|thing| matches!(thing, Thing::Live(_)));
        let told = things
            .iter()
            .filter(|thing| !matches!(thing, Thing::Path(..)));
        let chosen = functions.chain(live).chain(told).next();
        let parameter = path.and_then(|path| self.parameter(path));
        let mut about = match chosen {
            Some(Thing::Live(Value::Function(function))) => {
                self.of_live_function(name, &Value::Function(function.clone()))
            }
            Some(Thing::Live(value)) => self.of_value(name, value),
            Some(Thing::Function(source, function)) => {
                self.of_function(name, source, *function, self.place(source, *function))
            }
            Some(Thing::Typed(kind)) => self.of_type(name, kind),
            Some(Thing::Table(source, table)) => About {
                heading: vec![format!("{name}: table")],
                source: match source.tree.expression(*table) {
                    Expression::Table { span, .. } => Some(source.text(*span).to_owned()),
                    _ => None,
                },
                ..About::default()
            },
            Some(Thing::Path(..)) | None => About::default(),
        };
        if about.heading.is_empty() {
            // Nothing is known but what comments say.
            let says = own.as_ref().is_some_and(|own| !own.is_empty()) || parameter.is_some();
            if !says {
                return None;
            }
            about.heading.push(name.to_owned());
        }
        if let Some(parameter) = parameter {
            about.documentation.text = parameter;
        }
        if let Some(own) = own
            && about.documentation.is_empty()
        {
            about.documentation = own;
        }
        if !about.members.is_empty() && about.documentation.fields.is_empty() {
            let members = ("Has".to_owned(), about.members.join(", "));
            about.documentation.notes.push(members);
        }
        Some(about)
    }

    fn of_live_function(&self, name: &str, function: &Value) -> About {
        match self.names.shape(function) {
            Shape::Function(Shaped::Documented(known)) => match manual().entry(&known) {
                Some(entry) => {
                    let Expression::Function(id) = entry.source.tree.expression(entry.value) else {
                        return About::default();
                    };
                    self.of_function(&known, &entry.source, *id, None)
                }
                None => foreign(name),
            },
            Shape::Function(Shaped::Lua { parameters, place }) => {
                let place = place
                    .as_ref()
                    .map(|(chunk, line)| (chunk_name(chunk).0, &**chunk, *line));
                let written = place
                    .filter(|(name, ..)| !name.is_empty())
                    .map(|(name, _, line)| format!("{name}:{line}"));
                let found = place.and_then(|(_, chunk, line)| {
                    let source = self.names.source(chunk)?;
                    let function = source.function_on(line)?;
                    Some((source, function))
                });
                match found {
                    Some((source, function)) => self.of_function(name, &source, function, written),
                    None => About {
                        heading: vec![format!("{name}({})", parameters.join(", "))],
                        place: written,
                        ..About::default()
                    },
                }
            }
            _ => foreign(name),
        }
    }

    /// Where a function of the code that is inspected is.
    fn place(&self, source: &Source, function: FunctionId) -> Option<String> {
        let line = line_of(&source.code, source.tree.function(function).span.start);
        Some(match source.name.as_str() {
            "" => format!("this cell, line {line}"),
            name => format!("{name}:{line}"),
        })
    }

    fn of_function(
        &self,
        name: &str,
        source: &Arc<Source>,
        id: FunctionId,
        place: Option<String>,
    ) -> About {
        let function = source.tree.function(id);
        let documentation = source.documentation(function.comment);
        let mut shown: Parameters = parameters(source, id, &documentation, true);
        let is_method = name.contains(':');
        if is_method && !function.is_method && !shown.is_empty() {
            shown.remove(0);
        } else if !is_method && function.is_method {
            shown.insert(0, ("self".to_owned(), false, None));
        }
        let mut heading = vec![format!("{name}{}", with_types(&shown, &documentation))];
        for overload in &documentation.overloads {
            if let Type::Function { .. } = overload {
                let written = overload.to_string();
                heading.push(format!("{name}{}", written.trim_start_matches("fun")));
            }
        }
        let is_ours = manual()
            .sources()
            .iter()
            .any(|known| Arc::ptr_eq(known, source));
        let wants_source = self.detail == Detail::Full && !is_ours;
        About {
            heading,
            documentation,
            members: Vec::new(),
            source: wants_source.then(|| whole_lines(source, id)),
            place,
        }
    }

    fn of_value(&self, name: &str, value: &Value) -> About {
        let shape = self.names.shape(value);
        let kind = match (&shape, value) {
            (Shape::Other(Some(class)), _) => (*class).to_owned(),
            (_, value) => value.type_name().to_owned(),
        };
        let mut heading = format!("{name}: {kind}");
        if let Value::Table(table) = value {
            let elements = table.raw_len();
            let all = table.pairs::<Value, Value>().take(MOST_COUNTED).count();
            heading.push_str(&size(elements, all.saturating_sub(elements)));
        }
        let mut headings = self.calls_of_module(name, value);
        headings.push(heading);
        About {
            heading: headings,
            members: match (&shape, value) {
                (Shape::Module, Value::Table(table)) => members(table),
                _ => Vec::new(),
            },
            source: (!matches!(shape, Shape::Module)).then(|| summary(self.names.lua, value)),
            ..About::default()
        }
    }

    /// How a module of ours is called that is a function too, such as `display`.
    fn calls_of_module(&self, name: &str, value: &Value) -> Vec<String> {
        let is_it = self.names.module(name).is_some_and(|known| known == *value);
        let entry = is_it.then(|| manual().entry(name)).flatten();
        entry.map_or_else(Vec::new, |entry| {
            match entry.source.tree.expression(entry.value) {
                Expression::Function(id) => {
                    self.of_function(name, &entry.source, *id, None).heading
                }
                _ => Vec::new(),
            }
        })
    }

    fn of_type(&self, name: &str, kind: &Type) -> About {
        let mut about = About {
            heading: vec![format!("{name}: {kind}")],
            ..About::default()
        };
        if let Type::Named(class) = kind
            && let Some(documentation) = self.resolver.documentation_of_class(class)
        {
            about.documentation = documentation;
        }
        about
    }
}

/// The names of a module's fields, in their order; the first of many.
fn members(module: &Table) -> Vec<String> {
    let mut names: Vec<String> = module
        .pairs::<Value, Value>()
        .take(MOST_COUNTED)
        .filter_map(|pair| match pair {
            Ok((Value::String(name), _)) => Some(name.to_str().ok()?.to_owned()),
            _ => None,
        })
        .collect();
    names.sort_unstable();
    if names.len() > MOST_NAMED {
        names.truncate(MOST_NAMED);
        names.push("…".to_owned());
    }
    names
}

/// ` (3 elements, 2 further fields)`
fn size(elements: usize, fields: usize) -> String {
    let count = |count: usize, word: &str| match count {
        1 => format!("1 {word}"),
        count => format!("{count} {word}s"),
    };
    match (elements, fields) {
        (0, 0) => " (empty)".to_owned(),
        (0, fields) => format!(" ({})", count(fields, "field")),
        (elements, 0) => format!(" ({})", count(elements, "element")),
        (elements, fields) => {
            let (elements, fields) = (count(elements, "element"), count(fields, "field"));
            format!(" ({elements}, {fields})")
        }
    }
}

fn foreign(name: &str) -> About {
    About {
        heading: vec![format!("{name}(...)")],
        place: Some("a library of C".to_owned()),
        ..About::default()
    }
}

/// A function's source, from the start of its first line.
fn whole_lines(source: &Source, id: FunctionId) -> String {
    let span = source.tree.function(id).span;
    let start = source.code[..span.start]
        .rfind(['\n', '\r'])
        .map_or(0, |end| end + 1);
    let end = source.code[span.end..]
        .find(['\n', '\r'])
        .map_or(source.code.len(), |end| span.end + end);
    source.code[start..end].to_owned()
}
