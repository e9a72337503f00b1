use std::collections::HashMap;
use std::ffi::c_void;

use mlua::{Lua, Table, Value};
use perilune_language::{Failure, FailureKind};

use super::excerpt::{excerpt, lines};
use super::message::of_value;
use super::stack::{Frame, HEAD};
use super::{Sources, Stack};
use crate::cell::CallError;
use crate::interrupt::Unwinding;
use crate::value::Unwound;

/// How many lines are shown before and after the one that failed.
const AROUND: usize = 2;

/// The failure of code that does not compile.
pub(crate) fn of_syntax(message: String, cell: &str, code: &str) -> Failure {
    let mut traceback = vec![header("SyntaxError", &message)];
    if let Some(line) = line_of(&message, cell) {
        // An end that is missing is missed behind the last line.
        let line = line.min(lines(code).count());
        traceback.extend(excerpt(code, line, AROUND));
    }
    Failure {
        kind: FailureKind::Syntax,
        name: "SyntaxError".to_owned(),
        message,
        traceback,
    }
}

/// The line in `cell[1]:7: unexpected symbol`.
fn line_of(message: &str, cell: &str) -> Option<usize> {
    let rest = message.strip_prefix(cell)?.strip_prefix(':')?;
    rest.split(':').next()?.parse().ok()
}

/// The failure of code that did not run to its end, if its own errors were the reason.
///
/// Runs the raised value's `__tostring` metamethod.
pub(crate) fn of_error(error: CallError, place: &Place<'_>) -> Result<Failure, Unwound> {
    let (kind, name, message) = match error {
        CallError::Syntax(message) => {
            return Ok(of_syntax(message, "", ""));
        }
        CallError::Memory => {
            let message = "not enough memory".to_owned();
            (FailureKind::Memory, "MemoryError".to_owned(), message)
        }
        CallError::Raised(value) => {
            let (name, message) = of_value(place.lua, &value)?;
            (FailureKind::Runtime, name, message)
        }
    };
    Ok(failure(kind, &name, message, place.lines()))
}

/// The failure of code that was ended from outside, or by `os.exit`.
pub(crate) fn of_unwinding(unwinding: Unwinding, place: &Place<'_>) -> Failure {
    match unwinding {
        Unwinding::Interrupt => {
            let message = "interrupted".to_owned();
            failure(
                FailureKind::Interrupted,
                "Interrupted",
                message,
                place.lines(),
            )
        }
        Unwinding::Exit(code) => {
            let message = format!("os.exit was called with {code}");
            failure(FailureKind::Exit(code), "Exit", message, Vec::new())
        }
    }
}

fn failure(kind: FailureKind, name: &str, message: String, place: Vec<String>) -> Failure {
    let mut traceback = vec![header(name, &message)];
    traceback.extend(place);
    Failure {
        kind,
        name: name.to_owned(),
        message,
        traceback,
    }
}

fn header(name: &str, message: &str) -> String {
    format!("\x1b[1;31m{name}\x1b[0m: {message}")
}

/// Where an error was raised.
pub(crate) struct Place<'a> {
    pub(crate) lua: &'a Lua,
    pub(crate) sources: &'a Sources,
    /// Innermost coroutine first.
    pub(crate) stacks: &'a [Stack],
    /// The function that the kernel called; what called it is nobody's business. Null if it never
    /// was called.
    pub(crate) entry: *const c_void,
}

impl Place<'_> {
    fn lines(&self) -> Vec<String> {
        let names = library_names(self.lua);
        let mut shown = Vec::new();
        let mut wants_context = true;
        for (index, stack) in self.stacks.iter().enumerate() {
            if index > 0 && !stack.frames.is_empty() {
                shown.push("  resumed".to_owned());
            }
            for (position, frame) in stack.frames.iter().enumerate() {
                if position == HEAD && stack.skipped > 0 {
                    shown.push(format!("  ... {} more calls ...", stack.skipped));
                }
                let is_entry = frame.function == self.entry;
                shown.push(format!("  {}", describe(frame, is_entry, &names)));
                let code = self.sources.of_chunk(&frame.chunk, frame.is_file);
                if let (Some(code), Some(line)) = (code, frame.line) {
                    let around = if wants_context { AROUND } else { 0 };
                    shown.extend(
                        excerpt(&code, line, around)
                            .into_iter()
                            .map(|l| format!("  {l}")),
                    );
                    wants_context = false;
                }
                if frame.is_tail_call {
                    shown.push("  (tail calls)".to_owned());
                }
                if is_entry {
                    return shown;
                }
            }
        }
        shown
    }
}

fn describe(frame: &Frame, is_entry: bool, names: &HashMap<*const c_void, String>) -> String {
    let place = match frame.line {
        Some(line) => format!("{}:{line}: ", frame.chunk),
        None if frame.is_native => "[C]: ".to_owned(),
        None => format!("{}: ", frame.chunk),
    };
    let place = format!("\x1b[36m{place}\x1b[0m");
    if is_entry || frame.is_main {
        return format!("{place}in {}", frame.chunk);
    }
    if let Some(name) = names.get(&frame.function) {
        return format!("{place}in function '{name}'");
    }
    match (&frame.name, frame.defined) {
        (Some((name, what)), _) => {
            let what = if what == "global" || what.is_empty() {
                "function"
            } else {
                what
            };
            format!("{place}in {what} '{name}'")
        }
        (None, Some(line)) => format!("{place}in function <{}:{line}>", frame.chunk),
        (None, None) => format!("{place}in ?"),
    }
}

/// Modules, and functions of one, that are looked at: a library has fewer, data may have more.
const MOST: usize = 10_000;

/// The functions in loaded modules by what they are called there, as Lua's own tracebacks know
/// them.
pub(crate) fn library_names(lua: &Lua) -> HashMap<*const c_void, String> {
    let mut names = HashMap::new();
    let Ok(loaded) = lua.named_registry_value::<Table>("_LOADED") else {
        return names;
    };
    for (module, content) in loaded.pairs::<Value, Value>().flatten().take(MOST) {
        let (Value::String(module), Value::Table(content)) = (module, content) else {
            continue;
        };
        let module = module.to_string_lossy();
        for (name, function) in content.pairs::<Value, Value>().flatten().take(MOST) {
            if let (Value::String(name), Value::Function(function)) = (name, function) {
                let name = name.to_string_lossy();
                let full = match module.as_str() {
                    "_G" => name,
                    module => format!("{module}.{name}"),
                };
                names.entry(function.to_pointer()).or_insert(full);
            }
        }
    }
    names
}
