use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::Read;
use std::rc::Rc;
use std::sync::Arc;

use super::stack::{Chunk, Frame};

/// What a chunk says.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    /// As the user wrote it.
    pub(super) code: Arc<str>,
    /// As it was compiled, where that is known to differ.
    pub(super) compiled: Option<Rc<Compiled>>,
}

/// A cell as it was compiled: the user's code with the kernel's additions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Compiled {
    pub(crate) text: String,
    /// Where the user's code is in it, in order.
    pub(crate) pieces: Vec<Piece>,
}

/// A piece of the user's code, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Where it starts in what was compiled.
    pub(crate) compiled: usize,
    /// Where it starts in the code.
    pub(crate) code: usize,
    pub(crate) length: usize,
}

impl Compiled {
    /// Where a byte of what was compiled stands in the code; nothing if the kernel added it.
    pub(super) fn origin(&self, byte: usize) -> Option<usize> {
        self.pieces
            .iter()
            .find(|piece| (piece.compiled..piece.compiled + piece.length).contains(&byte))
            .map(|piece| piece.code + byte - piece.compiled)
    }
}

/// The code of earlier cells, as long as there is room.
#[derive(Default)]
pub(crate) struct Sources {
    cells: VecDeque<(String, Source)>,
    bytes: usize,
}

/// How much code is remembered, in bytes.
const ROOM: usize = 4 << 20;
/// How many cells are remembered.
const MOST_CELLS: usize = 1_000;
/// How many cells count as recent, and how much code of them in bytes.
const RECENT_CELLS: usize = 200;
const RECENT_ROOM: usize = 512 << 10;
/// How much is read of a file that an excerpt is of, in bytes.
const FILE_ROOM: u64 = 1 << 20;

impl Source {
    fn new(code: &str) -> Self {
        Self {
            code: Arc::from(code),
            compiled: None,
        }
    }

    fn bytes(&self) -> usize {
        let compiled = self
            .compiled
            .as_ref()
            .map_or(0, |compiled| compiled.text.len());
        self.code.len() + compiled
    }
}

impl Sources {
    /// Remembers what a cell says.
    pub(crate) fn remember(&mut self, name: &str, code: &str) {
        if code.len() > ROOM {
            return;
        }
        self.bytes += code.len();
        self.cells.push_back((name.to_owned(), Source::new(code)));
        self.forget();
    }

    /// Remembers how the latest cell was compiled.
    pub(crate) fn remember_compiled(&mut self, name: &str, compiled: Compiled) {
        if let Some((_, source)) = self.cells.back_mut().filter(|(cell, _)| cell == name) {
            self.bytes += compiled.text.len();
            source.compiled = Some(Rc::new(compiled));
            self.forget();
        }
    }

    fn forget(&mut self) {
        while self.bytes > ROOM || self.cells.len() > MOST_CELLS {
            let Some((_, forgotten)) = self.cells.pop_front() else {
                break;
            };
            self.bytes -= forgotten.bytes();
        }
    }

    /// What the cells say, and how they were compiled where that is known to differ; the earliest
    /// first.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &str, Option<&Compiled>)> {
        let cells = self.cells.iter();
        cells.map(|(name, source)| (name.as_str(), &*source.code, source.compiled.as_deref()))
    }

    /// The cells, the latest first.
    pub(super) fn cells(&self) -> impl Iterator<Item = (&str, &str)> {
        let cells = self.cells.iter().rev();
        cells.map(|(name, source)| (name.as_str(), &*source.code))
    }

    /// What the last cells say, the latest first, with their names.
    pub(crate) fn recent(&self) -> impl Iterator<Item = (&str, &Arc<str>)> {
        let mut room = RECENT_ROOM;
        let cells = self.cells.iter().rev().take(RECENT_CELLS);
        cells
            .take_while(move |(_, source)| {
                let fits = source.code.len() <= room;
                room = room.saturating_sub(source.code.len());
                fits
            })
            .map(|(name, source)| (name.as_str(), &source.code))
    }

    /// What the cell of that name says; the latest, if the name was used twice.
    pub(crate) fn of_cell(&self, name: &str) -> Option<Arc<str>> {
        self.cell(name).map(|source| source.code)
    }

    fn cell(&self, name: &str) -> Option<Source> {
        let found = self.cells.iter().rev().find(|(cell, _)| cell == name);
        found.map(|(_, source)| source.clone())
    }

    /// What a chunk says, be it a cell or a file.
    pub(crate) fn of_chunk(&self, chunk: &str, is_file: bool) -> Option<Arc<str>> {
        self.of_cell(chunk)
            .or_else(|| if is_file { of_file(chunk) } else { None })
    }

    /// What the chunk says that a function is of.
    pub(super) fn of_frame(&self, frame: &Frame) -> Option<Source> {
        match &frame.origin {
            Chunk::Named => self.cell(&frame.chunk),
            Chunk::File => self
                .cell(&frame.chunk)
                .or_else(|| Some(Source::new(&of_file(&frame.chunk)?))),
            Chunk::Text(text) => Some(Source::new(text)),
        }
    }
}

/// What a file says.
pub(super) fn of_file(path: &str) -> Option<Arc<str>> {
    // A FIFO blocks who opens it, and a device may never end.
    if !fs::metadata(path).ok()?.is_file() {
        return None;
    }
    let mut text = Vec::new();
    let file = File::open(path).ok()?;
    file.take(FILE_ROOM).read_to_end(&mut text).ok()?;
    Some(Arc::from(String::from_utf8_lossy(&text)))
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_fifo_that_a_chunk_is_called_after_blocks_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("chunk.lua");
        assert!(
            Command::new("mkfifo")
                .arg(&fifo)
                .status()
                .unwrap()
                .success()
        );
        let (answer, answered) = channel();
        std::thread::spawn(move || answer.send(of_file(fifo.to_str().unwrap()).is_none()));
        assert_eq!(answered.recv_timeout(Duration::from_secs(60)), Ok(true));
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
