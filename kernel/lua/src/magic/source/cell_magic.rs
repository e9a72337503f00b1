use super::super::super::syntax::tokens;

/// A cell that belongs to a magic as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CellMagic<'a> {
    pub(crate) name: &'a str,
    /// What stands behind the name.
    pub(crate) arguments: &'a str,
    /// The lines below; nothing if there are none.
    pub(crate) body: Option<&'a str>,
    /// How many lines stand above the body.
    pub(super) lines_above: usize,
}

/// The cell magic that `code` begins with, comments and empty lines aside.
pub(crate) fn cell_magic(code: &str) -> Option<CellMagic<'_>> {
    let start = tokens(code).next()?.start;
    let line = code[start..].strip_prefix("%%")?;
    let (line, body) = match line.split_once('\n') {
        Some((line, body)) => (line, Some(body)),
        None => (line, None),
    };
    let length = line
        .bytes()
        .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
        .count();
    if length == 0 {
        return None;
    }
    let above = code.len() - body.map_or(0, str::len);
    Some(CellMagic {
        name: &line[..length],
        arguments: line[length..].trim(),
        body,
        lines_above: newlines(&code[..above]),
    })
}

/// A cell may begin with so many magics.
pub(super) const MOST_NESTED: usize = 8;

pub(super) fn newlines(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'\n').count()
}
