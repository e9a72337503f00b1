//! The kernel's library as it was before anything of the user's: which objects are its own, what its
//! tables held, and how each is found again in another kernel.

use std::collections::HashMap;
use std::ffi::{CStr, c_int, c_void};

use mlua::ffi;

use super::record::Step;

/// Its address is the key under which the registry keeps the library: a table from each of its
/// tables to a copy, and from each of its functions and userdata to `true`.
static LIBRARY: u8 = 0;
/// Its address is the key under which a copy keeps the metatable.
static METATABLE: u8 = 0;

/// Classes of the library whose objects are nothing but what their fields hold.
const PLAIN_CLASSES: [&CStr; 3] = [
    c"perilune.array",
    c"perilune.display.handle",
    c"perilune.fragment",
];

fn key(of: &'static u8) -> *const c_void {
    std::ptr::from_ref(of).cast()
}

/// Pushes what [`remember`] has remembered.
///
/// # Safety
///
/// Needs room for one value. Raises no error.
pub(super) unsafe fn push(state: *mut ffi::lua_State) {
    // SAFETY: the caller has room.
    unsafe { ffi::lua_rawgetp(state, ffi::LUA_REGISTRYINDEX, key(&LIBRARY)) };
}

/// Pushes the metatable that a table had of which the copy is at `copy`; nil if it had none.
///
/// # Safety
///
/// As [`push`].
pub(super) unsafe fn push_metatable(state: *mut ffi::lua_State, copy: c_int) {
    // SAFETY: the caller has room, and the copy is a table.
    unsafe { ffi::lua_rawgetp(state, copy, key(&METATABLE)) };
}

/// Whether the key at `index` is none of the copied table's own.
///
/// # Safety
///
/// The index must be valid.
pub(super) unsafe fn is_mark(state: *mut ffi::lua_State, index: c_int) -> bool {
    // SAFETY: the index is valid.
    unsafe {
        ffi::lua_type(state, index) == ffi::LUA_TLIGHTUSERDATA
            && ffi::lua_touserdata(state, index).cast_const() == key(&METATABLE)
    }
}

/// Remembers all that can be reached now.
///
/// # Safety
///
/// May raise a memory error.
pub(super) unsafe fn remember(state: *mut ffi::lua_State) {
    // SAFETY: there is room for what is pushed, and the stack is as it was afterwards. Nothing here
    // wants to be dropped.
    unsafe {
        let top = ffi::lua_gettop(state);
        ffi::luaL_checkstack(state, 12, c"no room".as_ptr());
        ffi::lua_createtable(state, 0, 0);
        let library = top + 1;
        ffi::lua_createtable(state, 0, 0);
        let mut queue = Queue {
            library,
            table: top + 2,
            last: 0,
        };
        ffi::lua_pushnil(state);
        while ffi::lua_next(state, ffi::LUA_REGISTRYINDEX) != 0 {
            if ffi::lua_type(state, -2) == ffi::LUA_TSTRING {
                queue.add(state);
            } else {
                ffi::lua_settop(state, -2);
            }
        }
        ffi::lua_pushstring(state, c"".as_ptr());
        if ffi::lua_getmetatable(state, -1) != 0 {
            queue.add(state);
        }
        ffi::lua_settop(state, queue.table);
        ffi::lua_rawgeti(state, ffi::LUA_REGISTRYINDEX, ffi::LUA_RIDX_GLOBALS);
        queue.add(state);
        let mut next = 0;
        while next < queue.last {
            next += 1;
            ffi::lua_settop(state, queue.table);
            ffi::lua_rawgeti(state, queue.table, next);
            queue.look_into(state);
        }
        ffi::lua_settop(state, library);
        ffi::lua_rawsetp(state, ffi::LUA_REGISTRYINDEX, key(&LIBRARY));
        ffi::lua_settop(state, top);
    }
}

/// What is known to be the library's and has not been looked into.
struct Queue {
    library: c_int,
    table: c_int,
    last: i64,
}

impl Queue {
    /// Takes the value on top.
    unsafe fn add(&mut self, state: *mut ffi::lua_State) {
        // SAFETY: as `remember`.
        unsafe {
            let kind = ffi::lua_type(state, -1);
            let is_object = matches!(
                kind,
                ffi::LUA_TTABLE | ffi::LUA_TFUNCTION | ffi::LUA_TUSERDATA
            );
            if is_object {
                ffi::lua_pushvalue(state, -1);
                let known = ffi::lua_rawget(state, self.library);
                ffi::lua_settop(state, -2);
                if known == ffi::LUA_TNIL {
                    ffi::lua_pushvalue(state, -1);
                    ffi::lua_pushboolean(state, 1);
                    ffi::lua_rawset(state, self.library);
                    self.last += 1;
                    ffi::lua_rawseti(state, self.table, self.last);
                    return;
                }
            }
            ffi::lua_settop(state, -2);
        }
    }

