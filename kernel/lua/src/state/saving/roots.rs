//! Where a session begins: its locals, what it has changed in the library, and the modules of C.

use std::ffi::c_int;

use mlua::ffi;

use super::super::library::{self, bytes_at};
use super::super::origins::{By, Origin, Parent};
use super::super::record::{Record, Step, Value};
use super::{LIBRARY, OBJECTS, Saving, library_origin};
use crate::cell::push_closure;

impl Saving<'_> {
    /// Finds the modules that C code has made: they are required again.
    pub(super) unsafe fn find_modules(&mut self, state: *mut ffi::lua_State) {
        // SAFETY: as `run`.
        unsafe {
            let loaded = OBJECTS + 1;
            ffi::lua_getfield(state, ffi::LUA_REGISTRYINDEX, c"_LOADED".as_ptr());
            if ffi::lua_type(state, loaded) != ffi::LUA_TTABLE {
                ffi::lua_settop(state, OBJECTS);
                return;
            }
            ffi::lua_pushnil(state);
            while ffi::lua_next(state, loaded) != 0 {
                if let Some(name) = bytes_at(state, -2)
                    && !self.is_own(state, -1)
                {
                    self.find_module(state, name);
                }
                ffi::lua_settop(state, loaded + 1);
            }
            ffi::lua_settop(state, OBJECTS);
        }
    }

    /// Looks whether the value on top is a module of C code.
    unsafe fn find_module(&mut self, state: *mut ffi::lua_State, name: &[u8]) {
        // SAFETY: as `run`.
        unsafe {
            let module = ffi::lua_gettop(state);
            let place = ffi::lua_topointer(state, module);
            if ffi::lua_iscfunction(state, module) != 0 {
                self.names.add_module(place, name);
            } else if ffi::lua_type(state, module) == ffi::LUA_TTABLE {
                let mut number = None;
                ffi::lua_pushnil(state);
                while ffi::lua_next(state, module) != 0 {
                    if ffi::lua_iscfunction(state, -1) != 0 && !self.is_own(state, -1) {
                        let number =
                            *number.get_or_insert_with(|| self.names.add_module(place, name));
                        if let Some(field) = bytes_at(state, -2) {
                            let function = ffi::lua_topointer(state, -1);
                            self.names.add_field(function, number, field);
                        }
                    }
                    ffi::lua_settop(state, -2);
                }
            }
        }
    }

    pub(super) unsafe fn save_locals(&mut self, state: *mut ffi::lua_State) {
        for number in 0..self.locals.len() {
            let upvalue = self.locals[number].upvalue;
            // SAFETY: as `run`.
            unsafe {
                push_closure(state, &self.local_names[number]);
                let closure = ffi::lua_gettop(state);
                if ffi::lua_getupvalue(state, closure, upvalue).is_null() {
                    ffi::lua_settop(state, OBJECTS);
                    continue;
                }
                let place = ffi::lua_upvalueid(state, closure, upvalue).cast_const();
                let cell = match self.cells.get(&place) {
                    Some(cell) => *cell,
                    None => {
                        let cell = self.cells.len() as u32;
                        self.cells.insert(place, cell);
                        let origin = Origin {
                            parent: Parent::Local(number as u32),
                            by: By::Itself,
                        };
                        let value = self.value(state, origin).unwrap_or(Value::Nil);
                        self.writer.put(&Record::Cell(value));
                        cell
                    }
                };
                ffi::lua_settop(state, OBJECTS);
                self.variables += 1;
                self.writer.put(&Record::Local {
                    name: &self.local_names[number],
                    is_constant: self.locals[number].is_constant,
                    cell,
                });
            }
        }
    }

    /// Saves what `debug.setmetatable` has given to all values of a type.
    pub(super) unsafe fn save_metatables_of_types(&mut self, state: *mut ffi::lua_State) {
        // SAFETY: as `run`.
        unsafe {
            for of in [Value::Nil, Value::False, Value::Integer(0), Value::Null] {
                match of {
                    Value::Nil => ffi::lua_pushnil(state),
                    Value::False => ffi::lua_pushboolean(state, 0),
                    Value::Integer(_) => ffi::lua_pushinteger(state, 0),
                    _ => ffi::lua_pushlightuserdata(state, std::ptr::null_mut()),
                }
                self.save_metatable_of_type(state, of);
            }
            // Of these two a value is wanted that can be named.
            ffi::lua_pushstring(state, c"".as_ptr());
            if !self.has_metatable_of_strings(state) {
                ffi::lua_pushvalue(state, -1);
                let of = Value::Object(self.number(state, library_origin()));
                self.save_metatable_of_type(state, of);
            }
            ffi::lua_settop(state, OBJECTS);
            ffi::lua_pushnil(state);
            while ffi::lua_next(state, LIBRARY) != 0 {
                ffi::lua_settop(state, OBJECTS + 1);
                if ffi::lua_type(state, -1) == ffi::LUA_TFUNCTION
                    && self.names.of(ffi::lua_topointer(state, -1)).is_some()
                {
                    if ffi::lua_getmetatable(state, -1) != 0 {
                        ffi::lua_settop(state, -2);
                        ffi::lua_pushvalue(state, -1);
                        let of = Value::Object(self.number(state, library_origin()));
                        self.save_metatable_of_type(state, of);
                    }
                    break;
                }
            }
            ffi::lua_settop(state, OBJECTS);
        }
    }

    /// Saves what the value on top has as a metatable, if it has one, and pops it.
    unsafe fn save_metatable_of_type(&mut self, state: *mut ffi::lua_State, of: Value) {
        // SAFETY: as `run`.
        unsafe {
            let kind = ffi::lua_type(state, -1);
            let metatable = if ffi::lua_getmetatable(state, -1) != 0 {
                let origin = Origin {
                    parent: Parent::Type(kind),
                    by: By::Itself,
                };
                self.value(state, origin)
            } else {
                matches!(of, Value::Object(_)).then_some(Value::Nil)
            };
            if let Some(metatable) = metatable {
                self.writer.put(&Record::Metatable { of, metatable });
            }
            ffi::lua_settop(state, OBJECTS);
        }
    }

    /// Whether the string on top has the metatable that strings had at the beginning.
    unsafe fn has_metatable_of_strings(&self, state: *mut ffi::lua_State) -> bool {
        // SAFETY: as `run`.
        unsafe {
            if ffi::lua_getmetatable(state, -1) == 0 {
                return false;
            }
            let name = self.names.of(ffi::lua_topointer(state, -1));
            ffi::lua_settop(state, -2);
            let mut is_theirs = false;
            if let Some(name) = name {
                let steps = self.names.steps(name, |step| {
                    is_theirs = matches!(step, Step::Strings);
                });
                is_theirs &= steps == 1;
            }
            is_theirs
        }
    }

    /// Finds the tables of the library that the user has changed.
    pub(super) unsafe fn find_changes(&mut self, state: *mut ffi::lua_State) {
        // SAFETY: as `run`.
        unsafe {
            ffi::lua_pushnil(state);
            while ffi::lua_next(state, LIBRARY) != 0 {
                let (table, copy) = (OBJECTS + 1, OBJECTS + 2);
                let place = ffi::lua_topointer(state, table);
                if ffi::lua_type(state, copy) == ffi::LUA_TTABLE
                    && self.names.of(place).is_some()
                    && self.is_changed(state, table, copy)
                {
                    ffi::lua_pushvalue(state, table);
                    self.number(state, library_origin());
                }
                ffi::lua_settop(state, table);
            }
        }
    }

    /// Whether a table of the library is not as its copy any more.
    unsafe fn is_changed(&mut self, state: *mut ffi::lua_State, table: c_int, copy: c_int) -> bool {
        // SAFETY: as `run`.
        unsafe {
            let top = ffi::lua_gettop(state);
            let mut changed = self.metatable_changed(state, table, copy);
            for (one, other) in [(table, copy), (copy, table)] {
                ffi::lua_settop(state, top);
                ffi::lua_pushnil(state);
                while !changed && ffi::lua_next(state, one) != 0 {
                    ffi::lua_pushvalue(state, -2);
                    ffi::lua_rawget(state, other);
                    changed = ffi::lua_rawequal(state, -1, -2) == 0 && !library::is_mark(state, -3);
                    ffi::lua_settop(state, top + 1);
                }
            }
            ffi::lua_settop(state, top);
            changed
        }
    }

    pub(super) unsafe fn metatable_changed(
        &self,
        state: *mut ffi::lua_State,
        table: c_int,
        copy: c_int,
    ) -> bool {
        // SAFETY: as `run`.
        unsafe {
            if ffi::lua_getmetatable(state, table) == 0 {
                ffi::lua_pushnil(state);
            }
            library::push_metatable(state, copy);
            let changed = ffi::lua_rawequal(state, -1, -2) == 0;
            ffi::lua_settop(state, -3);
            changed
        }
    }
}
