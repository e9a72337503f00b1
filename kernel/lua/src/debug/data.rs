//! Breakpoints on data.
//!
//! Lua tells nobody that a variable has changed, so what is watched is compared: at each line, call
//! and return. Then what changed it is what ran last: the instruction before the one that is about
//! to run, the caller of what is called, or what is about to return. What is compared is the value
//! itself, by Lua's own idea of what is equal without metamethods; so it does not matter who has
//! changed it, be it C.

use std::ffi::{CStr, CString, c_int, c_void};
use std::fmt::Write;
use std::str::FromStr;
use std::sync::Arc;

use mlua::ffi;
use perilune_language::debug::{DataBreakpoint, HitCondition, Reason, Resume};

use super::At;
use super::layout::{self, Frame};
use super::stop::Why;
use super::tracer::Tracer;
use crate::context::Context;
use crate::interrupt::{self, Unwinding};

/// Their addresses are the registry's keys: of the table from numbers to pairs of what holds a
/// value and by what, which keep neither alive, and of the values as they were.
static PLACES: u8 = 0;
static VALUES: u8 = 0;

/// What is watched, as [`DataBreakpoint::data`] says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Watched {
    /// A table's field.
    Field(i64),
    /// A variable of functions, by the number it has in one of them.
    Upvalue(i64, c_int),
    /// A variable of a call: how deep the call is, and the variable's number and name.
    Local(i64, usize, c_int, CString),
}

/// A breakpoint on data, and what it watches.
#[derive(Debug)]
pub(super) struct Watch {
    watched: Watched,
    breakpoint: DataBreakpoint,
}

impl Watched {
    fn id(&self) -> i64 {
        match self {
            Self::Field(id) | Self::Upvalue(id, _) | Self::Local(id, ..) => *id,
        }
    }
}

impl std::fmt::Display for Watched {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Field(id) => write!(f, "field:{id}"),
            Self::Upvalue(id, number) => write!(f, "upvalue:{id}:{number}"),
            Self::Local(id, depth, number, name) => {
                write!(f, "local:{id}:{depth}:{number}:{}", name.to_string_lossy())
            }
        }
    }
}

impl FromStr for Watched {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        fn number<T: FromStr>(part: Option<&str>) -> Result<T, ()> {
            part.and_then(|part| part.parse().ok()).ok_or(())
        }
        let mut parts = text.splitn(5, ':');
        let kind = parts.next();
        let id = number(parts.next())?;
        match kind {
            Some("field") => Ok(Self::Field(id)),
            Some("upvalue") => Ok(Self::Upvalue(id, number(parts.next())?)),
            Some("local") => Ok(Self::Local(
                id,
                number(parts.next())?,
                number(parts.next())?,
                CString::new(parts.next().ok_or(())?).map_err(|_| ())?,
            )),
            _ => Err(()),
        }
    }
}

/// Watches the field of a table; both are somewhere on the stack. Nothing without memory.
///
/// # Safety
///
/// `state` must be what runs on this thread. Raises no Lua error.
pub(crate) unsafe fn watch_field(
    state: *mut ffi::lua_State,
    table: c_int,
    key: c_int,
) -> Option<String> {
    // SAFETY: passed on.
    unsafe {
        let (table, key) = (
            ffi::lua_absindex(state, table),
            ffi::lua_absindex(state, key),
        );
        remember(
            state,
            || {
                ffi::lua_pushvalue(state, table);
                ffi::lua_pushvalue(state, key);
            },
            Watched::Field,
        )
        .map(|watched| renewed(state, &watched))
    }
}

/// Watches the variable that is an upvalue of a function on the stack. Nothing without memory.
///
/// # Safety
///
/// As [`watch_field`].
pub(crate) unsafe fn watch_upvalue(
    state: *mut ffi::lua_State,
    function: c_int,
    number: c_int,
) -> Option<String> {
    // SAFETY: passed on.
    unsafe {
        let function = ffi::lua_absindex(state, function);
        remember(
            state,
            || {
                ffi::lua_pushvalue(state, function);
                ffi::lua_pushnil(state);
            },
            |id| Watched::Upvalue(id, number),
        )
        .map(|watched| renewed(state, &watched))
    }
}

