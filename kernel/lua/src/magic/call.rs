//! The function that magics become calls of.

use std::ffi::CStr;

use mlua::{IntoLuaMulti, Lua, MultiValue, Table, Value, ffi};
use perilune_language::{Display, DisplayAction, MimeBundle, Stream};

use super::LIBRARY;
use super::context;
use super::help::no_such_magic;
use super::options::{self, Given};
use super::registry::{self, Form, Magic};
use super::source::{Code, Part, Piece, Template, Word, words};
use super::{shell, timing};
use crate::context::Context;
use crate::failure::error_text;
use crate::function::{self, Stop};

/// What a magic gives to the Lua code around it.
pub(super) type Answer = Result<MultiValue, Stop>;

/// What a magic is told.
pub(super) struct Call<'a> {
    pub(super) lua: &'a Lua,
    pub(super) context: &'a Context,
    pub(super) options: Given,
    /// The words behind the options, with their values.
    pub(super) words: Vec<String>,
    /// What stands below it, if it is a cell's.
    pub(super) body: &'a str,
}

impl Call<'_> {
    /// Writes a line to standard output.
    pub(super) fn say(&self, text: &str) {
        self.context.streams.flush();
        self.context
            .write(Stream::Stdout, format!("{text}\n").as_bytes());
    }

    pub(super) fn show(&self, bundle: MimeBundle) {
        self.context.streams.flush();
        self.context.host.display(Display {
            action: DisplayAction::Show,
            bundle,
            id: None,
            transient: serde_json::Map::new(),
        });
    }

    /// The words, if there are as many as wanted.
    pub(super) fn exactly<const N: usize>(&self, what: &str) -> Result<&[String; N], Stop> {
        let words = self.words.as_slice().try_into();
        words.map_err(|_| Stop::Error(format!("it wants {what}")))
    }
}

/// A magic's answer that is no value at all.
pub(super) fn nothing() -> Answer {
    Ok(MultiValue::new())
}

/// The registry's function.
const FUNCTION: &str = "perilune.magic";
const FUNCTION_C: &CStr = c"perilune.magic";

pub(super) fn install(lua: &Lua) -> mlua::Result<()> {
    let function = function::create_stoppable(lua, |lua, arguments| {
        let Some((Value::String(text), values)) = arguments.split_first() else {
            return Err(Stop::Error("a magic is not called by hand".to_owned()));
        };
        perform(lua, &text.to_string_lossy(), values)
    })?;
    lua.set_named_registry_value(FUNCTION, function)
}

/// Pushes the function that magics become calls of.
///
/// # Safety
///
/// Raises no error but for want of memory; needs room for one value.
pub(crate) unsafe fn push_function(state: *mut ffi::lua_State) {
    // SAFETY: the caller has room for one value.
    unsafe { ffi::lua_getfield(state, ffi::LUA_REGISTRYINDEX, FUNCTION_C.as_ptr()) };
}

fn perform(lua: &Lua, text: &str, values: &[Value]) -> Answer {
    let context = context(lua);
    if let Some(id) = text.strip_prefix("+time ") {
        timing::start(lua, context, id);
        return nothing();
    }
    if let Some(id) = text.strip_prefix("-time ") {
        timing::stop(lua, context, id);
        return Ok(MultiValue::from_vec(values.to_vec()));
    }
    if let Some(command) = text.strip_prefix("=!") {
        return shell::capture(lua, context, &fill(lua, command, values)?);
    }
    if let Some(command) = text.strip_prefix('!') {
        return shell::run(lua, context, &fill(lua, command, values)?);
    }
    let (sign, rest) = match text.strip_prefix("%%") {
        Some(rest) => ("%%", rest),
        None => ("%", text.strip_prefix('%').unwrap_or(text)),
    };
    let length = rest
        .find(|char: char| !(char.is_ascii_alphanumeric() || char == '_'))
        .unwrap_or(rest.len());
    let (name, rest) = rest.split_at(length);
    let Some(magic) = registry::find(name) else {
        return Err(Stop::Error(no_such_magic(sign, name)));
    };
    run(lua, context, magic, sign, rest, values)
        .map_err(|stop| stop.map(|message| format!("{sign}{name}: {message}")))
}

fn run(
    lua: &Lua,
    context: &Context,
    magic: &Magic,
    sign: &str,
    rest: &str,
    values: &[Value],
) -> Answer {
    let body = match (sign, values.split_last()) {
        ("%%", Some((Value::String(body), _))) => body.to_string_lossy(),
        _ => String::new(),
    };
    match (sign, magic.form) {
        ("%%", Form::Line) => {
            let hint = "it stands on a line, with one % before it";
            return Err(Stop::Error(hint.to_owned()));
        }
        // A cell's magic that does not begin one is given no body.
        ("%%", _) if values.is_empty() => {
            let hint = "what has two % begins its cell, and all below is its own";
            return Err(Stop::Error(hint.to_owned()));
        }
        ("%", Form::Cell) => {
            let hint = "it has two % before it, begins a cell, and all below is its own";
            return Err(Stop::Error(hint.to_owned()));
        }
        _ => {}
    }
    if matches!(magic.code, Code::Timed | Code::Plain)
        || magic.code == Code::Repeated && sign == "%%"
    {
        return Err(Stop::Error(not_lua(magic, sign, rest.trim())));
    }
    let mut words = fill_words(lua, rest, values)?;
    let options = match magic.code {
        _ if magic.takes_all_words => Given::default(),
        _ => options::parse(magic.options, &mut words)?,
    };
    if magic.usage.is_empty() && !words.is_empty() {
        let hint = "it takes nothing behind its name";
        return Err(Stop::Error(hint.to_owned()));
    }
    if magic.code == Code::Repeated && !words.is_empty() {
        return Err(Stop::Error(not_lua(magic, sign, rest.trim())));
    }
    (magic.run)(&Call {
        lua,
        context,
        options,
        words,
        body: &body,
    })
}

