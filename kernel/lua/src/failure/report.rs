use std::collections::HashMap;
use std::ffi::c_void;

use mlua::{Lua, Table, Value};
use perilune_language::{Failure, FailureKind};

use super::complaint::{Complaint, without_place};
use super::earlier::{Earlier, Identity, Replaced};
use super::excerpt::excerpt;
use super::hint::{Missed, Scene};
use super::locals;
use super::locate::{Location, Locator};
use super::message::{Said, of_value};
use super::sources::of_file;
use super::stack::Frame;
use super::style::{END, PLACE, WORD, WRONG_HEADING};
use super::{Sources, Stack};
use crate::cell::CallError;
use crate::interrupt::Unwinding;
use crate::magic;
use crate::syntax::{TokenKind, tokens};
use crate::value::Unwound;

/// How many lines are shown before and after the one that failed.
pub(super) const AROUND: usize = 2;
/// How many calls in a row may be a pattern that repeats.
const LONGEST_PATTERN: usize = 4;

/// The failure of code that did not run to its end, if its own errors were the reason.
///
/// Runs the raised value's `__tostring` metamethod.
pub(crate) fn of_error(error: CallError, place: &Place<'_>) -> Result<Failure, Unwound> {
    let (kind, said, raised) = match error {
        CallError::Syntax(message) => {
            return Ok(super::of_syntax(place.lua, message, "", "", ""));
        }
        CallError::Memory => {
            let said = Said {
                name: "MemoryError".to_owned(),
                message: "not enough memory".to_owned(),
                value: None,
            };
            (FailureKind::Memory, said, None)
        }
        CallError::Raised(value) => {
            let said = of_value(place.lua, &value)?;
            (FailureKind::Runtime, said, Some(value))
        }
    };
    Ok(failure(kind, said, raised.as_ref(), place))
}

/// The failure of code that was ended from outside, or by `os.exit`.
pub(crate) fn of_unwinding(unwinding: Unwinding, place: &Place<'_>) -> Failure {
    let said = |name: &str, message: String| Said {
        name: name.to_owned(),
        message,
        value: None,
    };
    match unwinding {
        // What restarts does not end, unless it was interrupted meanwhile.
        Unwinding::Interrupt | Unwinding::Restart => {
            let said = said("Interrupted", "interrupted".to_owned());
            failure(FailureKind::Interrupted, said, None, place)
        }
        Unwinding::Exit(code) => {
            let message = format!("os.exit was called with {code}");
            Failure {
                kind: FailureKind::Exit(code),
                name: "Exit".to_owned(),
                traceback: vec![header("Exit", &message)],
                message,
            }
        }
    }
}

fn failure(kind: FailureKind, said: Said, raised: Option<&Value>, place: &Place<'_>) -> Failure {
    let (mut hints, mut frames) = place.lines(&said.message, place.stacks, true);
    frames.extend(place.earlier_lines(raised));
    let module = broken_module(place.lua, &said.message);
    let mut traceback = vec![header(&said.name, &said.message)];
    traceback.extend(said.value.map(|value| format!("  the error is {value}")));
    hints.extend(of_library(&said.message));
    if let (FailureKind::Memory, Some(limit)) = (kind, place.memory_limit) {
        hints.push(format!(
            "Lua may use {} MiB here, as --memory-limit says; what no variable holds any more is \
             given back",
            limit >> 20
        ));
    }
    traceback.extend(hints.iter().map(|hint| hint_line(hint)));
    traceback.extend(module);
    traceback.extend(frames);
    Failure {
        kind,
        name: said.name,
        message: said.message,
        traceback,
    }
}

pub(super) fn header(name: &str, message: &str) -> String {
    format!("{WRONG_HEADING}{name}{END}: {message}")
}

pub(super) fn hint_line(hint: &str) -> String {
    format!("  {WORD}hint:{END} {hint}")
}

/// The place in a module that does not compile, from `error loading module 'm' from file 'm.lua':`
/// and Lua's own message.
fn broken_module(lua: &Lua, message: &str) -> Vec<String> {
    let read = || {
        let (_, rest) = without_place(message)
            .strip_prefix("error loading module '")?
            .split_once("' from file '")?;
        let (path, rest) = rest.split_once("':\n\t")?;
        let code = of_file(path)?;
        Some(super::syntax::place_of(lua, rest, path, &code, &code))
    };
    read().unwrap_or_default()
}

/// Of a library of C that could not be loaded.
fn of_library(message: &str) -> Option<String> {
    if !message.contains("error loading module '") {
        return None;
    }
    let hint = if message.contains("undefined symbol: lua") {
        "the library was built for another version of Lua; this is Lua 5.4"
    } else if ["wrong ELF class", "invalid ELF header", "file too short"]
        .iter()
        .any(|reason| message.contains(reason))
    {
        "the library was built for another kind of machine, or is damaged"
    } else if message.contains("cannot open shared object file") {
        "the library needs another one that is not installed"
    } else {
        return None;
    };
    Some(hint.to_owned())
}