    /// Takes what the object on top holds.
    unsafe fn look_into(&mut self, state: *mut ffi::lua_State) {
        // SAFETY: as `remember`.
        unsafe {
            let object = ffi::lua_gettop(state);
            match ffi::lua_type(state, object) {
                ffi::LUA_TTABLE => {
                    ffi::lua_createtable(state, 0, 0);
                    let copy = object + 1;
                    ffi::lua_pushnil(state);
                    while ffi::lua_next(state, object) != 0 {
                        ffi::lua_pushvalue(state, -2);
                        ffi::lua_pushvalue(state, -2);
                        ffi::lua_rawset(state, copy);
                        self.add(state);
                        ffi::lua_pushvalue(state, -1);
                        self.add(state);
                    }
                    if ffi::lua_getmetatable(state, object) != 0 {
                        ffi::lua_pushvalue(state, -1);
                        ffi::lua_rawsetp(state, copy, key(&METATABLE));
                        self.add(state);
                    }
                    ffi::lua_pushvalue(state, object);
                    ffi::lua_pushvalue(state, copy);
                    ffi::lua_rawset(state, self.library);
                }
                ffi::LUA_TUSERDATA => {
                    if ffi::lua_getmetatable(state, object) != 0 {
                        self.add(state);
                    }
                }
                _ => {
                    for upvalue in 1.. {
                        if ffi::lua_getupvalue(state, object, upvalue).is_null() {
                            break;
                        }
                        self.add(state);
                    }
                }
            }
        }
    }
}

/// How the objects of the library are found again. What is not among them cannot be.
#[derive(Default)]
pub(super) struct Names {
    places: HashMap<*const c_void, u32>,
    entries: Vec<Name>,
}

/// The last step to an object, and the object before it.
struct Name {
    from: Option<u32>,
    step: OwnStep,
}

enum OwnStep {
    Globals,
    Strings,
    Registry(&'static CStr),
    Module(Box<[u8]>),
    Field(Box<[u8]>),
    Index(i64),
    Metatable,
}

impl Names {
    /// Finds all that can be named. `library` is where [`push`] has pushed it.
    ///
    /// # Safety
    ///
    /// May raise a memory error, but not while anything lives here that wants to be dropped.
    pub(super) unsafe fn find(&mut self, state: *mut ffi::lua_State, library: c_int) {
        // SAFETY: there is room for what is pushed, and the stack is as it was afterwards.
        unsafe {
            let top = ffi::lua_gettop(state);
            ffi::luaL_checkstack(state, 12, c"no room".as_ptr());
            ffi::lua_createtable(state, 0, 0);
            let queue = top + 1;
            ffi::lua_rawgeti(state, ffi::LUA_REGISTRYINDEX, ffi::LUA_RIDX_GLOBALS);
            self.add(state, queue, None, || OwnStep::Globals);
            ffi::lua_pushstring(state, c"".as_ptr());
            if ffi::lua_getmetatable(state, -1) != 0 {
                self.add(state, queue, None, || OwnStep::Strings);
            }
            for class in PLAIN_CLASSES {
                ffi::lua_getfield(state, ffi::LUA_REGISTRYINDEX, class.as_ptr());
                self.add(state, queue, None, || OwnStep::Registry(class));
            }
            let mut next = 0;
            while next < self.entries.len() {
                ffi::lua_settop(state, queue);
                ffi::lua_rawgeti(state, queue, next as i64 + 1);
                self.look_into(state, queue, library, next as u32);
                next += 1;
            }
            ffi::lua_settop(state, top);
        }
    }

    /// Takes the value on top.
    unsafe fn add(
        &mut self,
        state: *mut ffi::lua_State,
        queue: c_int,
        from: Option<u32>,
        step: impl FnOnce() -> OwnStep,
    ) {
        // SAFETY: as `find`; nothing is owned while Lua may raise an error.
        unsafe {
            let kind = ffi::lua_type(state, -1);
            let place = ffi::lua_topointer(state, -1);
            let is_object = matches!(
                kind,
                ffi::LUA_TTABLE | ffi::LUA_TFUNCTION | ffi::LUA_TUSERDATA
            );
            if !is_object || self.places.contains_key(&place) {
                ffi::lua_settop(state, -2);
                return;
            }
            ffi::lua_rawseti(state, queue, self.entries.len() as i64 + 1);
            self.places.insert(place, self.entries.len() as u32);
            let step = step();
            self.entries.push(Name { from, step });
        }
    }

