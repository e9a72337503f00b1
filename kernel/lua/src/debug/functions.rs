//! Breakpoints on functions.
//!
//! A function of Lua's is known by the name that it was declared by. One of C's has none, nor has
//! one whose code is not at hand: they go by the name that they are called by, where what that
//! name leads to is no other function.

use std::ffi::{CStr, c_int};
use std::sync::Arc;

use mlua::ffi;
use perilune_language::debug::{FunctionBreakpoint, HitCondition, Reason};

use super::At;
use super::layout::{Frame, Prototype};
use super::stop::Why;
use super::tracer::Tracer;
use crate::context::Context;
use crate::value::name_at;

impl Tracer {
    /// Which breakpoints mean a function by the name that it was declared by; nothing if it has
    /// none that is known.
    pub(super) fn declared_by(
        &self,
        context: &Context,
        prototype: &Prototype,
        source: &[u8],
    ) -> Option<Vec<usize>> {
        let wishes = self.wishes.borrow();
        if wishes.functions.is_empty() || prototype.first_line == 0 {
            return Some(Vec::new());
        }
        let source = String::from_utf8_lossy(source);
        let chunk = source.strip_prefix(['=', '@'])?;
        let line = usize::try_from(prototype.first_line).ok()?;
        let name = name_at(context, chunk, source.starts_with('@'), line)?.replace(':', ".");
        Some(
            wishes
                .functions
                .iter()
                .enumerate()
                .filter(|(_, wanted)| wanted.name.replace(':', ".") == name)
                .map(|(index, _)| index)
                .collect(),
        )
    }

    /// A function was called that may have a breakpoint. Where it is of C it stops at once, else
    /// before its first instruction.
    pub(super) unsafe fn function_called(
        &self,
        context: &Context,
        state: *mut ffi::lua_State,
        frame: Frame,
    ) -> Option<Why> {
        // SAFETY: the call has just begun.
        unsafe {
            let Some(prototype) = frame.prototype() else {
                let wanted = self.called_by(state);
                return self.function_hit(context, state, 1, &wanted);
            };
            let facts = self.facts(context, prototype);
            let wanted = match &facts.functions {
                Some(declared) => declared.clone(),
                None => self.called_by(state),
            };
            if !wanted.is_empty() && !facts.is_foreign && self.soon.get().is_none() {
                self.wanted_functions.replace(wanted);
                self.set_soon(Some(Reason::FunctionBreakpoint));
            }
            None
        }
    }

    /// A function that has breakpoints has begun.
    pub(super) unsafe fn function_hit(
        &self,
        context: &Context,
        state: *mut ffi::lua_State,
        level: c_int,
        wanted: &[usize],
    ) -> Option<Why> {
        let wishes = Arc::clone(&self.wishes.borrow());
        let at = At {
            level,
            ..At::hook(state)
        };
        let hits = |breakpoint: &&FunctionBreakpoint| {
            // SAFETY: a hook runs.
            let holds = unsafe { self.holds(context, &at, breakpoint.condition.as_deref()) };
            holds && HitCondition::count(breakpoint.hits, &breakpoint.count)
        };
        let breakpoints: Vec<u32> = wanted
            .iter()
            .filter_map(|index| wishes.functions.get(*index))
            .filter(hits)
            .map(|breakpoint| breakpoint.id)
            .collect();
        (!breakpoints.is_empty()).then_some(Why {
            reason: Some(Reason::FunctionBreakpoint),
            breakpoints,
            ..Why::default()
        })
    }

    /// Which breakpoints mean what was just called by the name that it is called by.
    unsafe fn called_by(&self, state: *mut ffi::lua_State) -> Vec<usize> {
        let wishes = self.wishes.borrow();
        // SAFETY: the record is filled before it is read; the stack is as it was afterwards.
        unsafe {
            let mut record = std::mem::zeroed::<ffi::lua_Debug>();
            if ffi::lua_getstack(state, 0, &mut record) == 0
                || ffi::lua_getinfo(state, c"n".as_ptr(), &mut record) == 0
                || record.name.is_null()
            {
                return Vec::new();
            }
            let name = CStr::from_ptr(record.name).to_bytes();
            // Of a global of 5.4 the name may be that of its place.
            let name = name.strip_prefix(b"_G.").unwrap_or(name);
            wishes
                .functions
                .iter()
                .enumerate()
                .filter(|(_, wanted)| {
                    let parts: Vec<&str> = wanted.name.split(['.', ':']).collect();
                    parts.last().is_some_and(|last| last.as_bytes() == name)
                        && leads_to(state, &mut record, &parts)
                })
                .map(|(index, _)| index)
                .collect()
        }
    }
}

/// Whether a path from the globals leads to the function of a record, or nowhere.
unsafe fn leads_to(state: *mut ffi::lua_State, record: &mut ffi::lua_Debug, path: &[&str]) -> bool {
    if path.len() < 2 {
        return true;
    }
    // SAFETY: tables are read without metamethods, by a loop over them, as pushing a string may
    // raise an error; the stack is as it was afterwards.
    unsafe {
        if ffi::lua_checkstack(state, 5) == 0 {
            return true;
        }
        let top = ffi::lua_gettop(state);
        ffi::lua_rawgeti(state, ffi::LUA_REGISTRYINDEX, ffi::LUA_RIDX_GLOBALS);
        for part in path {
            if !push_field(state, part) {
                ffi::lua_settop(state, top);
                return true;
            }
        }
        let found = ffi::lua_topointer(state, -1);
        ffi::lua_getinfo(state, c"f".as_ptr(), record);
        let called = ffi::lua_topointer(state, -1);
        ffi::lua_settop(state, top);
        found == called
    }
}

/// Puts the field of the table on top in its place.
unsafe fn push_field(state: *mut ffi::lua_State, name: &str) -> bool {
    // SAFETY: as the caller's; a key that is a string is not changed by being read.
    unsafe {
        if ffi::lua_type(state, -1) != ffi::LUA_TTABLE {
            return false;
        }
        let table = ffi::lua_gettop(state);
        ffi::lua_pushnil(state);
        while ffi::lua_next(state, table) != 0 {
            if ffi::lua_type(state, -2) == ffi::LUA_TSTRING {
                let mut length = 0;
                let key = ffi::lua_tolstring(state, -2, &mut length).cast::<u8>();
                if std::slice::from_raw_parts(key, length) == name.as_bytes() {
                    ffi::lua_replace(state, table);
                    ffi::lua_settop(state, table);
                    return true;
                }
            }
            ffi::lua_settop(state, -2);
        }
        ffi::lua_settop(state, table);
        false
    }
}