/// Why code that a magic should have run was not even compiled.
fn not_lua(magic: &Magic, sign: &str, rest: &str) -> String {
    match (sign, rest) {
        ("%", "") => format!("it wants Lua code: %{} {}", magic.name, magic.usage),
        ("%", rest) => format!(
            "`{rest}` is no Lua that ends on its line; what takes more lines stands below %%{}",
            magic.name
        ),
        (_, "") => "there is no code below it".to_owned(),
        (_, _) => "the code stands below it, and nothing behind it".to_owned(),
    }
}

/// A piece of a text with its value.
pub(super) struct Filled<'a> {
    pub(super) piece: Piece<'a>,
    /// The value's text, or those of a list; nothing where the piece stays as it is written.
    pub(super) values: Option<Vec<String>>,
}

fn fill<'a>(lua: &Lua, text: &'a str, values: &[Value]) -> Result<Vec<Filled<'a>>, Stop> {
    let pieces = super::source::shell_pieces(&Template::of(text));
    let mut values = values.iter();
    pieces
        .into_iter()
        .map(|piece| {
            let values = match piece.part {
                Part::Text(_) => None,
                Part::Value { source, .. } => {
                    texts_of(&value_of(lua, values.next(), source)?, source)?
                }
            };
            Ok(Filled { piece, values })
        })
        .collect()
}

fn fill_words(lua: &Lua, text: &str, values: &[Value]) -> Result<Vec<String>, Stop> {
    let template = Template::of(text);
    let mut values = values.iter();
    let mut filled = Vec::new();
    for word in words(&template)? {
        fill_word(lua, &word, &mut values, &mut filled)?;
    }
    Ok(filled)
}

/// Adds a word, or as many as the list has that is all of it.
fn fill_word<'v>(
    lua: &Lua,
    word: &Word<'_>,
    values: &mut impl Iterator<Item = &'v Value>,
    filled: &mut Vec<String>,
) -> Result<(), Stop> {
    let mut text = String::new();
    for piece in word {
        match piece.part {
            Part::Text(part) => text.push_str(part),
            Part::Value { source, .. } => {
                match texts_of(&value_of(lua, values.next(), source)?, source)? {
                    Some(texts) if word.len() == 1 && piece.quote.is_none() => {
                        filled.extend(texts);
                        return Ok(());
                    }
                    Some(texts) => text.push_str(&texts.join(" ")),
                    None => text.push_str(source),
                }
            }
        }
    }
    filled.push(text);
    Ok(())
}

/// The value of what is written as `source`: of a name, a function that returns it was given.
fn value_of(lua: &Lua, given: Option<&Value>, source: &str) -> Result<Value, Stop> {
    match (given, source.strip_prefix('$')) {
        (Some(Value::Function(get)), Some(name)) => {
            let value = || {
                let library: Table = lua.named_registry_value(LIBRARY)?;
                let variable: mlua::Function = library.raw_get("variable")?;
                variable.call::<Value>((get, name))
            };
            value().map_err(|error: mlua::Error| Stop::Error(error_text(&error)))
        }
        (given, _) => Ok(given.cloned().unwrap_or(Value::Nil)),
    }
}

/// The texts of a value in a command; nothing if it cannot be what was meant.
fn texts_of(value: &Value, source: &str) -> Result<Option<Vec<String>>, Stop> {
    let is_name = source.starts_with('$');
    Ok(Some(match value {
        // A variable of the shell, most likely.
        Value::Nil if is_name => return Ok(None),
        Value::Nil => {
            return Err(Stop::Error(format!(
                "{source} is nil; write {{{source}}} if the braces are no Lua"
            )));
        }
        // `awk '{print}'` and its kin.
        Value::Function(_) => return Ok(None),
        Value::Table(table) => {
            let texts: Option<Vec<_>> = table
                .sequence_values::<Value>()
                .map(|value| text_of(&value.ok()?))
                .collect();
            match texts {
                Some(texts) => texts,
                None if is_name => return Ok(None),
                None => {
                    return Err(Stop::Error(format!(
                        "{source} is a table of more than strings and numbers"
                    )));
                }
            }
        }
        value => match text_of(value) {
            Some(text) => vec![text],
            None if is_name => return Ok(None),
            None => {
                let kind = value.type_name();
                return Err(Stop::Error(format!(
                    "{source} is a {kind}, which has no text"
                )));
            }
        },
    }))
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.to_string_lossy()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Number(_) | Value::Boolean(_) => value.to_string().ok(),
        _ => None,
    }
}

/// Values for the Lua code around a magic.
pub(super) fn answer(lua: &Lua, values: impl IntoLuaMulti) -> Answer {
    values
        .into_lua_multi(lua)
        .map_err(|error| Stop::Error(error.to_string()))
}
