//! Filling the objects of a saved session, and giving the user what is reached from nowhere else.

use mlua::ffi;

use super::super::record::{Reader, Record, Value};
use super::{OBJECTS, Restoring, skip};
use crate::cell::push_holder;

impl<'a> Restoring<'a> {
    /// Fills the objects that were made, or those of the library.
    pub(super) unsafe fn fill(&mut self, state: *mut ffi::lua_State, of_library: bool) -> bool {
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
    pub(super) unsafe fn make_locals(&mut self, state: *mut ffi::lua_State) -> bool {
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
}
