//! What a saved state is made of: records one after the other, as `postcard` writes them.
//!
//! Tables, functions, strings and parts of the library are objects, numbered in the order of their
//! records. Upvalues are cells, numbered in the order of theirs; several functions may share one.
//! A record may name objects and cells whose records come later.

use std::io::{self, Write};

use perilune_language::SaveError;
use serde::{Deserialize, Serialize};

/// One record. What is said to follow stands behind it, bare.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) enum Record<'a> {
    /// An object: a string.
    String(#[serde(with = "serde_bytes")] &'a [u8]),
    /// An object: a table that is to have so much room for a sequence, and that metatable.
    Table { room: u32, metatable: Option<u32> },
    /// An object: a function of that code. The numbers of its cells follow.
    Function { code: u32, cells: u8 },
    /// An object: what the library has at a place. So many [`Step`]s follow.
    Library { steps: u32 },
    /// Code, as `string.dump` has it. Numbered too.
    Code(#[serde(with = "serde_bytes")] &'a [u8]),
    /// An upvalue.
    Cell(Value),
    /// Some of what a table holds; for one of the library's, what the user has changed in it. So
    /// many pairs of a key and a value follow.
    Entries { table: u32, count: u32 },
    /// The metatable that the user has given to a table of the library, or to all values of the
    /// type of `of`.
    Metatable { of: Value, metatable: Value },
    /// A top-level local of an earlier cell.
    Local {
        name: &'a str,
        is_constant: bool,
        cell: u32,
    },
    /// What an earlier cell said, and how it was compiled where that differs. So many pieces follow,
    /// of three numbers each.
    Source {
        name: &'a str,
        code: &'a str,
        compiled: Option<&'a str>,
        pieces: u32,
    },
    /// The end, with the number of the user's variables.
    End { variables: u64 },
}

/// A value.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) enum Value {
    Nil,
    False,
    True,
    Integer(i64),
    /// Its bits, so that each NaN stays the same.
    Float(u64),
    /// `perilune.null`
    Null,
    Object(u32),
}

/// How a part of the library is reached, one step at a time.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) enum Step<'a> {
    /// From the table of globals.
    Globals,
    /// From the metatable of all strings.
    Strings,
    /// From a value that the registry has by that name.
    Registry(&'a str),
    /// From a module that is required again.
    Module(#[serde(with = "serde_bytes")] &'a [u8]),
    /// To a field.
    Field(#[serde(with = "serde_bytes")] &'a [u8]),
    /// To an element.
    Index(i64),
    /// To the metatable.
    Metatable,
}

/// Writes records.
pub(super) struct Writer<'a> {
    to: &'a mut dyn Write,
    room: Vec<u8>,
    failed: Option<io::Error>,
}

/// So many bytes are written at once.
const BLOCK: usize = 64 << 10;

impl<'a> Writer<'a> {
    pub(super) fn new(to: &'a mut dyn Write) -> Self {
        Self {
            to,
            room: Vec::with_capacity(BLOCK + BLOCK / 4),
            failed: None,
        }
    }

    /// Writes a record, or something that follows one. What fails is told at the end.
    pub(super) fn put(&mut self, item: &impl Serialize) {
        let room = std::mem::take(&mut self.room);
        // Its only error is that there is no room, and a vector has some.
        self.room = postcard::to_extend(item, room).unwrap_or_default();
        if self.room.len() >= BLOCK {
            self.flush();
        }
    }

    pub(super) fn has_failed(&self) -> bool {
        self.failed.is_some()
    }

    fn flush(&mut self) {
        if self.failed.is_none() {
            self.failed = self.to.write_all(&self.room).err();
        }
        self.room.clear();
    }

    pub(super) fn finish(mut self) -> Result<(), SaveError> {
        self.flush();
        self.failed.map_or(Ok(()), |error| Err(error.into()))
    }
}

/// Reads records.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next record, or the next of what follows one; nothing if there is none.
    pub(super) fn take<T: Deserialize<'a>>(&mut self) -> Option<T> {
        let (item, rest) = postcard::take_from_bytes(self.0).ok()?;
        self.0 = rest;
        Some(item)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
