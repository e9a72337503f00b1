//! Commands of the system.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus};

use mlua::{Lua, Table, Value};

use super::call::{Answer, Call, Filled, answer, nothing};
use super::registry::{Form, Magic};
use super::source::{Code, Part};
use crate::context::Context;
use crate::function::Stop;
use crate::interrupt::is_due;
use crate::io::{Ended, output_of, program, shell_with, wait};

pub(super) const MAGICS: &[Magic] = &[
    Magic {
        name: "bash",
        form: Form::Cell,
        usage: "[ARGUMENT...]",
        summary: "Runs the cell below as a script of bash.",
        help: "The cell is the script as it stands: what looks like Lua's values in it is \
               bash's. Values come as arguments, `%%bash {folder}`, and are `$1`, `$2`, ... there.\n\n\
               Its output appears as it is written, its standard input is empty, and an interrupt \
               ends it with all that it has started. If it ends with a status other than 0 the \
               cell has failed.",
        options: &[],
        code: Code::None,
        takes_all_words: true,
        run: |call| script(call, "bash"),
    },
    Magic {
        name: "sh",
        form: Form::Cell,
        usage: "[ARGUMENT...]",
        summary: "Runs the cell below as a script of the system's shell.",
        help: "As `%%bash`, with `sh`.",
        options: &[],
        code: Code::None,
        takes_all_words: true,
        run: |call| script(call, "sh"),
    },
];

/// The global that has the status of the last command.
pub(super) const EXIT_CODE: &str = "_exit_code";

