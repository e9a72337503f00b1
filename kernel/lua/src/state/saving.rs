//! From the user's session to records.
//!
//! Breadth first, and so without a stack that deep data could fill. Lua only holds what was found;
//! all else is Rust's. No metamethod is asked, nothing is collected, and so no code of the user's
//! runs and no object moves or ends while its address is its name.

mod lost;
mod roots;

use std::collections::HashMap;
use std::ffi::{c_int, c_void};

use mlua::ffi;
use perilune_language::{Losses, SaveError};

use super::library::{self, Names, bytes_at, integer_at};
use super::origins::{By, Origin, Parent};
use super::record::{Record, Value, Writer};

/// A top-level local of an earlier cell.
pub(super) struct KeptLocal {
    pub(super) upvalue: c_int,
    pub(super) is_constant: bool,
}

/// A session on its way into records.
pub(super) struct Saving<'a> {
    pub(super) writer: Writer<'a>,
    go_on: &'a mut dyn FnMut() -> bool,
    pub(super) variables: u64,
    pub(super) losses: Losses,
    pub(super) stopped: bool,
    names: Names,
    /// Of each object its number.
    numbers: HashMap<*const c_void, u32>,
    origins: Vec<Origin>,
    cells: HashMap<*const c_void, u32>,
    codes: HashMap<Box<[u8]>, u32>,
    /// Whether the objects with this metatable live in the kernel, and not in their fields alone.
    classes: HashMap<*const c_void, bool>,
    local_names: Vec<String>,
    locals: Vec<KeptLocal>,
    dumped: Vec<u8>,
    pairs: Vec<(Value, Value)>,
    new_cells: Vec<Value>,
    cell_numbers: Vec<u32>,
    steps: u32,
}

/// After so many steps somebody is asked whether to go on.
const STRIDE: u32 = 1024;
/// So many pairs are written at once.
const PAIRS: usize = 1024;
/// Where things are on Lua's stack.
const LIBRARY: c_int = 1;
const OBJECTS: c_int = 2;

impl<'a> Saving<'a> {
    pub(super) fn new(
        writer: Writer<'a>,
        go_on: &'a mut dyn FnMut() -> bool,
        locals: Vec<(String, KeptLocal)>,
    ) -> Self {
        let (local_names, locals) = locals.into_iter().unzip();
        Self {
            writer,
            go_on,
            variables: 0,
            losses: Losses::default(),
            stopped: false,
            names: Names::default(),
            numbers: HashMap::new(),
            origins: Vec::new(),
            cells: HashMap::new(),
            codes: HashMap::new(),
            classes: HashMap::new(),
            local_names,
            locals,
            dumped: Vec::new(),
            pairs: Vec::new(),
            new_cells: Vec::new(),
            cell_numbers: Vec::new(),
            steps: 0,
        }
    }

    /// How many objects were found.
    pub(super) fn objects(&self) -> u64 {
        self.origins.len() as u64
    }

