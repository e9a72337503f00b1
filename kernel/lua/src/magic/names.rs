//! What the user has named: globals and the locals of earlier cells.

use std::collections::BTreeMap;

use mlua::{Lua, Table, Value};
use perilune_language::{InputError, InputRequest};

use super::call::{Answer, Call, nothing};
use super::help::table;
use super::options::Flag;
use super::registry::{Form, Magic};
use super::shell::EXIT_CODE;
use super::source::Code;
use crate::cell::{forget_kept, kept_value};
use crate::function::Stop;
use crate::io::ask;
use crate::value::summary;

pub(super) const MAGICS: &[Magic] = &[
    Magic {
        name: "who",
        form: Form::Line,
        usage: "[TYPE...]",
        summary: "Lists the names that you have given to something.",
        help: "They are the globals that are yours, or that you have changed, and the locals of \
               earlier cells. `%who function table` lists those of the types.",
        options: &[],
        code: Code::None,
        takes_all_words: false,
        run: who,
    },
    Magic {
        name: "whos",
        form: Form::Line,
        usage: "[TYPE...]",
        summary: "Lists your names with type, size and value.",
        help: "As `%who`, as a table. The size of a string is in bytes, that of a table in \
               entries. No metamethod is run.",
        options: &[],
        code: Code::None,
        takes_all_words: false,
        run: whos,
    },
    Magic {
        name: "reset",
        form: Form::Line,
        usage: "[-f]",
        summary: "Forgets all that you have named.",
        help: "Globals of yours are gone, those of Lua and the kernel that you have changed are \
               what they were, and the locals of earlier cells are forgotten. Modules stay \
               loaded. It asks before it does it.",
        options: &[Flag {
            letter: 'f',
            number: None,
            about: "does it without a question",
        }],
        code: Code::None,
        takes_all_words: false,
        run: reset,
    },
];

/// The registry's table of the globals that there are from the beginning.
const LIBRARY: &str = "perilune.magic.globals";

/// Remembers the globals that there are.
pub(super) fn remember_library(lua: &Lua) -> mlua::Result<()> {
    let library = lua.create_table()?;
    for pair in lua.globals().pairs::<Value, Value>() {
        let (name, value) = pair?;
        library.raw_set(name, value)?;
    }
    lua.set_named_registry_value(LIBRARY, library)
}

/// The globals that there were from the beginning.
///
/// # Errors
///
/// When there is no memory left.
pub(crate) fn library_globals(lua: &Lua) -> mlua::Result<Table> {
    lua.named_registry_value(LIBRARY)
}

/// Whether the user has made or changed a global.
pub(crate) fn is_users_global(library: &Table, name: &Value, value: &Value) -> bool {
    let is_kernels = matches!(name, Value::String(name) if name.as_bytes() == EXIT_CODE.as_bytes());
    !is_kernels
        && library
            .raw_get::<Value>(name)
            .is_ok_and(|known| known != *value)
}

/// Something that the user has named.
struct Named {
    is_local: bool,
    value: Value,
}

/// What the user has named. Runs no metamethods.
fn named(call: &Call<'_>) -> mlua::Result<BTreeMap<String, Named>> {
    let lua = call.lua;
    let library: Table = lua.named_registry_value(LIBRARY)?;
    let mut found = BTreeMap::new();
    for pair in lua.globals().pairs::<Value, Value>() {
        let (name, value) = pair?;
        let Value::String(text) = &name else {
            continue;
        };
        if is_users_global(&library, &name, &value) {
            let is_local = false;
            found.insert(text.to_string_lossy(), Named { is_local, value });
        }
    }
    let locals: Vec<String> = {
        let kept = call.context.kept.borrow();
        kept.names().map(str::to_owned).collect()
    };
    for name in locals {
        let value = kept_value(lua, call.context, &name).unwrap_or(Value::Nil);
        let is_local = true;
        found.insert(name, Named { is_local, value });
    }
    if !call.words.is_empty() {
        found.retain(|_, named| {
            call.words
                .iter()
                .any(|word| word == type_name(&named.value))
        });
    }
    Ok(found)
}

