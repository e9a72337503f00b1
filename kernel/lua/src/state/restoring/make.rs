//! Making each object of a saved session, empty as yet.

use std::ffi::{c_char, c_int, c_void};

use mlua::ffi;
use perilune_language::{Loss, RestoreError};

use super::super::origins::name_step;
use super::super::record::{Reader, Record, Step, Value};
use super::{OBJECTS, Restoring, skip};

/// Tables are given room for so much at once.
const MOST_ROOM: u32 = 1 << 20;

impl<'a> Restoring<'a> {
    /// Makes each object.
    pub(super) unsafe fn make(&mut self, state: *mut ffi::lua_State) -> bool {
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
    pub(super) unsafe fn add(&mut self, state: *mut ffi::lua_State) {
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