/// Watches a local of a call as long as the call lasts. Nothing without memory, or if there is
/// no such local.
///
/// # Safety
///
/// As [`watch_field`]; the call must be one of the coroutine that has not returned.
pub(crate) unsafe fn watch_local(
    state: *mut ffi::lua_State,
    coroutine: *mut ffi::lua_State,
    call: *const c_void,
    number: c_int,
) -> Option<String> {
    // SAFETY: passed on; the name is copied.
    unsafe {
        let mut record = crate::failure::record_of(call);
        if ffi::lua_checkstack(coroutine, 2) == 0 {
            return None;
        }
        let name = ffi::lua_getlocal(coroutine, &record, number);
        if name.is_null() {
            return None;
        }
        ffi::lua_settop(coroutine, -2);
        let name = CStr::from_ptr(name).to_owned();
        let depth = Frame::of(&record).depth(coroutine);
        let record = &raw mut record;
        let watched = remember(
            state,
            || {
                ffi::lua_pushthread(coroutine);
                ffi::lua_getinfo(coroutine, c"f".as_ptr(), record);
                if coroutine != state {
                    ffi::lua_xmove(coroutine, state, 2);
                }
            },
            |id| Watched::Local(id, depth, number, name),
        )?;
        // Seen from here the call is not the innermost one.
        let top = ffi::lua_gettop(state);
        ffi::lua_getlocal(coroutine, record, number);
        if coroutine != state {
            ffi::lua_xmove(coroutine, state, 1);
        }
        keep(state, top + 1, &watched);
        ffi::lua_settop(state, top);
        Some(watched.to_string())
    }
}

unsafe fn remember(
    state: *mut ffi::lua_State,
    push: impl FnOnce(),
    watched: impl FnOnce(i64) -> Watched,
) -> Option<Watched> {
    // SAFETY: the stack is as it was afterwards; errors end in the protected call.
    unsafe {
        if ffi::lua_checkstack(state, 6) == 0 {
            return None;
        }
        let top = ffi::lua_gettop(state);
        ffi::lua_pushcfunction(state, add_place);
        push();
        let added = ffi::lua_pcall(state, 2, 1, 0) == ffi::LUA_OK;
        let watched = added.then(|| watched(ffi::lua_tointeger(state, -1)));
        ffi::lua_settop(state, top);
        watched
    }
}

/// `add_place(holder, key)`: the place's number.
unsafe extern "C-unwind" fn add_place(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: called in protected mode with two values; nothing here wants to be dropped.
    unsafe {
        if !push_table(state, &PLACES) {
            ffi::lua_settop(state, 2);
            for key in [&raw const VALUES, &raw const PLACES] {
                ffi::lua_createtable(state, 0, 0);
                ffi::lua_pushvalue(state, -1);
                ffi::lua_rawsetp(state, ffi::LUA_REGISTRYINDEX, key.cast());
            }
            ffi::lua_replace(state, 3);
            ffi::lua_settop(state, 3);
        }
        ffi::lua_createtable(state, 2, 0);
        ffi::lua_createtable(state, 0, 1);
        ffi::lua_pushstring(state, c"v".as_ptr());
        ffi::lua_setfield(state, -2, c"__mode".as_ptr());
        ffi::lua_setmetatable(state, -2);
        for index in 1..=2 {
            ffi::lua_pushvalue(state, index);
            ffi::lua_rawseti(state, -2, index.into());
        }
        let id = ffi::lua_rawlen(state, 3) as i64 + 1;
        ffi::lua_rawseti(state, 3, id);
        ffi::lua_pushinteger(state, id);
        1
    }
}

unsafe fn push_table(state: *mut ffi::lua_State, key: *const u8) -> bool {
    // SAFETY: the caller has room for one value.
    unsafe { ffi::lua_rawgetp(state, ffi::LUA_REGISTRYINDEX, key.cast()) == ffi::LUA_TTABLE }
}

/// Pushes what is watched, as it is now; pushes nothing and says so if it is gone or out of sight.
unsafe fn push_now(state: *mut ffi::lua_State, watched: &Watched) -> bool {
    // SAFETY: values are read without metamethods; the caller has room for five.
    unsafe {
        let top = ffi::lua_gettop(state);
        let found = push_table(state, &PLACES)
            && ffi::lua_rawgeti(state, -1, watched.id()) == ffi::LUA_TTABLE
            && match watched {
                Watched::Field(_) => {
                    ffi::lua_rawgeti(state, -1, 1) == ffi::LUA_TTABLE
                        && ffi::lua_rawgeti(state, -2, 2) != ffi::LUA_TNIL
                        && {
                            ffi::lua_rawget(state, -2);
                            true
                        }
                }
                Watched::Upvalue(_, number) => {
                    ffi::lua_rawgeti(state, -1, 1) == ffi::LUA_TFUNCTION
                        && !ffi::lua_getupvalue(state, -1, *number).is_null()
                }
                Watched::Local(_, depth, number, name) => push_local(state, *depth, *number, name),
            };
        if found {
            ffi::lua_replace(state, top + 1);
        }
        ffi::lua_settop(state, top + c_int::from(found));
        found
    }
}

