//! From records to the user's session.
//!
//! The records are read three times: first each object is made, then they are filled, and only when
//! nothing can fail any more but for want of memory, the globals and the rest of the library get
//! what the user had changed in them.

mod fill;
mod make;

use std::collections::HashSet;
use std::ffi::c_int;

use mlua::ffi;
use perilune_language::{Losses, RestoreError};

use super::record::{Reader, Record, Step, Value};

/// A session on its way from records.
pub(super) struct Restoring<'a> {
    bytes: &'a [u8],
    go_on: &'a mut dyn FnMut() -> bool,
    codes: Vec<&'a [u8]>,
    /// Of each cell the function that has it first, and as which upvalue.
    owners: Vec<Option<(u32, u8)>>,
    library: HashSet<u32>,
    metatables: Vec<(u32, u32)>,
    objects: u32,
    /// The top-level locals that are there again: their names, and whether they are constants.
    pub(super) locals: Vec<(&'a str, bool)>,
    pub(super) variables: u64,
    pub(super) losses: Losses,
    pub(super) failure: Option<RestoreError>,
    steps: u32,
}

/// After so many records somebody is asked whether to go on.
const STRIDE: u32 = 256;
/// Where the table of objects is on Lua's stack.
const OBJECTS: c_int = 1;

/// A module that has to be required before all else.
pub(super) fn modules<'a>(bytes: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    let mut reader = Reader::new(bytes);
    let mut seen = HashSet::new();
    std::iter::from_fn(move || {
        loop {
            match reader.take::<Record<'a>>()? {
                Record::Library { steps } => {
                    let mut module = None;
                    for _ in 0..steps {
                        if let Step::Module(name) = reader.take()? {
                            module = Some(name);
                        }
                    }
                    if let Some(name) = module
                        && seen.insert(name)
                    {
                        return Some(name);
                    }
                }
                record => skip(&mut reader, &record)?,
            }
        }
    })
}

/// Passes what follows a record.
pub(super) fn skip<'a>(reader: &mut Reader<'a>, record: &Record<'a>) -> Option<()> {
    match *record {
        Record::Function { cells, .. } => {
            for _ in 0..cells {
                reader.take::<u32>()?;
            }
        }
        Record::Library { steps } => {
            for _ in 0..steps {
                reader.take::<Step<'a>>()?;
            }
        }
        Record::Entries { count, .. } => {
            for _ in 0..count {
                reader.take::<(Value, Value)>()?;
            }
        }
        Record::Source { pieces, .. } => {
            for _ in 0..pieces {
                reader.take::<[u64; 3]>()?;
            }
        }
        _ => {}
    }
    Some(())
}

impl<'a> Restoring<'a> {
    pub(super) fn new(bytes: &'a [u8], go_on: &'a mut dyn FnMut() -> bool) -> Self {
        Self {
            bytes,
            go_on,
            codes: Vec::new(),
            owners: Vec::new(),
            library: HashSet::new(),
            metatables: Vec::new(),
            objects: 0,
            locals: Vec::new(),
            variables: 0,
            losses: Losses::default(),
            failure: None,
            steps: 0,
        }
    }

    /// Restores everything, and leaves on the stack a closure over each local; `failure` says so
    /// if it did not.
    ///
    /// # Safety
    ///
    /// To be called with an empty stack, in a protected call, while nothing is collected. May raise
    /// a memory error.
    pub(super) unsafe fn run(&mut self, state: *mut ffi::lua_State) {
        // SAFETY: passed on; nothing here is owned by a frame of ours while Lua may raise an error.
        unsafe {
            ffi::lua_settop(state, 0);
            ffi::luaL_checkstack(state, 30, c"no room".as_ptr());
            ffi::lua_createtable(state, 0, 0);
            let done = self.make(state) && self.fill(state, false) && {
                for index in 0..self.metatables.len() {
                    let (table, metatable) = self.metatables[index];
                    self.push(state, Value::Object(table));
                    self.push(state, Value::Object(metatable));
                    if ffi::lua_type(state, -2) == ffi::LUA_TTABLE
                        && ffi::lua_type(state, -1) == ffi::LUA_TTABLE
                    {
                        ffi::lua_setmetatable(state, -2);
                    }
                    ffi::lua_settop(state, OBJECTS);
                }
                self.fill(state, true) && self.make_locals(state)
            };
            if !done && self.failure.is_none() {
                self.damaged("it does not end as it should");
            }
        }
    }

    fn damaged(&mut self, what: &str) -> bool {
        self.failure = Some(RestoreError::Damaged(what.to_owned()));
        false
    }

    fn goes_on(&mut self) -> bool {
        self.steps += 1;
        if self.steps.is_multiple_of(STRIDE) && !(self.go_on)() {
            self.failure = Some(RestoreError::Stopped);
        }
        self.failure.is_none()
    }

    unsafe fn push(&self, state: *mut ffi::lua_State, value: Value) {
        // SAFETY: as `run`.
        unsafe {
            match value {
                Value::Nil => ffi::lua_pushnil(state),
                Value::False => ffi::lua_pushboolean(state, 0),
                Value::True => ffi::lua_pushboolean(state, 1),
                Value::Integer(integer) => ffi::lua_pushinteger(state, integer),
                Value::Float(bits) => ffi::lua_pushnumber(state, f64::from_bits(bits)),
                Value::Null => ffi::lua_pushlightuserdata(state, std::ptr::null_mut()),
                Value::Object(object) => {
                    ffi::lua_rawgeti(state, OBJECTS, i64::from(object) + 1);
                }
            }
        }
    }
}

/// Why a protected call failed.
pub(super) fn of_lua(error: &mlua::Error) -> RestoreError {
    match error {
        mlua::Error::MemoryError(_) => RestoreError::Memory,
        other => RestoreError::Damaged(other.to_string()),
    }
}
