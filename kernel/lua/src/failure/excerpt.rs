use std::collections::VecDeque;
use std::fs::File;
use std::io::Read;
use std::rc::Rc;

/// The code of earlier cells, as long as there is room.
#[derive(Default)]
pub(crate) struct Sources {
    cells: VecDeque<(String, Rc<str>)>,
    bytes: usize,
}

/// How much code is remembered, in bytes.
const ROOM: usize = 4 << 20;
/// How many cells are remembered.
const MOST_CELLS: usize = 1_000;
/// How much is read of a file that an excerpt is of, in bytes.
const FILE_ROOM: u64 = 1 << 20;
/// How many characters of a line are shown.
const WIDTH: usize = 160;

impl Sources {
    /// Remembers what a cell says.
    pub(crate) fn remember(&mut self, name: &str, code: &str) {
        if code.len() > ROOM {
            return;
        }
        self.bytes += code.len();
        self.cells.push_back((name.to_owned(), Rc::from(code)));
        while self.bytes > ROOM || self.cells.len() > MOST_CELLS {
            let Some((_, forgotten)) = self.cells.pop_front() else {
                break;
            };
            self.bytes -= forgotten.len();
        }
    }

    /// What the cell of that name says; the latest, if the name was used twice.
    pub(crate) fn of_cell(&self, name: &str) -> Option<Rc<str>> {
        let found = self.cells.iter().rev().find(|(cell, _)| cell == name);
        found.map(|(_, code)| Rc::clone(code))
    }

    /// What a chunk says, be it a cell or a file.
    pub(crate) fn of_chunk(&self, chunk: &str, is_file: bool) -> Option<Rc<str>> {
        if let Some(code) = self.of_cell(chunk) {
            return Some(code);
        }
        let mut text = Vec::new();
        if is_file {
            let file = File::open(chunk).ok()?;
            // A FIFO or a device could block, or never end.
            if !file.metadata().ok()?.is_file() {
                return None;
            }
            file.take(FILE_ROOM).read_to_end(&mut text).ok()?;
            return Some(Rc::from(String::from_utf8_lossy(&text)));
        }
        None
    }
}

/// Lua's lines: a carriage return and a newline, in either order, are one end of a line.
pub(crate) fn lines(code: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(code);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(end) = text.find(['\n', '\r']) else {
            rest = None;
            return Some(text);
        };
        let bytes = text.as_bytes();
        let pair =
            matches!(bytes.get(end + 1), Some(b'\n' | b'\r')) && bytes[end] != bytes[end + 1];
        rest = Some(&text[end + 1 + usize::from(pair)..]);
        Some(&text[..end])
    })
}

/// The lines around `line`, counted from 1, with an arrow at it.
pub(crate) fn excerpt(code: &str, line: usize, around: usize) -> Vec<String> {
    let first = line.saturating_sub(around).max(1);
    let shown: Vec<_> = lines(code)
        .enumerate()
        .map(|(index, text)| (index + 1, text))
        .skip(first - 1)
        .take_while(|(number, _)| *number <= line + around)
        .collect();
    if !shown.iter().any(|(number, _)| *number == line) {
        return Vec::new();
    }
    let width = (line + around).to_string().len();
    shown
        .into_iter()
        .map(|(number, text)| {
            let text = shorten(text);
            if number == line {
                format!("\x1b[31m--> {number:width$} |\x1b[0m {text}")
            } else {
                format!("    {number:width$} | {text}")
            }
        })
        .map(|text| text.trim_end().to_owned())
        .collect()
}

fn shorten(text: &str) -> String {
    let clean = |text: &str| {
        text.replace('\t', "    ")
            .replace(char::is_control, "\u{fffd}")
    };
    match text.char_indices().nth(WIDTH) {
        Some((end, _)) => clean(&text[..end]) + "…",
        None => clean(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_as_luas_do() {
        let all: Vec<_> = lines("a\r\nb\n\rc\n\nd").collect();
        assert_eq!(all, ["a", "b", "c", "", "d"]);
    }

    #[test]
    fn an_excerpt_marks_its_line_and_stays_in_the_code() {
        assert_eq!(
            excerpt("one\ntwo\nthree", 3, 1),
            ["    2 | two", "\x1b[31m--> 3 |\x1b[0m three"]
        );
        assert!(excerpt("one", 2, 1).is_empty());
    }

    #[test]
    fn old_cells_are_forgotten_when_room_is_short() {
        let mut sources = Sources::default();
        let large = "x".repeat(ROOM / 2);
        for name in ["a", "b", "c"] {
            sources.remember(name, &large);
        }
        assert!(sources.of_cell("a").is_none());
        assert!(sources.of_cell("c").is_some());
    }
}