    /// Takes what the object on top held when it was remembered.
    unsafe fn look_into(
        &mut self,
        state: *mut ffi::lua_State,
        queue: c_int,
        library: c_int,
        from: u32,
    ) {
        // SAFETY: as `find`.
        unsafe {
            let object = ffi::lua_gettop(state);
            ffi::lua_pushvalue(state, object);
            let copy = object + 1;
            if ffi::lua_rawget(state, library) == ffi::LUA_TTABLE {
                ffi::lua_pushnil(state);
                while ffi::lua_next(state, copy) != 0 {
                    let (text, number) = (bytes_at(state, -2), integer_at(state, -2));
                    match (text, number) {
                        (Some(text), _) => {
                            self.add(state, queue, Some(from), || OwnStep::Field(text.into()));
                        }
                        (_, Some(number)) => {
                            self.add(state, queue, Some(from), || OwnStep::Index(number));
                        }
                        _ => ffi::lua_settop(state, -2),
                    }
                }
                push_metatable(state, copy);
                self.add(state, queue, Some(from), || OwnStep::Metatable);
            } else if ffi::lua_type(state, object) == ffi::LUA_TUSERDATA
                && ffi::lua_getmetatable(state, object) != 0
            {
                self.add(state, queue, Some(from), || OwnStep::Metatable);
            }
        }
    }

    /// Adds a module that is to be required again.
    pub(super) fn add_module(&mut self, place: *const c_void, name: &[u8]) -> u32 {
        self.insert(place, None, OwnStep::Module(name.into()))
    }

    /// Adds what a module has at a field.
    pub(super) fn add_field(&mut self, place: *const c_void, module: u32, name: &[u8]) {
        self.insert(place, Some(module), OwnStep::Field(name.into()));
    }

    fn insert(&mut self, place: *const c_void, from: Option<u32>, step: OwnStep) -> u32 {
        let number = self.entries.len() as u32;
        self.entries.push(Name { from, step });
        *self.places.entry(place).or_insert(number)
    }

    /// The number of an object's name.
    pub(super) fn of(&self, place: *const c_void) -> Option<u32> {
        self.places.get(&place).copied()
    }

    /// Calls for each step to the object of that number; returns how many there are.
    pub(super) fn steps(&self, number: u32, mut each: impl FnMut(Step<'_>)) -> u32 {
        let mut numbers = Vec::new();
        let mut next = Some(number);
        while let Some(number) = next {
            numbers.push(number);
            next = self.entries[number as usize].from;
        }
        for number in numbers.iter().rev() {
            each(match &self.entries[*number as usize].step {
                OwnStep::Globals => Step::Globals,
                OwnStep::Strings => Step::Strings,
                OwnStep::Registry(name) => Step::Registry(name.to_str().unwrap_or_default()),
                OwnStep::Module(name) => Step::Module(name),
                OwnStep::Field(name) => Step::Field(name),
                OwnStep::Index(index) => Step::Index(*index),
                OwnStep::Metatable => Step::Metatable,
            });
        }
        numbers.len() as u32
    }
}

/// The string at an index.
///
/// # Safety
///
/// The bytes live as long as the string does in Lua. Raises no error.
pub(super) unsafe fn bytes_at<'a>(state: *mut ffi::lua_State, index: c_int) -> Option<&'a [u8]> {
    // SAFETY: only a string is asked for its bytes, so nothing is converted.
    unsafe {
        if ffi::lua_type(state, index) != ffi::LUA_TSTRING {
            return None;
        }
        let mut length = 0;
        let bytes = ffi::lua_tolstring(state, index, &mut length);
        Some(std::slice::from_raw_parts(bytes.cast(), length))
    }
}

/// The integer at an index.
///
/// # Safety
///
/// The index must be valid. Raises no error.
pub(super) unsafe fn integer_at(state: *mut ffi::lua_State, index: c_int) -> Option<i64> {
    // SAFETY: the caller vouches for the index.
    unsafe { (ffi::lua_isinteger(state, index) != 0).then(|| ffi::lua_tointeger(state, index)) }
}
