//! From records to the user's session.
//!
//! The records are read three times: first each object is made, then they are filled, and only when
//! nothing can fail any more but for want of memory, the globals and the rest of the library get
//! what the user had changed in them.

use std::collections::HashSet;
use std::ffi::{c_char, c_int, c_void};

use mlua::ffi;
use perilune_language::{Loss, Losses, RestoreError};

use super::origins::name_step;
use super::record::{Reader, Record, Step, Value};
use crate::cell::push_holder;

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
/// Tables are given room for so much at once.
const MOST_ROOM: u32 = 1 << 20;

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

    /// Makes each object.
    unsafe fn make(&mut self, state: *mut ffi::lua_State) -> bool {
        let mut reader = Reader::new(self.bytes);
        while let Some(record) = reader.take::<Record<'a>>() {
            if !self.goes_on() {
                return false;
            }
            // SAFETY: as `run`.
            unsafe {
                match record {
                    Record::String(bytes) => {
                        ffi::lua_pushlstring(state, bytes.as_ptr().cast(), bytes.len());
                        self.add(state);
                    }
                    Record::Table { room, metatable } => {
                        let room = room.min(MOST_ROOM) as c_int;
                        ffi::lua_createtable(state, room, 0);
                        if let Some(metatable) = metatable {
                            self.metatables.push((self.objects, metatable));
                        }
                        self.add(state);
                    }
                    Record::Function { code, cells } => {
                        if !self.make_function(state, code) {
                            return false;
                        }
                        for upvalue in 1..=cells {
                            let Some(cell) = reader.take::<u32>() else {
                                return false;
                            };
                            if !self.share(state, cell, upvalue) {
                                return false;
                            }
                        }
                        self.add(state);
                    }
                    Record::Library { steps } => {
                        if self.find(state, &mut reader, steps).is_none() {
                            return false;
                        }
                        self.library.insert(self.objects);
                        self.add(state);
                    }
                    Record::Code(code) => self.codes.push(code),
                    Record::End { variables } => {
                        self.variables = variables;
                        return reader.is_empty();
                    }
                    other => {
                        if skip(&mut reader, &other).is_none() {
                            return false;
                        }
                    }
                }
            }
        }
        false
    }

    /// Makes the value on top the next object.
    unsafe fn add(&mut self, state: *mut ffi::lua_State) {
        self.objects += 1;
        // SAFETY: as `run`.
        unsafe { ffi::lua_rawseti(state, OBJECTS, self.objects.into()) };
    }

    unsafe fn make_function(&mut self, state: *mut ffi::lua_State, code: u32) -> bool {
        let Some(code) = self.codes.get(code as usize) else {
            return self.damaged("a function has no code");
        };
        let mut part: Option<&[u8]> = Some(code);
        // SAFETY: the code is what Lua has dumped, as the caller of `restore` vouches; the reader
        // owns nothing and raises no error.
        let status = unsafe {
            ffi::lua_load(
                state,
                read,
                (&raw mut part).cast(),
                c"=?".as_ptr(),
                c"b".as_ptr(),
            )
        };
        match status {
            ffi::LUA_OK => true,
            ffi::LUA_ERRMEM => {
                self.failure = Some(RestoreError::Memory);
                false
            }
            _ => self.damaged("a function's code is none of this Lua's"),
        }
    }

    /// Lets the function on top have a cell as an upvalue.
    unsafe fn share(&mut self, state: *mut ffi::lua_State, cell: u32, upvalue: u8) -> bool {
        let index = cell as usize;
        if index >= self.owners.len() {
            // Each record makes a few at most, so a number far beyond is none.
            if index > self.owners.len() + usize::from(u8::MAX) + self.bytes.len() {
                return self.damaged("a function has an upvalue too many");
            }
            self.owners.resize(index + 1, None);
        }
        let object = self.objects;
        match self.owners[index] {
            None => self.owners[index] = Some((object, upvalue)),
            // SAFETY: as `run`; both have these upvalues, which is looked at.
            Some((owner, of_owner)) => unsafe {
                let function = ffi::lua_gettop(state);
                if owner == object {
                    ffi::lua_pushvalue(state, function);
                } else {
                    self.push(state, Value::Object(owner));
                }
                let both = !ffi::lua_upvalueid(state, function, upvalue.into()).is_null()
                    && !ffi::lua_upvalueid(state, function + 1, of_owner.into()).is_null();
                if both {
                    ffi::lua_upvaluejoin(
                        state,
                        function,
                        upvalue.into(),
                        function + 1,
                        of_owner.into(),
                    );
                }
                ffi::lua_settop(state, function);
                if !both {
                    return self.damaged("a function has other upvalues than its code");
                }
            },
        }
        true
    }

    /// Pushes what the library has at a place; nil, and a loss, if there is nothing now.
    unsafe fn find(
        &mut self,
        state: *mut ffi::lua_State,
        reader: &mut Reader<'a>,
        steps: u32,
    ) -> Option<()> {
        let before = *reader;
        // SAFETY: as `run`. No metamethod is asked.
        unsafe {
            let top = ffi::lua_gettop(state);
            ffi::lua_pushnil(state);
            for _ in 0..steps {
                match reader.take::<Step<'a>>()? {
                    Step::Globals => {
                        ffi::lua_rawgeti(state, ffi::LUA_REGISTRYINDEX, ffi::LUA_RIDX_GLOBALS);
                    }
                    Step::Strings => {
                        ffi::lua_pushstring(state, c"".as_ptr());
                        if ffi::lua_getmetatable(state, -1) == 0 {
                            ffi::lua_pushnil(state);
                        }
                    }
                    Step::Registry(name) => {
                        ffi::lua_pushlstring(state, name.as_ptr().cast(), name.len());
                        ffi::lua_rawget(state, ffi::LUA_REGISTRYINDEX);
                    }
                    Step::Module(name) => {
                        ffi::lua_getfield(state, ffi::LUA_REGISTRYINDEX, c"_LOADED".as_ptr());
                        ffi::lua_pushlstring(state, name.as_ptr().cast(), name.len());
                        ffi::lua_rawget(state, -2);
                    }
                    Step::Field(name) if ffi::lua_type(state, -1) == ffi::LUA_TTABLE => {
                        ffi::lua_pushlstring(state, name.as_ptr().cast(), name.len());
                        ffi::lua_rawget(state, -2);
                    }
                    Step::Index(index) if ffi::lua_type(state, -1) == ffi::LUA_TTABLE => {
                        ffi::lua_rawgeti(state, -1, index);
                    }
                    Step::Metatable if ffi::lua_getmetatable(state, -1) != 0 => {}
                    Step::Field(_) | Step::Index(_) | Step::Metatable => ffi::lua_pushnil(state),
                }
                ffi::lua_replace(state, top + 1);
                ffi::lua_settop(state, top + 1);
            }
            if ffi::lua_type(state, -1) == ffi::LUA_TNIL {
                let mut again = before;
                self.losses.add(|| {
                    let mut path = String::new();
                    for _ in 0..steps {
                        if let Some(step) = again.take() {
                            name_step(&mut path, step);
                        }
                    }
                    let what = "it is not there now".to_owned();
                    Loss { path, what }
                });
            }
        }
        Some(())
    }

    /// Fills the objects that were made, or those of the library.
    unsafe fn fill(&mut self, state: *mut ffi::lua_State, of_library: bool) -> bool {
        let mut reader = Reader::new(self.bytes);
        let mut cell = 0;
        while let Some(record) = reader.take::<Record<'a>>() {
            if !self.goes_on() {
                return false;
            }
            // SAFETY: as `run`.
            unsafe {
                match record {
                    Record::Entries { table, count }
                        if self.library.contains(&table) == of_library =>
                    {
                        self.push(state, Value::Object(table));
                        let is_table = ffi::lua_type(state, -1) == ffi::LUA_TTABLE;
                        for _ in 0..count {
                            let Some((key, value)) = reader.take::<(Value, Value)>() else {
                                return false;
                            };
                            self.push(state, key);
                            self.push(state, value);
                            let is_key = !matches!(key, Value::Nil)
                                && ffi::lua_type(state, -2) != ffi::LUA_TNIL;
                            if is_table && is_key {
                                ffi::lua_rawset(state, OBJECTS + 1);
                            }
                            ffi::lua_settop(state, OBJECTS + 1);
                        }
                        ffi::lua_settop(state, OBJECTS);
                    }
                    Record::Cell(value) => {
                        if !of_library
                            && let Some(Some((owner, upvalue))) = self.owners.get(cell).copied()
                        {
                            self.push(state, Value::Object(owner));
                            self.push(state, value);
                            ffi::lua_setupvalue(state, -2, upvalue.into());
                            ffi::lua_settop(state, OBJECTS);
                        }
                        cell += 1;
                    }
                    Record::Metatable { of, metatable } if of_library => {
                        self.push(state, of);
                        self.push(state, metatable);
                        let kind = ffi::lua_type(state, -1);
                        if kind == ffi::LUA_TTABLE || kind == ffi::LUA_TNIL {
                            ffi::lua_setmetatable(state, -2);
                        }
                        ffi::lua_settop(state, OBJECTS);
                    }
                    Record::End { .. } => return true,
                    other => {
                        if skip(&mut reader, &other).is_none() {
                            return false;
                        }
                    }
                }
            }
        }
        false
    }

    /// Leaves a closure over each local on the stack, and nothing else.
    unsafe fn make_locals(&mut self, state: *mut ffi::lua_State) -> bool {
        let mut values = Reader::new(self.bytes);
        let mut reader = values;
        // SAFETY: as `run`.
        unsafe {
            ffi::lua_createtable(state, 0, 0);
            let closures = OBJECTS + 1;
            let mut cells = 0;
            while let Some(record) = reader.take::<Record<'a>>() {
                let Record::Local {
                    name,
                    is_constant,
                    cell,
                } = record
                else {
                    if skip(&mut reader, &record).is_none() {
                        return false;
                    }
                    continue;
                };
                // Locals come in the order of their cells, each behind its own; one that has the
                // cell of another comes later.
                push_holder(state);
                let owner = self.owners.get(cell as usize).copied().flatten();
                match owner {
                    Some((owner, upvalue)) => {
                        ffi::lua_pushnil(state);
                        ffi::lua_call(state, 1, 1);
                        self.push(state, Value::Object(owner));
                        if ffi::lua_type(state, -1) != ffi::LUA_TFUNCTION {
                            return false;
                        }
                        ffi::lua_upvaluejoin(state, -2, 1, -1, upvalue.into());
                        ffi::lua_settop(state, -2);
                    }
                    None => {
                        while cells <= cell {
                            let Some(record) = values.take::<Record<'a>>() else {
                                return false;
                            };
                            if let Record::Cell(value) = record {
                                cells += 1;
                                if cells > cell {
                                    self.push(state, value);
                                }
                            } else if skip(&mut values, &record).is_none() {
                                return false;
                            }
                        }
                        if ffi::lua_gettop(state) != closures + 2 {
                            return self.damaged("a local has no value");
                        }
                        ffi::lua_call(state, 1, 1);
                        // Another local may be the same variable.
                        ffi::lua_pushvalue(state, -1);
                        self.add(state);
                        if self.owners.len() <= cell as usize {
                            self.owners.resize(cell as usize + 1, None);
                        }
                        self.owners[cell as usize] = Some((self.objects - 1, 1));
                    }
                }
                self.locals.push((name, is_constant));
                ffi::lua_rawseti(state, closures, self.locals.len() as i64);
            }
            ffi::lua_remove(state, OBJECTS);
            true
        }
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

/// Gives Lua the code once.
unsafe extern "C-unwind" fn read(
    _: *mut ffi::lua_State,
    part: *mut c_void,
    length: *mut usize,
) -> *const c_char {
    // SAFETY: `part` is what was handed over, and `length` is Lua's.
    unsafe {
        match (*part.cast::<Option<&[u8]>>()).take() {
            Some(code) => {
                *length = code.len();
                code.as_ptr().cast()
            }
            None => {
                *length = 0;
                std::ptr::null()
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
