//! Tables, read by raw access and in bounded time.
//!
//! A large table is mostly a list, and to step through a list in search of the few names behind it
//! would take long. Lua's `next` begins behind any key of a table's array part, whose size its API
//! does not tell; [`Layout`] reads it where lobject.h has it, once it has been tried out.

use std::ffi::{c_int, c_void};

use mlua::{Lua, MultiValue, Table, Value, ffi};

/// How a table's elements are kept.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Layout {
    /// Whether the fields are where they are expected.
    is_known: bool,
}

/// `Table`, as far as it is read.
#[repr(C)]
struct Header {
    next: *const c_void,
    kind: u8,
    marked: u8,
    flags: u8,
    hash_size: u8,
    array_limit: u32,
}

/// In `flags`: the limit is not the array's size, but the size is the next power of two.
const IS_HINT: u8 = 0x80;
/// So many keys are stepped over to count those that are names.
const COUNTED: usize = 20_000;
/// So many names of a table are shown in their order; those of a larger one in Lua's.
pub(super) const SORTED: usize = 1_000;
/// So many keys are taken at a time, as they come on a stack.
const PORTION: usize = 1_000;

/// How many elements a table has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size {
    /// How many numbers from 1 on it has.
    pub(super) indexed: usize,
    /// How many other keys; of large tables at least that many.
    pub(super) named: usize,
    /// Whether there are no more.
    pub(super) is_exact: bool,
}

impl Layout {
    /// Looks whether a table is made as it is expected to be.
    pub(super) fn find(lua: &Lua) -> Self {
        let mut is_known = false;
        // SAFETY: the table is on the stack while it is read; a table is longer than what is read.
        let looked = unsafe {
            lua.exec_raw::<()>((), |state| {
                ffi::lua_createtable(state, 3, 8);
                let header = ffi::lua_topointer(state, -1).cast::<Header>();
                let sizes = ((*header).array_limit, (*header).hash_size, (*header).flags);
                is_known = sizes.0 == 3 && sizes.1 == 3 && sizes.2 & IS_HINT == 0;
                ffi::lua_settop(state, 0);
            })
        };
        Self {
            is_known: looked.is_ok() && is_known,
        }
    }

    /// How long the array part of the table at `index` is; 0 if that is not known.
    ///
    /// # Safety
    ///
    /// There must be a table at the index.
    unsafe fn array(self, state: *mut ffi::lua_State, index: c_int) -> usize {
        if !self.is_known {
            return 0;
        }
        // SAFETY: `find` has shown that the fields are there.
        unsafe {
            let header = ffi::lua_topointer(state, index).cast::<Header>();
            let limit = (*header).array_limit as usize;
            match (*header).flags & IS_HINT {
                0 => limit,
                _ => limit.next_power_of_two(),
            }
        }
    }

    /// Pushes the key behind which the names of the table at 1 begin.
    unsafe fn push_first(self, state: *mut ffi::lua_State, length: usize) {
        // SAFETY: the caller has room for one value.
        unsafe {
            let behind = length.min(self.array(state, 1));
            match i64::try_from(behind) {
                Ok(behind) if behind > 0 => ffi::lua_pushinteger(state, behind),
                _ => ffi::lua_pushnil(state),
            }
        }
    }

    /// How many elements a table has.
    pub(super) fn size(self, lua: &Lua, table: &Table) -> Size {
        let mut size = Size {
            indexed: table.raw_len(),
            named: 0,
            is_exact: true,
        };
        // SAFETY: the closure owns nothing; `lua_next` may raise an error, which ends there.
        let counted = unsafe {
            lua.exec_raw::<()>(table, |state| {
                self.push_first(state, size.indexed);
                let mut steps = 0;
                while ffi::lua_next(state, 1) != 0 {
                    ffi::lua_settop(state, -2);
                    size.named += usize::from(!is_index(state, -1, size.indexed));
                    steps += 1;
                    if steps == COUNTED {
                        size.is_exact = false;
                        break;
                    }
                }
                ffi::lua_settop(state, 0);
            })
        };
        size.is_exact &= counted.is_ok();
        size
    }

    /// The keys of a table that are no indices, at most `count` of them behind the first `skip`, or
    /// behind the key `after`.
    pub(super) fn names(
        self,
        lua: &Lua,
        table: &Table,
        after: Option<&Value>,
        skip: usize,
        count: usize,
    ) -> mlua::Result<Vec<Value>> {
        let mut keys: Vec<Value> = Vec::new();
        let mut skip = skip;
        while keys.len() < count {
            let last = keys.last().or(after).cloned();
            let wanted = (count - keys.len()).min(PORTION);
            let found = self.portion(lua, table, last, skip, wanted)?;
            skip = 0;
            let is_end = found.len() < wanted;
            keys.extend(found);
            if is_end {
                break;
            }
        }
        Ok(keys)
    }

    fn portion(
        self,
        lua: &Lua,
        table: &Table,
        after: Option<Value>,
        skip: usize,
        count: usize,
    ) -> mlua::Result<MultiValue> {
        let length = table.raw_len();
        let is_first = after.is_none();
        let mut skip = skip;
        // SAFETY: the closure owns nothing; `lua_next` may raise an error, which ends there.
        unsafe {
            lua.exec_raw((table, after), |state| {
                if is_first {
                    ffi::lua_settop(state, 1);
                    self.push_first(state, length);
                }
                if ffi::lua_checkstack(state, count as c_int + 4) == 0 {
                    ffi::lua_settop(state, 0);
                    return;
                }
                // The table, the keys found, and the key to go on behind.
                let mut found = 0;
                while found < count && ffi::lua_next(state, 1) != 0 {
                    ffi::lua_settop(state, -2);
                    if is_index(state, -1, length) {
                        continue;
                    }
                    if skip > 0 {
                        skip -= 1;
                        continue;
                    }
                    found += 1;
                    ffi::lua_pushvalue(state, -1);
                }
                // `lua_next` takes the last key off at the end.
                ffi::lua_settop(state, found as c_int + 1);
                ffi::lua_remove(state, 1);
            })
        }
    }
}

/// Whether the key at an index is a number from 1 to `length`.
unsafe fn is_index(state: *mut ffi::lua_State, index: c_int, length: usize) -> bool {
    // SAFETY: there is a value; nothing raises an error.
    unsafe {
        ffi::lua_isinteger(state, index) != 0
            && usize::try_from(ffi::lua_tointeger(state, index))
                .is_ok_and(|number| (1..=length).contains(&number))
    }
}
