//! Files: running, loading and writing them.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use mlua::Table;
use mlua::chunk::ChunkMode;
use perilune_language::NextInput;

use super::LIBRARY;
use super::call::{Answer, Call, answer, nothing};
use super::environment::expand_home;
use super::options::Flag;
use super::registry::{Form, Magic};
use super::source::Code;
use crate::failure::error_text;
use crate::function::Stop;

pub(super) const MAGICS: &[Magic] = &[
    Magic {
        name: "run",
        form: Form::Line,
        usage: "FILE [ARGUMENT...]",
        summary: "Runs a Lua file.",
        help: "As `dofile`, with arguments: the file has them as `...` and in the table `arg`. \
               The globals that it sets are the notebook's, its locals are its own, and what it \
               returns is thrown away. A file is plain Lua, without magics.",
        options: &[],
        code: Code::Called,
        takes_all_words: true,
        run: run_file,
    },
    Magic {
        name: "load",
        form: Form::Line,
        usage: "FILE",
        summary: "Puts a file's text into a cell, to be changed and run.",
        help: "If the magic is all of its cell, the text takes its place, below the magic as a \
               comment; else it comes into a new cell below. `jupyter console` offers it at the \
               next prompt.",
        options: &[],
        code: Code::None,
        takes_all_words: true,
        run: load_file,
    },
    Magic {
        name: "writefile",
        form: Form::Cell,
        usage: "[-a] FILE",
        summary: "Writes the cell below into a file.",
        help: "The file ends with a newline. What it had before is gone, without a question.",
        options: &[Flag {
            letter: 'a',
            number: None,
            about: "writes behind what the file has already",
        }],
        code: Code::None,
        takes_all_words: false,
        run: write_file,
    },
];

/// More than this belongs into no cell.
const MOST_LOADED: u64 = 1 << 20;
/// More than this, in bytes, is no program, but data or a mistake.
const MOST_RUN: u64 = 64 << 20;

fn run_file(call: &Call<'_>) -> Answer {
    let Some((path, arguments)) = call.words.split_first() else {
        return Err(Stop::Error("it wants a file".to_owned()));
    };
    let file = expand_home(path)?;
    let size = fs::metadata(&file).map_err(|error| unreadable(&file, &error))?;
    // A pipe or a device could block, or never end.
    if !size.is_file() || size.len() > MOST_RUN {
        let what = "is no file of at most 64 MiB";
        return Err(Stop::Error(format!("{} {what}", file.display())));
    }
    let code = fs::read(&file).map_err(|error| unreadable(&file, &error))?;
    let lua = call.lua;
    let chunk = lua
        .load(without_shebang(code))
        .set_name(format!("@{}", file.display()))
        .set_mode(ChunkMode::Text)
        .into_function()
        .map_err(|error| Stop::Error(error_text(&error)))?;
    let run = || {
        let list = lua.create_sequence_from(arguments.iter().map(String::as_str))?;
        list.raw_set(0, path.as_str())?;
        let library: Table = lua.named_registry_value(LIBRARY)?;
        let run: mlua::Function = library.raw_get("run")?;
        run.call::<mlua::Function>((chunk, list))
    };
    let run = run().map_err(|error| error.to_string())?;
    answer(lua, run)
}

/// As `lua` does: a first line that begins with `#` is for the system. Its newline stays.
fn without_shebang(code: Vec<u8>) -> Vec<u8> {
    const MARK: &[u8] = "\u{feff}".as_bytes();
    let text = code.strip_prefix(MARK).unwrap_or(&code);
    if text.first() != Some(&b'#') {
        return text.to_vec();
    }
    let end = text.iter().position(|byte| *byte == b'\n');
    end.map_or_else(Vec::new, |end| text[end..].to_vec())
}

fn unreadable(path: &Path, error: &std::io::Error) -> Stop {
    Stop::Error(format!("{}: {error}", path.display()))
}

fn load_file(call: &Call<'_>) -> Answer {
    let [path] = call.exactly("one file")?;
    if path.contains("://") {
        let hint = "it reads files, not addresses; `!curl -O ADDRESS` makes a file of one";
        return Err(Stop::Error(hint.to_owned()));
    }
    let file = expand_home(path)?;
    let size = fs::metadata(&file).map_err(|error| unreadable(&file, &error))?;
    // A pipe or a device could block, or never end.
    if !size.is_file() || size.len() > MOST_LOADED {
        let what = "is no file of less than 1 MiB";
        return Err(Stop::Error(format!("{} {what}", file.display())));
    }
    let text = fs::read(&file).map_err(|error| unreadable(&file, &error))?;
    let text = String::from_utf8(text)
        .map_err(|_| Stop::Error(format!("{} is no text in UTF-8", file.display())))?;
    call.context.magics.next_input.replace(Some(NextInput {
        text: format!("-- %load {path}\n{}", text.trim_end_matches('\n')),
        replaces: false,
    }));
    nothing()
}

fn write_file(call: &Call<'_>) -> Answer {
    let [path] = call.exactly("the name of one file")?;
    let file = expand_home(path)?;
    // A pipe could block until somebody reads it.
    if fs::metadata(&file).is_ok_and(|about| !about.is_file()) {
        let what = "is there already, and is no regular file";
        return Err(Stop::Error(format!("{} {what}", file.display())));
    }
    let appends = call.options.has('a');
    let verb = match (file.exists(), appends) {
        (true, true) => "Appending to",
        (true, false) => "Overwriting",
        (false, _) => "Writing",
    };
    let written = OpenOptions::new()
        .create(true)
        .write(true)
        .append(appends)
        .truncate(!appends)
        .open(&file)
        .and_then(|mut file| {
            file.write_all(call.body.as_bytes())?;
            match call.body.ends_with('\n') || call.body.is_empty() {
                true => Ok(()),
                false => file.write_all(b"\n"),
            }
        });
    written.map_err(|error| Stop::Error(format!("{}: {error}", file.display())))?;
    call.say(&format!("{verb} {path}"));
    nothing()
}

/// Whether a cell is one line that loads a file, which the file's text can take the place of.
pub(super) fn is_load_alone(code: &str) -> bool {
    let code = code.trim();
    code.starts_with("%load ") && !code.contains('\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shebang_is_no_code_but_a_line() {
        assert_eq!(without_shebang(b"#!/bin/lua\nx".to_vec()), b"\nx");
        assert_eq!(without_shebang(b"x".to_vec()), b"x");
    }
}
