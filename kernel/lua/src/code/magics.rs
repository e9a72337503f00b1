use perilune_language::Match;

use super::files;
use crate::magic;
use crate::syntax::{TokenKind, tokens_with_comments};

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
        let mut matches: Vec<_> = names
            .map(|text| Match {
                text,
                kind: "magic",
                signature: None,
            })
            .collect();
        matches.sort_by(|one, other| one.text.cmp(&other.text));
        return Some((matches, code.len() - written.len()));
    }
    let line = code.rsplit(['\n', '\r']).next()?.trim_start();
    let (name, rest) = line.split_once(' ')?;
    if !TAKES_PATH.contains(&name) {
        return None;
    }
    let path = rest.trim_start();
    if path.contains(['"', '\'']) {
        return None;
    }
    let matches = files::matching(path).into_iter().map(|text| Match {
        text,
        kind: "path",
        signature: None,
    });
    let last = path.rfind('/').map_or(0, |slash| slash + 1);
    Some((matches.collect(), code.len() - (path.len() - last)))
}