/// Pushes a local of the call that runs, or is about to be returned to, if it is the one meant; its
/// place is on top.
unsafe fn push_local(state: *mut ffi::lua_State, depth: usize, number: c_int, name: &CStr) -> bool {
    // SAFETY: as `push_now`; the name is compared at once.
    unsafe {
        ffi::lua_rawgeti(state, -1, 1);
        let is_own = ffi::lua_tothread(state, -1) == state;
        ffi::lua_settop(state, -2);
        ffi::lua_rawgeti(state, -1, 2);
        let function = ffi::lua_topointer(state, -1);
        ffi::lua_settop(state, -2);
        let mut record = std::mem::zeroed::<ffi::lua_Debug>();
        for level in 0..=1 {
            if !is_own || ffi::lua_getstack(state, level, &mut record) == 0 {
                return false;
            }
            let frame = Frame::of(&record);
            if frame.depth(state) == depth && frame.closure() == function {
                let found = ffi::lua_getlocal(state, &record, number);
                return !found.is_null() && CStr::from_ptr(found) == name;
            }
        }
        false
    }
}

unsafe fn renewed(state: *mut ffi::lua_State, watched: &Watched) -> String {
    // SAFETY: passed on.
    unsafe { renew(state, watched) };
    watched.to_string()
}

/// Remembers the value that something has now.
unsafe fn renew(state: *mut ffi::lua_State, watched: &Watched) {
    // SAFETY: the stack is as it was afterwards; errors end in the protected call.
    unsafe {
        if ffi::lua_checkstack(state, 8) == 0 {
            return;
        }
        let top = ffi::lua_gettop(state);
        if push_now(state, watched) {
            keep(state, top + 1, watched);
        }
        ffi::lua_settop(state, top);
    }
}

/// Remembers the value at an index.
unsafe fn keep(state: *mut ffi::lua_State, index: c_int, watched: &Watched) {
    // SAFETY: the caller has room for three values, and takes off what is left.
    unsafe {
        ffi::lua_pushcfunction(state, set_value);
        ffi::lua_pushvalue(state, index);
        ffi::lua_pushinteger(state, watched.id());
        ffi::lua_pcall(state, 2, 0, 0);
    }
}

/// `set_value(value, id)`
unsafe extern "C-unwind" fn set_value(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: called in protected mode with these arguments.
    unsafe {
        let id = ffi::lua_tointeger(state, 2);
        if push_table(state, &VALUES) {
            ffi::lua_pushvalue(state, 1);
            ffi::lua_rawseti(state, -2, id);
        }
        0
    }
}

/// What has become of what, if it has changed.
unsafe fn change(state: *mut ffi::lua_State, watched: &Watched) -> Option<String> {
    // SAFETY: the stack is as it was afterwards.
    unsafe {
        if ffi::lua_checkstack(state, 8) == 0 {
            return None;
        }
        let top = ffi::lua_gettop(state);
        let mut text = None;
        if push_now(state, watched) && push_table(state, &VALUES) {
            ffi::lua_rawgeti(state, -1, watched.id());
            if ffi::lua_rawequal(state, -1, top + 1) == 0 {
                let mut changed = String::from("changed from ");
                shown(state, -1, &mut changed);
                changed.push_str(" to ");
                shown(state, top + 1, &mut changed);
                text = Some(changed);
            }
        }
        ffi::lua_settop(state, top);
        text
    }
}

