//! What cannot be saved, and what it is to a user.

use std::ffi::CStr;

use mlua::ffi;
use perilune_language::Loss;

use super::super::library::bytes_at;
use super::super::origins::{Map, Origin};
use super::{OBJECTS, Saving};

/// The first of the names that the kernel gives its own chunks.
const OWN_CHUNK: &[u8] = b"=perilune.";

/// Why a value is not saved.
pub(super) enum Lost {
    Pointer,
    Coroutine,
    Function,
    OwnFunction,
    /// A userdata, or a table that stands for something in the kernel; its class's name is at the
    /// top of the metatable's `__name`.
    Live,
    Own,
}

impl Saving<'_> {
    /// Why the object on top cannot be saved, if it cannot.
    pub(super) unsafe fn lost(&mut self, state: *mut ffi::lua_State) -> Option<Lost> {
        // SAFETY: as `run`.
        unsafe {
            let kind = ffi::lua_type(state, -1);
            if kind == ffi::LUA_TSTRING || self.names.of(ffi::lua_topointer(state, -1)).is_some() {
                return None;
            }
            match kind {
                ffi::LUA_TLIGHTUSERDATA => Some(Lost::Pointer),
                ffi::LUA_TTHREAD => Some(Lost::Coroutine),
                ffi::LUA_TUSERDATA => Some(Lost::Live),
                _ if self.is_own(state, -1) => Some(Lost::Own),
                ffi::LUA_TFUNCTION if ffi::lua_iscfunction(state, -1) != 0 => Some(Lost::Function),
                ffi::LUA_TFUNCTION => is_of_own_chunk(state).then_some(Lost::OwnFunction),
                _ => self.is_live(state).then_some(Lost::Live),
            }
        }
    }

    /// Whether the table on top stands for something in the kernel, as a widget does.
    unsafe fn is_live(&mut self, state: *mut ffi::lua_State) -> bool {
        // SAFETY: as `run`.
        unsafe {
            if ffi::lua_getmetatable(state, -1) == 0 {
                return false;
            }
            let place = ffi::lua_topointer(state, -1);
            let is_live = match self.classes.get(&place) {
                Some(is_live) => *is_live,
                None => {
                    let is_live = self.names.of(place).is_none()
                        && (self.is_own(state, -1) || has_own_functions(state));
                    self.classes.insert(place, is_live);
                    is_live
                }
            };
            ffi::lua_settop(state, -2);
            is_live
        }
    }

    pub(super) unsafe fn lose(&mut self, state: *mut ffi::lua_State, origin: Origin, lost: &Lost) {
        let map = Map {
            state,
            objects: OBJECTS,
            origins: &self.origins,
            locals: &self.local_names,
            names: &self.names,
        };
        // SAFETY: as `run`; what is called raises no error.
        self.losses.add(|| unsafe {
            Loss {
                path: map.path(origin),
                what: match lost {
                    Lost::Pointer => "a pointer".to_owned(),
                    Lost::Coroutine => "a coroutine".to_owned(),
                    Lost::Function => "a function of C".to_owned(),
                    Lost::OwnFunction => "a function that the kernel made".to_owned(),
                    Lost::Own => "a part of the kernel".to_owned(),
                    Lost::Live => class(state),
                },
            }
        });
    }
}

/// What the object on top is, as its metatable calls it.
///
/// # Safety
///
/// Needs room for two values. Raises no error but for want of memory.
unsafe fn class(state: *mut ffi::lua_State) -> String {
    // SAFETY: the string is copied while the metatable has it.
    unsafe {
        let top = ffi::lua_gettop(state);
        let mut name: Option<String> = None;
        if ffi::lua_getmetatable(state, top) != 0 {
            ffi::lua_pushnil(state);
            while ffi::lua_next(state, top + 1) != 0 {
                if bytes_at(state, -2) == Some(b"__name") {
                    name = bytes_at(state, -1).map(|name| String::from_utf8_lossy(name).into());
                }
                ffi::lua_settop(state, top + 2);
            }
        }
        ffi::lua_settop(state, top);
        match name.as_deref() {
            Some("FILE*") => "a file".to_owned(),
            Some(name) if name.starts_with(['a', 'e', 'i', 'o', 'u']) => format!("an {name}"),
            Some(name) => format!("a {name}"),
            None => "a userdata".to_owned(),
        }
    }
}

/// Whether the Lua function on top is of a chunk of the kernel's.
unsafe fn is_of_own_chunk(state: *mut ffi::lua_State) -> bool {
    // SAFETY: the record is filled before it is read.
    unsafe {
        let mut record = std::mem::zeroed::<ffi::lua_Debug>();
        ffi::lua_pushvalue(state, -1);
        ffi::lua_getinfo(state, c">S".as_ptr(), &mut record);
        !record.source.is_null()
            && CStr::from_ptr(record.source)
                .to_bytes()
                .starts_with(OWN_CHUNK)
    }
}

/// Whether the table on top has a function that the kernel made for it.
unsafe fn has_own_functions(state: *mut ffi::lua_State) -> bool {
    // SAFETY: as `class`.
    unsafe {
        let top = ffi::lua_gettop(state);
        let mut has = false;
        ffi::lua_pushnil(state);
        while !has && ffi::lua_next(state, top) != 0 {
            has = ffi::lua_type(state, -1) == ffi::LUA_TFUNCTION
                && ffi::lua_iscfunction(state, -1) == 0
                && is_of_own_chunk(state);
            ffi::lua_settop(state, top + 1);
        }
        ffi::lua_settop(state, top);
        has
    }
}