const TYPES: [&str; 8] = [
    "boolean", "function", "nil", "number", "string", "table", "thread", "userdata",
];

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Integer(_) | Value::Number(_) => "number",
        Value::LightUserData(_) | Value::Error(_) => "userdata",
        value => value.type_name(),
    }
}

fn wanted(call: &Call<'_>) -> Result<BTreeMap<String, Named>, Stop> {
    if let Some(word) = call
        .words
        .iter()
        .find(|word| !TYPES.contains(&word.as_str()))
    {
        return Err(Stop::Error(format!(
            "{word} is no type of Lua; there are {}",
            TYPES.join(", ")
        )));
    }
    named(call).map_err(|error| Stop::Error(error.to_string()))
}

fn who(call: &Call<'_>) -> Answer {
    let names: Vec<_> = wanted(call)?.into_keys().collect();
    call.say(&match &*names {
        [] => "there is nothing yet".to_owned(),
        names => names.join("  "),
    });
    nothing()
}

fn whos(call: &Call<'_>) -> Answer {
    let rows: Vec<_> = wanted(call)?
        .into_iter()
        .map(|(name, Named { is_local, value })| {
            let scope = if is_local { "local" } else { "global" };
            let kind = type_name(&value);
            [
                name,
                scope.to_owned(),
                kind.to_owned(),
                size_of(&value),
                short(call.lua, &value),
            ]
        })
        .collect();
    if rows.is_empty() {
        call.say("there is nothing yet");
    } else {
        call.show(table(&["name", "scope", "type", "size", "value"], &rows));
    }
    nothing()
}

/// Counting stops here, since a large table takes its time.
const MOST_COUNTED: usize = 1_000_000;

fn size_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.as_bytes().len().to_string(),
        Value::Table(table) => {
            let count = table.pairs::<Value, Value>().take(MOST_COUNTED + 1).count();
            if count > MOST_COUNTED {
                format!("> {MOST_COUNTED}")
            } else {
                count.to_string()
            }
        }
        _ => String::new(),
    }
}

/// How many characters of a value are shown.
const WIDTH: usize = 60;

fn short(lua: &Lua, value: &Value) -> String {
    let text = summary(lua, value);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(WIDTH) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn reset(call: &Call<'_>) -> Answer {
    if !call.words.is_empty() {
        return Err(Stop::Error("it takes nothing but -f".to_owned()));
    }
    if !call.options.has('f') {
        let question = InputRequest {
            prompt: "Forget all names that you have given? [y/N] ".to_owned(),
            password: false,
        };
        let answer = match ask(call.context, question) {
            Ok(answer) => answer,
            Err(InputError::Interrupted) => return Err(Stop::Interrupted),
            Err(InputError::Closed) => String::new(),
            Err(InputError::NotAllowed) => {
                let hint = "nobody can be asked here; %reset -f does it without a question";
                return Err(Stop::Error(hint.to_owned()));
            }
        };
        if !matches!(answer.trim().to_lowercase().as_str(), "y" | "yes") {
            call.say("nothing was forgotten");
            return nothing();
        }
    }
    forget(call).map_err(|error| Stop::Error(error.to_string()))?;
    nothing()
}

fn forget(call: &Call<'_>) -> mlua::Result<()> {
    let lua = call.lua;
    let globals = lua.globals();
    let library: Table = lua.named_registry_value(LIBRARY)?;
    let names = globals.pairs::<Value, Value>().map(|pair| Ok(pair?.0));
    let names: Vec<Value> = names.collect::<mlua::Result<_>>()?;
    globals.set_metatable(None)?;
    for name in names {
        globals.raw_set(&name, library.raw_get::<Value>(&name)?)?;
    }
    for pair in library.pairs::<Value, Value>() {
        let (name, value) = pair?;
        globals.raw_set(name, value)?;
    }
    forget_kept(lua, call.context)
}