/// A value in a few words.
unsafe fn shown(state: *mut ffi::lua_State, index: c_int, text: &mut String) {
    /// So much of a string is shown, in bytes.
    const LONGEST: usize = 60;
    // SAFETY: nothing is converted in its place; a string stays where it is while it is copied.
    unsafe {
        let _ = match ffi::lua_type(state, index) {
            ffi::LUA_TNIL => write!(text, "nil"),
            ffi::LUA_TBOOLEAN => write!(text, "{}", ffi::lua_toboolean(state, index) != 0),
            ffi::LUA_TNUMBER if ffi::lua_isinteger(state, index) != 0 => {
                write!(text, "{}", ffi::lua_tointeger(state, index))
            }
            ffi::LUA_TNUMBER => write!(text, "{:?}", ffi::lua_tonumber(state, index)),
            ffi::LUA_TSTRING => {
                let mut length = 0;
                let bytes = ffi::lua_tolstring(state, index, &mut length).cast::<u8>();
                let bytes = std::slice::from_raw_parts(bytes, length.min(LONGEST));
                let more = if length > LONGEST { "..." } else { "" };
                write!(text, "\"{}\"{more}", String::from_utf8_lossy(bytes))
            }
            kind => {
                let name = CStr::from_ptr(ffi::lua_typename(state, kind)).to_string_lossy();
                let address = ffi::lua_topointer(state, index);
                write!(text, "{name} {address:?}")
            }
        };
    }
}

impl Tracer {
    /// What is watched may have changed. What was not watched until now is taken as it is.
    pub(super) fn watch_data(&self, earlier: &[DataBreakpoint]) {
        let wishes = Arc::clone(&self.wishes.borrow());
        let watches: Vec<Watch> = wishes
            .data
            .iter()
            .filter_map(|breakpoint| {
                Some(Watch {
                    watched: breakpoint.data.parse().ok()?,
                    breakpoint: breakpoint.clone(),
                })
            })
            .collect();
        if let Some(state) = interrupt::running() {
            for watch in &watches {
                let is_new = earlier
                    .iter()
                    .all(|earlier| earlier.data != watch.breakpoint.data);
                if is_new {
                    // SAFETY: this thread's state runs.
                    self.quietly(|| unsafe { renew(state, &watch.watched) });
                }
            }
        }
        self.watches_data.set(!watches.is_empty());
        self.watches.replace(watches.into());
        self.set_hot();
    }

    /// Looks whether something has changed that is watched; if so, code stops where that was done.
    ///
    /// # Safety
    ///
    /// To be called by a hook for this event. Raises no Lua error.
    pub(super) unsafe fn look_at_data(
        &self,
        context: &Context,
        state: *mut ffi::lua_State,
        event: c_int,
        frame: Frame,
    ) -> Option<Unwinding> {
        // SAFETY: passed on.
        unsafe {
            // Calls, be they only of what remembers a value, change it.
            let last = layout::previous_instruction(state);
            let watches = std::rc::Rc::clone(&self.watches.borrow());
            let mut changes = Vec::new();
            for watch in &*watches {
                if let Some(text) = change(state, &watch.watched) {
                    self.quietly(|| renew(state, &watch.watched));
                    changes.push((watch, text));
                }
            }
            if changes.is_empty() {
                return None;
            }
            let (frame, level) = match (event, frame.caller()) {
                (ffi::LUA_HOOKCALL | ffi::LUA_HOOKTAILCALL, Some(caller)) => (caller, 1),
                _ => (frame, 0),
            };
            // A new line begins, and what ran last was of the one before.
            let moved = match (event, frame.prototype()) {
                (ffi::LUA_HOOKLINE, Some(prototype)) => (last < prototype.code().len())
                    .then(|| (prototype, frame.set_instruction(prototype, last))),
                _ => None,
            };
            let mut why = Why::default();
            let at = || At {
                level,
                ..At::hook(state)
            };
            for (watch, text) in changes {
                let breakpoint = &watch.breakpoint;
                if self.holds(context, &at(), breakpoint.condition.as_deref())
                    && HitCondition::count(breakpoint.hits, &breakpoint.count)
                {
                    why.reason = Some(Reason::DataBreakpoint);
                    why.breakpoints.push(breakpoint.id);
                    why.text.get_or_insert(text);
                }
            }
            let mut end = None;
            if why.reason.is_some() {
                let resume = self.stop(context, at(), why);
                end = interrupt::unwinding();
                match resume {
                    Resume::Step(step) => self.begin_step(context, state, frame, step),
                    Resume::Interrupt => end = end.or(Some(Unwinding::Interrupt)),
                    Resume::RestartFrame(_) => end = end.or(Some(Unwinding::Restart)),
                    Resume::Continue => {}
                }
            }
            if let Some((prototype, instruction)) = moved {
                frame.set_instruction(prototype, instruction);
            }
            end
        }
    }
}