/// `!command`: its output is the cell's.
pub(super) fn run(lua: &Lua, context: &Context, pieces: &[Filled<'_>]) -> Answer {
    let mut child = command(pieces)?;
    context.expect_foreign_output();
    let mut child = child.spawn().map_err(|error| failed("/bin/sh", &error))?;
    let status = ended(wait(&mut child, &context.interrupt), "/bin/sh")?;
    set_exit_code(lua, status)?;
    nothing()
}

/// `lines = !command`: a table of what it wrote to standard output, with its `status`.
pub(super) fn capture(lua: &Lua, context: &Context, pieces: &[Filled<'_>]) -> Answer {
    let mut command = command(pieces)?;
    context.expect_foreign_output();
    let (output, ended_how) =
        output_of(&mut command, &context.interrupt).map_err(|error| failed("/bin/sh", &error))?;
    let status = ended(Ok(ended_how), "/bin/sh")?;
    set_exit_code(lua, status)?;
    let table = lines_of(lua, &output, is_due)?;
    table.raw_set("status", status).map_err(not_made)?;
    answer(lua, table)
}

/// How many lines are made between two looks at whether the cell is to end.
const LINES_AT_A_TIME: usize = 4096;

/// A table of the lines of a text, of which there can be millions.
fn lines_of(lua: &Lua, text: &[u8], is_due: impl Fn() -> bool) -> Result<Table, Stop> {
    let table = lua.create_table().map_err(not_made)?;
    if text.is_empty() {
        return Ok(table);
    }
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    for (number, line) in text.split(|byte| *byte == b'\n').enumerate() {
        if number % LINES_AT_A_TIME == 0 && is_due() {
            return Err(Stop::Interrupted);
        }
        let line = lua.create_string(line).map_err(not_made)?;
        table.raw_push(line).map_err(not_made)?;
    }
    Ok(table)
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn not_made(error: mlua::Error) -> Stop {
    Stop::Error(error.to_string())
}

/// A shell with a command, in which values are the shell's own parameters: whatever is in them,
/// it is no part of the command's syntax.
fn command(pieces: &[Filled<'_>]) -> Result<Command, Stop> {
    let (script, parameters) = script_of(pieces);
    if script.trim().is_empty() {
        return Err(Stop::Error("there is no command behind the !".to_owned()));
    }
    Ok(shell_with(&script, &parameters))
}

fn script_of(pieces: &[Filled<'_>]) -> (String, Vec<String>) {
    let mut script = String::new();
    let mut parameters: Vec<String> = Vec::new();
    for Filled { piece, values } in pieces {
        let values = match (piece.part, values) {
            (Part::Text(text), _) | (Part::Value { source: text, .. }, None) => {
                script.push_str(text);
                continue;
            }
            (_, Some(values)) => values,
        };
        let mut refer = |value: String| {
            parameters.push(value);
            format!("${{{}}}", parameters.len())
        };
        let text = match piece.quote {
            Some('"') => refer(values.join(" ")),
            // Out of the quotes and in again.
            Some(_) => format!("'\"{}\"'", refer(values.join(" "))),
            None => {
                let words = values
                    .iter()
                    .map(|value| format!("\"{}\"", refer(value.clone())));
                words.collect::<Vec<_>>().join(" ")
            }
        };
        script.push_str(&text);
    }
    (script, parameters)
}

fn script(call: &Call<'_>, shell: &str) -> Answer {
    let mut command = program(shell);
    // Its own line numbers are the cell's.
    command.arg("-c").arg(format!("\n{}", call.body)).arg(shell);
    command.args(&call.words);
    let status = stream(call, &mut command, shell)?;
    set_exit_code(call.lua, status)?;
    if status != 0 {
        return Err(Stop::Error(format!("it ended with status {status}")));
    }
    nothing()
}

/// Runs a program whose output is the cell's, and returns its status.
pub(super) fn stream(call: &Call<'_>, command: &mut Command, name: &str) -> Result<i32, Stop> {
    call.context.expect_foreign_output();
    let mut child = command.spawn().map_err(|error| failed(name, &error))?;
    ended(wait(&mut child, &call.context.interrupt), name)
}

fn ended(ended: io::Result<Ended>, name: &str) -> Result<i32, Stop> {
    match ended {
        Ok(Ended::Itself(status)) => Ok(status_of(status)),
        Ok(Ended::Interrupted) => Err(Stop::Interrupted),
        Err(error) => Err(failed(name, &error)),
    }
}

/// As a shell has it in `$?`: a signal is 128 and its number.
fn status_of(status: ExitStatus) -> i32 {
    let signal = status.signal().map(|signal| 128 + signal);
    status.code().or(signal).unwrap_or(-1)
}

fn failed(name: &str, error: &io::Error) -> Stop {
    Stop::Error(match error.kind() {
        io::ErrorKind::NotFound => format!("{name} is not there: no program on PATH has this name"),
        io::ErrorKind::ArgumentListTooLong => {
            format!("this is too long for {name}; %%writefile can put it into a file")
        }
        io::ErrorKind::FileTooLarge => error.to_string(),
        _ => format!("{name} cannot be started: {error}"),
    })
}

fn set_exit_code(lua: &Lua, status: i32) -> Result<(), Stop> {
    lua.globals()
        .raw_set(EXIT_CODE, Value::Integer(status.into()))
        .map_err(|error| Stop::Error(error.to_string()))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::super::source::{Template, shell_pieces};
    use super::*;

    fn script(text: &str, values: &[&[&str]]) -> (String, Vec<String>) {
        let template = Template::of(text);
        let mut values = values.iter();
        let pieces: Vec<_> = shell_pieces(&template)
            .into_iter()
            .map(|piece| Filled {
                piece,
                values: matches!(piece.part, Part::Value { .. }).then(|| {
                    values
                        .next()
                        .unwrap()
                        .iter()
                        .map(|v| (*v).to_owned())
                        .collect()
                }),
            })
            .collect();
        script_of(&pieces)
    }

    #[test]
    fn many_lines_can_be_interrupted() {
        let lua = Lua::new();
        let text = b"line\n".repeat(3 * LINES_AT_A_TIME);
        let made = lines_of(&lua, &text, || false).unwrap();
        assert_eq!(made.raw_len(), 3 * LINES_AT_A_TIME);
        let looks = Cell::new(0);
        let stopped = lines_of(&lua, &text, || {
            looks.set(looks.get() + 1);
            looks.get() == 2
        });
        assert!(matches!(stopped, Err(Stop::Interrupted)));
        assert_eq!(looks.get(), 2);
    }

    #[test]
    fn values_are_parameters_of_the_shell() {
        let (text, parameters) =
            script("cp {a} \"in $b\" 'of {c}'", &[&["x y"], &["$(z)"], &["'"]]);
        assert_eq!(text, "cp \"${1}\" \"in ${2}\" 'of '\"${3}\"''");
        assert_eq!(parameters, ["x y", "$(z)", "'"]);
    }

    #[test]
    fn the_strings_of_a_list_are_words() {
        let (text, parameters) = script("wc {a} \"{a}\"", &[&["x", "y z"], &["x", "y"]]);
        assert_eq!(text, "wc \"${1}\" \"${2}\" \"${3}\"");
        assert_eq!(parameters, ["x", "y z", "x y"]);
        assert_eq!(script("wc {a}", &[&[]]).0, "wc ");
    }
}
