//! What the user has named outside of functions.

use std::ffi::c_int;

use mlua::{MultiValue, Table, Value, ffi};

use super::PausedCode;
use super::paths::element;
use crate::cell::kept_value;
use crate::magic::{is_users_global, library_globals};
use crate::value::compare;

/// A global, or a local of an earlier cell.
pub(super) struct Named {
    /// The global's key, mostly a string.
    pub(super) key: Value,
    pub(super) value: Value,
    /// Whether it is a local of an earlier cell, and if so whether it is constant.
    pub(super) local: Option<bool>,
    /// An expression for it.
    pub(super) path: Option<String>,
}

impl PausedCode<'_> {
    /// The user's globals and the locals of earlier cells, in their order.
    pub(super) fn named(&self) -> mlua::Result<Vec<Named>> {
        let mut named = self.globals(true)?;
        let kept: Vec<_> = {
            let kept = self.context.kept.borrow();
            kept.all()
                .map(|(name, local)| (name.to_owned(), local.is_constant))
                .collect()
        };
        for (name, is_constant) in kept {
            let value = kept_value(self.lua, self.context, &name).unwrap_or(Value::Nil);
            let key = Value::String(self.lua.create_string(&name)?);
            for global in named.iter_mut().filter(|global| global.key == key) {
                global.path = Some(format!("_G.{name}"));
            }
            named.push(Named {
                key,
                value,
                local: Some(is_constant),
                path: Some(name),
            });
        }
        named.sort_by(|left, right| {
            compare(&left.key, &right.key).then(right.local.is_some().cmp(&left.local.is_some()))
        });
        Ok(named)
    }

    /// The globals that are the user's, or those that are the library's.
    pub(super) fn globals(&self, are_users: bool) -> mlua::Result<Vec<Named>> {
        let library = library_globals(self.lua)?;
        let globals = self.lua.globals();
        let mut found = Vec::new();
        let mut last = Value::Nil;
        loop {
            let keys = self.portion(&globals, &library, &last, are_users)?;
            let Some(next) = keys.back().cloned() else {
                break;
            };
            for key in keys {
                let value: Value = globals.raw_get(&key)?;
                if is_users_global(&library, &key, &value) == are_users {
                    let path =
                        element(Some("_G"), &key).map(|path| match path.strip_prefix("_G.") {
                            Some(name) => name.to_owned(),
                            None => path,
                        });
                    found.push(Named {
                        key,
                        value,
                        local: None,
                        path,
                    });
                }
            }
            if found.len() >= MOST {
                break;
            }
            last = next;
        }
        found.sort_by(|left, right| compare(&left.key, &right.key));
        Ok(found)
    }

    /// How many globals are the user's.
    pub(super) fn users_globals(&self) -> mlua::Result<usize> {
        let library = library_globals(self.lua)?;
        let globals = self.lua.globals();
        let mut count = 0;
        // SAFETY: the closure owns nothing; an error of `lua_next` ends there.
        unsafe {
            self.lua.exec_raw::<()>((globals, library), |state| {
                ffi::lua_pushnil(state);
                while count < MOST && ffi::lua_next(state, 1) != 0 {
                    count += usize::from(!is_librarys(state));
                    ffi::lua_settop(state, -2);
                }
                ffi::lua_settop(state, 0);
            })
        }?;
        Ok(count)
    }

    /// Some keys of globals behind one.
    fn portion(
        &self,
        globals: &Table,
        library: &Table,
        after: &Value,
        are_users: bool,
    ) -> mlua::Result<MultiValue> {
        // SAFETY: the closure owns nothing; an error of `lua_next` ends there.
        unsafe {
            self.lua.exec_raw((globals, library, after), |state| {
                if ffi::lua_checkstack(state, PORTION + 8) == 0 {
                    ffi::lua_settop(state, 0);
                    return;
                }
                // The tables, the keys found, and the key to go on behind.
                let mut found = 0;
                while found < PORTION && ffi::lua_next(state, 1) != 0 {
                    let is_wanted = is_librarys(state) != are_users;
                    ffi::lua_settop(state, -2);
                    if is_wanted {
                        found += 1;
                        ffi::lua_pushvalue(state, -1);
                    }
                }
                ffi::lua_settop(state, found + 2);
                ffi::lua_remove(state, 1);
                ffi::lua_remove(state, 1);
            })
        }
    }
}

/// Whether the key and the value on top are as they are in the table at 2.
unsafe fn is_librarys(state: *mut ffi::lua_State) -> bool {
    // SAFETY: there is room for two values more, and the stack is as it was afterwards.
    unsafe {
        ffi::lua_pushvalue(state, -2);
        ffi::lua_rawget(state, 2);
        let is_same = ffi::lua_rawequal(state, -1, -2) != 0;
        ffi::lua_settop(state, -2);
        is_same
    }
}

/// So many keys are taken from a stack at a time.
const PORTION: c_int = 500;
/// So many globals are looked at.
const MOST: usize = 20_000;