/// Where an error was raised.
pub(crate) struct Place<'a> {
    pub(crate) lua: &'a Lua,
    pub(crate) sources: &'a Sources,
    pub(crate) missed: &'a Missed,
    /// Innermost coroutine first.
    pub(crate) stacks: &'a [Stack],
    /// Errors that were caught; this one may be one of them.
    pub(crate) earlier: &'a Earlier,
    /// The error in whose place this one came.
    pub(crate) replaced: Option<&'a Replaced>,
    /// The function that the kernel called; what called it is nobody's business. Null if it never
    /// was called.
    pub(crate) entry: *const c_void,
    /// How much memory Lua may use, in bytes.
    pub(crate) memory_limit: Option<usize>,
}

impl Place<'_> {
    /// Where the error was first, if it was caught and raised again, and the error before it.
    fn earlier_lines(&self, raised: Option<&Value>) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(first) = raised.and_then(|value| self.earlier.again(value)) {
            let text = match &first.value {
                Identity::Text(text) => text.as_str(),
                Identity::Object(_) => "",
            };
            let (_, frames) = self.lines(text, &first.stacks, false);
            if !frames.is_empty() {
                lines.push("  first raised, and caught, in".to_owned());
                lines.extend(frames);
            }
        }
        if let Some(replaced) = self.replaced {
            let text = replaced.text.as_deref().unwrap_or("an error");
            lines.push(format!("  raised by closing after another error: {text}"));
            lines.extend(self.lines(text, &replaced.stacks, false).1);
        }
        lines
    }

    /// Hints, and the frames with their code.
    fn lines(
        &self,
        message: &str,
        stacks: &[Stack],
        has_variables: bool,
    ) -> (Vec<String>, Vec<String>) {
        let mut report = Report {
            place: self,
            message,
            names: library_names(self.lua),
            locator: Locator::new(self.lua),
            variables: if has_variables {
                locals::remembered(self.lua)
            } else {
                Vec::new()
            },
            has_variables,
            is_innermost: true,
            after_native: false,
            hints: Vec::new(),
            lines: Vec::new(),
        };
        for (index, stack) in stacks.iter().enumerate() {
            let mut frames = stack.frames.as_slice();
            if index > 0 && !frames.is_empty() {
                report.lines.push("  resumed by".to_owned());
                // The function that resumed it is the kernel's `coroutine.resume` or the like.
                frames = match frames {
                    [resume, rest @ ..] if resume.is_native => rest,
                    frames => frames,
                };
            }
            if report.stack(frames, stack) {
                break;
            }
        }
        (report.hints, report.lines)
    }
}

/// A report while it is made.
struct Report<'a> {
    place: &'a Place<'a>,
    message: &'a str,
    names: HashMap<*const c_void, String>,
    locator: Locator<'a>,
    /// Of the innermost Lua function.
    variables: Vec<locals::Variable>,
    has_variables: bool,
    /// Whether no Lua function has been shown yet.
    is_innermost: bool,
    /// Whether a function of C that has no metamethod's name stands before the innermost.
    after_native: bool,
    hints: Vec<String>,
    lines: Vec<String>,
}