    /// Saves everything.
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
            library::push(state);
            ffi::lua_createtable(state, 0, 0);
            self.names.find(state, LIBRARY);
            self.find_modules(state);
            self.save_locals(state);
            self.save_metatables_of_types(state);
            self.find_changes(state);
            let mut next = 0;
            while next < self.origins.len() as u32 && self.goes_on() {
                self.save_object(state, next);
                ffi::lua_settop(state, OBJECTS);
                next += 1;
            }
        }
    }

    fn goes_on(&mut self) -> bool {
        self.steps += 1;
        if self.steps.is_multiple_of(STRIDE) && !(self.go_on)() {
            self.stopped = true;
        }
        !self.stopped && !self.writer.has_failed()
    }

    unsafe fn save_object(&mut self, state: *mut ffi::lua_State, number: u32) {
        // SAFETY: as `run`.
        unsafe {
            let object = OBJECTS + 1;
            let kind = ffi::lua_rawgeti(state, OBJECTS, i64::from(number) + 1);
            if let Some(bytes) = bytes_at(state, object) {
                self.writer.put(&Record::String(bytes));
                return;
            }
            match self.names.of(ffi::lua_topointer(state, object)) {
                Some(name) => {
                    let writer = &mut self.writer;
                    let steps = self.names.steps(name, |_| {});
                    writer.put(&Record::Library { steps });
                    self.names.steps(name, |step| writer.put(&step));
                    if kind == ffi::LUA_TTABLE {
                        self.save_changes(state, number, object);
                    }
                }
                None if kind == ffi::LUA_TTABLE => self.save_table(state, number, object),
                None => self.save_function(state, number, object),
            }
        }
    }

    unsafe fn save_table(&mut self, state: *mut ffi::lua_State, number: u32, table: c_int) {
        // SAFETY: as `run`.
        unsafe {
            let room = ffi::lua_rawlen(state, table).min(u32::MAX as usize) as u32;
            let mut metatable = None;
            if ffi::lua_getmetatable(state, table) != 0 {
                let origin = inside(number, By::Metatable);
                if let Some(Value::Object(found)) = self.value(state, origin) {
                    metatable = Some(found);
                }
                ffi::lua_settop(state, table);
            }
            self.writer.put(&Record::Table { room, metatable });
            ffi::lua_pushnil(state);
            while ffi::lua_next(state, table) != 0 && self.goes_on() {
                self.save_pair(state, number);
                ffi::lua_settop(state, table + 1);
            }
            self.write_pairs(number);
        }
    }

    /// Saves the key and the value on top.
    unsafe fn save_pair(&mut self, state: *mut ffi::lua_State, table: u32) {
        // SAFETY: as `run`.
        unsafe {
            let top = ffi::lua_gettop(state);
            ffi::lua_pushvalue(state, top - 1);
            let key = self.value(state, inside(table, By::Key));
            ffi::lua_settop(state, top);
            let Some(key) = key else { return };
            let by = By::of_key(state, top - 1, key);
            if let Some(value) = self.value(state, inside(table, by)) {
                self.add_pair(table, key, value);
            }
        }
    }

    fn add_pair(&mut self, table: u32, key: Value, value: Value) {
        self.pairs.push((key, value));
        if self.pairs.len() == PAIRS {
            self.write_pairs(table);
        }
    }

    fn write_pairs(&mut self, table: u32) {
        if !self.pairs.is_empty() {
            let count = self.pairs.len() as u32;
            self.writer.put(&Record::Entries { table, count });
            for pair in self.pairs.drain(..) {
                self.writer.put(&pair);
            }
        }
    }

    /// Saves what the user has changed in a table of the library.
    unsafe fn save_changes(&mut self, state: *mut ffi::lua_State, number: u32, table: c_int) {
        // SAFETY: as `run`.
        unsafe {
            let copy = table + 1;
            ffi::lua_pushvalue(state, table);
            if ffi::lua_rawget(state, LIBRARY) != ffi::LUA_TTABLE {
                // A module, which is required again.
                return;
            }
            let is_globals = {
                ffi::lua_rawgeti(state, ffi::LUA_REGISTRYINDEX, ffi::LUA_RIDX_GLOBALS);
                let same = ffi::lua_rawequal(state, -1, table) != 0;
                ffi::lua_settop(state, copy);
                same
            };
            if self.metatable_changed(state, table, copy) {
                let metatable = if ffi::lua_getmetatable(state, table) != 0 {
                    self.value(state, inside(number, By::Metatable))
                } else {
                    Some(Value::Nil)
                };
                ffi::lua_settop(state, copy);
                if let Some(metatable) = metatable {
                    let of = Value::Object(number);
                    self.writer.put(&Record::Metatable { of, metatable });
                }
            }
            ffi::lua_pushnil(state);
            while ffi::lua_next(state, table) != 0 && self.goes_on() {
                ffi::lua_pushvalue(state, -2);
                ffi::lua_rawget(state, copy);
                let is_changed = ffi::lua_rawequal(state, -1, -2) == 0;
                ffi::lua_settop(state, -2);
                if is_changed {
                    let before = self.pairs.len();
                    self.save_pair(state, number);
                    if is_globals && self.pairs.len() != before {
                        self.variables += 1;
                    }
                }
                ffi::lua_settop(state, copy + 1);
            }
            // What the user has taken away.
            ffi::lua_settop(state, copy);
            ffi::lua_pushnil(state);
            while ffi::lua_next(state, copy) != 0 {
                ffi::lua_settop(state, copy + 1);
                ffi::lua_pushvalue(state, -1);
                let is_gone = ffi::lua_rawget(state, table) == ffi::LUA_TNIL;
                ffi::lua_settop(state, copy + 1);
                if is_gone && !library::is_mark(state, -1) {
                    ffi::lua_pushvalue(state, -1);
                    if let Some(key) = self.value(state, inside(number, By::Key)) {
                        self.add_pair(number, key, Value::Nil);
                    }
                    ffi::lua_settop(state, copy + 1);
                }
            }
            self.write_pairs(number);
        }
    }

    unsafe fn save_function(&mut self, state: *mut ffi::lua_State, number: u32, function: c_int) {
        // SAFETY: as `run`. The writer of a dump owns nothing and raises no error.
        unsafe {
            self.dumped.clear();
            let to = (&raw mut self.dumped).cast();
            ffi::lua_dump(state, append, to, 0);
            let code = match self.codes.get(self.dumped.as_slice()) {
                Some(code) => *code,
                None => {
                    let code = self.codes.len() as u32;
                    self.writer.put(&Record::Code(&self.dumped));
                    self.codes.insert(self.dumped.as_slice().into(), code);
                    code
                }
            };
            self.new_cells.clear();
            self.cell_numbers.clear();
            for upvalue in 1..=u8::MAX {
                if ffi::lua_getupvalue(state, function, upvalue.into()).is_null() {
                    break;
                }
                let place = ffi::lua_upvalueid(state, function, upvalue.into()).cast_const();
                let found = self.cells.get(&place).copied();
                let cell = match found {
                    Some(cell) => cell,
                    None => {
                        let cell = self.cells.len() as u32;
                        self.cells.insert(place, cell);
                        let value = self.value(state, inside(number, By::Upvalue(upvalue)));
                        self.new_cells.push(value.unwrap_or(Value::Nil));
                        cell
                    }
                };
                self.cell_numbers.push(cell);
                ffi::lua_settop(state, function);
            }
            let cells = self.cell_numbers.len() as u8;
            self.writer.put(&Record::Function { code, cells });
            for cell in self.cell_numbers.drain(..) {
                self.writer.put(&cell);
            }
            for value in self.new_cells.drain(..) {
                self.writer.put(&Record::Cell(value));
            }
        }
    }

    /// The value on top, as it is saved; nothing, and a loss, if it cannot be.
    unsafe fn value(&mut self, state: *mut ffi::lua_State, origin: Origin) -> Option<Value> {
        // SAFETY: as `run`.
        unsafe {
            Some(match ffi::lua_type(state, -1) {
                ffi::LUA_TNIL => Value::Nil,
                ffi::LUA_TBOOLEAN if ffi::lua_toboolean(state, -1) == 0 => Value::False,
                ffi::LUA_TBOOLEAN => Value::True,
                ffi::LUA_TNUMBER => match integer_at(state, -1) {
                    Some(integer) => Value::Integer(integer),
                    None => Value::Float(ffi::lua_tonumber(state, -1).to_bits()),
                },
                ffi::LUA_TLIGHTUSERDATA if ffi::lua_touserdata(state, -1).is_null() => Value::Null,
                _ => {
                    if let Some(number) = self.numbers.get(&ffi::lua_topointer(state, -1)) {
                        return Some(Value::Object(*number));
                    }
                    if let Some(lost) = self.lost(state) {
                        self.lose(state, origin, &lost);
                        return None;
                    }
                    let is_named = self.names.of(ffi::lua_topointer(state, -1)).is_some();
                    let origin = if is_named { library_origin() } else { origin };
                    ffi::lua_pushvalue(state, -1);
                    Value::Object(self.number(state, origin))
                }
            })
        }
    }

    /// Gives the object on top a number, and pops it.
    unsafe fn number(&mut self, state: *mut ffi::lua_State, origin: Origin) -> u32 {
        // SAFETY: as `run`.
        unsafe {
            let place = ffi::lua_topointer(state, -1);
            let number = self.origins.len() as u32;
            ffi::lua_rawseti(state, OBJECTS, i64::from(number) + 1);
            self.numbers.insert(place, number);
            self.origins.push(origin);
            number
        }
    }

    /// Whether a value is the library's, by whatever name or none.
    unsafe fn is_own(&self, state: *mut ffi::lua_State, index: c_int) -> bool {
        // SAFETY: as `run`.
        unsafe {
            ffi::lua_pushvalue(state, index);
            let own = ffi::lua_type(state, -1) != ffi::LUA_TNIL
                && ffi::lua_rawget(state, LIBRARY) != ffi::LUA_TNIL;
            ffi::lua_settop(state, -2);
            own
        }
    }
}

fn inside(parent: u32, by: By) -> Origin {
    Origin {
        parent: Parent::Object(parent),
        by,
    }
}

fn library_origin() -> Origin {
    Origin {
        parent: Parent::Library,
        by: By::Itself,
    }
}

/// Takes a part of a dump.
unsafe extern "C-unwind" fn append(
    _: *mut ffi::lua_State,
    part: *const c_void,
    length: usize,
    to: *mut c_void,
) -> c_int {
    if !part.is_null() {
        // SAFETY: Lua gives a valid part, and `to` is the vector that was handed over.
        unsafe {
            let part = std::slice::from_raw_parts(part.cast::<u8>(), length);
            (*to.cast::<Vec<u8>>()).extend_from_slice(part);
        }
    }
    0
}

/// Why a protected call failed, where it was not for a reason of ours.
pub(super) fn of_lua(error: &mlua::Error) -> SaveError {
    match error {
        mlua::Error::MemoryError(_) => SaveError::Memory,
        other => SaveError::Internal(other.to_string()),
    }
}
