use std::collections::BTreeSet;

use perilune_language::Match;

use super::files;
use crate::magic;
use crate::syntax::{Token, TokenKind, tokens_with_comments};

/// Magics that take a file or a folder.
const TAKES_PATH: [&str; 4] = ["%run", "%load", "%cd", "%%writefile"];

/// What could stand behind code that ends within a magic, and the byte that it replaces from.
pub(super) fn complete(code: &str) -> Option<(Vec<Match>, usize)> {
    if magic::is_within_other_text(code) {
        return Some((Vec::new(), code.len()));
    }
    if let Some(written) = magic::name_before(code) {
        // In a long string or comment a line can begin with anything.
        let last = tokens_with_comments(code).last();
        if last.is_some_and(|token| token.kind == TokenKind::Unfinished) {
            return None;
        }
        let is_first = code.trim_start() == written;
        let names = magic::names().filter(|name| {
            name.starts_with(written)
                && name.starts_with('%')
                && (is_first || !name.starts_with("%%"))
        });
        let mut matches = matches(names, "magic");
        matches.sort_by(|one, other| one.text.cmp(&other.text));
        return Some((matches, code.len() - written.len()));
    }
    let start = code.rfind(['\n', '\r']).map_or(0, |end| end + 1);
    let read: Vec<_> = tokens_with_comments(code).collect();
    let is_within_text = read
        .last()
        .is_some_and(|last| last.kind == TokenKind::Unfinished && last.start < start);
    if is_within_text {
        return None;
    }
    if let Some(command) = command(code, start, &read) {
        return words_of_command(code, command);
    }
    let (name, rest) = code[start..].trim_start().split_once(' ')?;
    let known = magic::arguments_of(name)?;
    let word = rest.rsplit(char::is_whitespace).next().unwrap_or_default();
    let is_lua_put_in = is_lua_in(rest);
    if TAKES_PATH.contains(&name) && !is_lua_put_in {
        return (!rest.contains(['"', '\''])).then(|| paths(code, rest.trim_start()));
    }
    let are_options = rest.split_whitespace().all(|word| word.starts_with('-'));
    if word.starts_with('-') && are_options && !known.options.is_empty() {
        let options = known.options.into_iter();
        let options = options.filter(|option| option.starts_with(word));
        return Some((matches(options, "option"), code.len() - word.len()));
    }
    if known.is_lua || is_lua_put_in {
        return None;
    }
    if name == "%env" && rest.trim_start() == word && !word.contains('=') {
        let names: BTreeSet<_> = std::env::vars_os()
            .filter_map(|(name, _)| name.into_string().ok())
            .filter(|name| name.starts_with(word))
            .collect();
        return Some((matches(names, "variable"), code.len() - word.len()));
    }
    Some((Vec::new(), code.len()))
}

/// The text behind the `!` of the last line, which starts at a byte, if it is one of a command:
/// `!ls`, `names = !ls`.
fn command<'c>(code: &'c str, start: usize, read: &[Token<'_>]) -> Option<&'c str> {
    let at = read
        .iter()
        .position(|token| token.start >= start && token.is("!"))?;
    let sign = &read[at];
    let is_first = code[start..sign.start].trim().is_empty();
    let is_value = at > 0 && read[at - 1].is("=");
    (is_first || is_value).then(|| &code[sign.end()..])
}

/// Files, but for the command itself; where a value of Lua's is put in, its names.
fn words_of_command(code: &str, command: &str) -> Option<(Vec<Match>, usize)> {
    if is_lua_in(command) {
        return None;
    }
    let word = command.rsplit(char::is_whitespace).next()?;
    let is_program = command.trim_start() == word && !word.contains('/');
    if is_program || command.contains(['"', '\'']) {
        return Some((Vec::new(), code.len()));
    }
    Some(paths(code, word))
}

/// Whether words end within a `{value}` or a `$value` of Lua's.
fn is_lua_in(words: &str) -> bool {
    let opened = words.rfind('{');
    let name =
        words.trim_end_matches(|letter: char| letter.is_ascii_alphanumeric() || letter == '_');
    opened.is_some_and(|opened| !words[opened..].contains('}')) || name.ends_with('$')
}

fn paths(code: &str, path: &str) -> (Vec<Match>, usize) {
    let last = path.rfind('/').map_or(0, |slash| slash + 1);
    let found = matches(files::matching(path), "path");
    (found, code.len() - (path.len() - last))
}

fn matches(found: impl IntoIterator<Item = String>, kind: &'static str) -> Vec<Match> {
    let found = found.into_iter();
    found
        .map(|text| Match {
            text,
            kind,
            signature: None,
        })
        .collect()
}