impl Report<'_> {
    /// Shows a coroutine, and tells whether the function was in it that the kernel called.
    fn stack(&mut self, frames: &[Frame], stack: &Stack) -> bool {
        // Frames behind this one were left out.
        let gap = stack.gap.saturating_sub(stack.frames.len() - frames.len());
        let mut at = 0;
        while at < frames.len() {
            if at == gap && stack.skipped > 0 {
                self.lines
                    .push(format!("  ... {} more calls ...", stack.skipped));
            }
            if let Some((period, end)) = repetition(frames, at, self.place.entry) {
                for frame in &frames[at..at + period] {
                    self.frame(frame);
                }
                let skipped = if at < gap && end > gap {
                    stack.skipped
                } else {
                    0
                };
                let more = end - at - period + skipped;
                let calls = if period == 1 {
                    "this call"
                } else {
                    "these calls"
                };
                self.lines
                    .push(format!("  ... {calls} again and again, {more} more ..."));
                at = end;
                continue;
            }
            if self.frame(&frames[at]) {
                return true;
            }
            at += 1;
        }
        false
    }

    /// Shows a function, and tells whether it is the one that the kernel called.
    fn frame(&mut self, frame: &Frame) -> bool {
        let is_entry = frame.function == self.place.entry;
        if frame.is_native {
            let is_called = frame
                .name
                .as_ref()
                .is_none_or(|(_, what)| what != "metamethod" && what != "for iterator");
            self.after_native |= self.is_innermost && is_called;
            let catches = self.names.get(&frame.function);
            if !self.has_variables && catches.is_some_and(|name| name == "pcall") {
                // From here on it was caught.
                return true;
            }
            if !is_entry && is_called && self.is_worth_showing(frame) {
                self.lines
                    .push(format!("  {}", describe(frame, is_entry, &self.names)));
            }
            return is_entry;
        }
        self.lines
            .push(format!("  {}", describe(frame, is_entry, &self.names)));
        self.code(frame);
        if frame.is_tail_call {
            self.lines.push("  (tail calls)".to_owned());
        }
        self.is_innermost = false;
        is_entry
    }

    /// Functions that only raise the error are no news, nor are those without a name.
    fn is_worth_showing(&self, frame: &Frame) -> bool {
        let known = self.names.get(&frame.function);
        let raises = known.is_some_and(|name| name == "error" || name == "assert");
        let called = frame.name.as_ref();
        let raises = raises || called.is_some_and(|(name, _)| name.starts_with(magic::FUNCTION));
        !(raises && self.is_innermost) && (known.is_some() || frame.name.is_some())
    }

    fn code(&mut self, frame: &Frame) {
        let (Some(source), Some(line)) = (self.place.sources.of_frame(frame), frame.line) else {
            return;
        };
        let complaint = Complaint::of(self.message).filter(|complaint| {
            self.is_innermost && (!self.after_native || complaint.is_of_argument())
        });
        let scene = Scene {
            lua: self.place.lua,
            sources: self.place.sources,
            missed: self.place.missed,
            chunk: &frame.chunk,
            line,
            variables: &self.variables,
        };
        let is_innermost = self.is_innermost && self.has_variables;
        let is_nil =
            |path: &[String]| is_innermost && scene.value(path).is_some_and(|value| value.is_nil());
        let location = self
            .locator
            .locate(&source, frame, complaint.as_ref(), &is_nil);
        let (mark, path) = match &location {
            Location::Found(located) => (Some(&located.mark), located.path.as_slice()),
            Location::Changed | Location::Unknown => (None, [].as_slice()),
        };
        if let Some(complaint) = &complaint {
            self.hints = scene.hints(complaint, path, self.message);
        }
        let around = if self.is_innermost { AROUND } else { 0 };
        let shown = excerpt(&source.code, line, around, mark);
        self.lines
            .extend(shown.into_iter().map(|text| format!("  {text}")));
        if location == Location::Changed && frame.is_file() {
            self.lines
                .push("    (the file has changed since it was loaded)".to_owned());
        }
        if self.is_innermost {
            let text = super::lines(&source.code).nth(line - 1).unwrap_or_default();
            let names: Vec<_> = tokens(text)
                .filter(|token| token.kind == TokenKind::Name)
                .map(|token| token.text)
                .collect();
            let shown = locals::shown(self.place.lua, &self.variables, &names);
            for (index, variable) in shown.into_iter().enumerate() {
                let with = if index == 0 { "with" } else { "    " };
                self.lines
                    .push(format!("    {PLACE}{with}{END} {variable}"));
            }
        }
    }
}

/// The length of the pattern that the calls at `at` repeat at least twice more, and where that
/// ends.
fn repetition(frames: &[Frame], at: usize, entry: *const c_void) -> Option<(usize, usize)> {
    let same = |left: &Frame, right: &Frame| {
        left.function == right.function && left.line == right.line && left.function != entry
    };
    (1..=LONGEST_PATTERN).find_map(|period| {
        let mut end = at + period;
        while end < frames.len() && same(&frames[end], &frames[end - period]) {
            end += 1;
        }
        if end - at < 3 * period {
            return None;
        }
        // Where frames were left out, a round may be cut short.
        let pattern = &frames[at..at + period];
        while end < frames.len() && pattern.iter().any(|known| same(&frames[end], known)) {
            end += 1;
        }
        Some((period, end))
    })
}

fn describe(frame: &Frame, is_entry: bool, names: &HashMap<*const c_void, String>) -> String {
    let place = match frame.line {
        Some(line) => format!("{}:{line}: ", frame.chunk),
        None if frame.is_native => "[C]: ".to_owned(),
        None => format!("{}: ", frame.chunk),
    };
    let place = format!("{PLACE}{place}{END}");
    if is_entry || frame.is_main {
        return format!("{place}in {}", frame.chunk);
    }
    if let Some(name) = names.get(&frame.function) {
        return format!("{place}in function '{name}'");
    }
    match (&frame.name, frame.defined) {
        (Some((name, what)), _) => {
            let what = match what.as_str() {
                "method" | "metamethod" => what,
                _ => "function",
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
