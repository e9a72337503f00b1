//! Errors that were caught, of which one may be raised again.
//!
//! Lua forgets where an error was raised when it is caught. Who raises it again, or another that
//! quotes it, or asserts what `coroutine.resume` returned, means the first place.

use std::collections::VecDeque;
use std::ffi::{c_int, c_void};

use mlua::{Lua, Value, ffi};

use super::stack::{Stack, capture_one, capture_top};
use crate::context::Context;

/// An error that did not end the cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EarlierError {
    pub(super) value: Identity,
    pub(super) stacks: Vec<Stack>,
}

/// What an error's value is known by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Identity {
    Text(String),
    /// A value that lives as long as the error is remembered.
    Object(*const c_void),
}

/// An error that another one has replaced, which a `__close` raised that it caused to be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Replaced {
    /// What it said, if it was a string.
    pub(crate) text: Option<String>,
    pub(crate) stacks: Vec<Stack>,
}

/// The errors that were caught last.
#[derive(Debug, Default)]
pub(crate) struct Earlier {
    errors: VecDeque<EarlierError>,
    /// How many were caught since the cell began.
    count: usize,
    /// How many of them were remembered.
    remembered: usize,
}

/// How many errors are remembered.
const MOST: usize = 8;
/// So many are remembered of a cell; who catches more does it all the time, and in no time.
const MOST_CAUGHT: usize = 1_000;
/// How many frames are remembered of each.
const FRAMES: usize = 8;
/// Texts are compared up to here, in bytes.
const LONGEST: usize = 4 * 1024;
/// A text shorter than this may stand in a message by chance, in bytes.
const SHORTEST: usize = 8;

/// Its address is the registry's key of the list of the values, which keeps each of them from
/// being mistaken for one of its successors.
static VALUES: u8 = 0;

impl Earlier {
    /// The last error that is raised again by a message or a value.
    pub(super) fn again(&self, value: &Value) -> Option<&EarlierError> {
        self.errors
            .iter()
            .rev()
            .find(|error| match (&error.value, value) {
                (Identity::Text(text), Value::String(raised)) => {
                    let raised = raised.to_string_lossy();
                    raised == *text || (text.len() >= SHORTEST && raised.contains(text.as_str()))
                }
                (Identity::Object(object), Value::Table(_) | Value::UserData(_)) => {
                    *object == value.to_pointer()
                }
                _ => false,
            })
    }
}

/// Makes the list of values.
///
/// # Safety
///
/// May raise a memory error.
pub(crate) unsafe fn install(state: *mut ffi::lua_State) {
    // SAFETY: the stack is as it was afterwards.
    unsafe {
        ffi::lua_createtable(state, MOST as c_int, 0);
        for index in 1..=MOST {
            ffi::lua_pushboolean(state, 0);
            ffi::lua_rawseti(state, -2, index as i64);
        }
        ffi::lua_rawsetp(state, ffi::LUA_REGISTRYINDEX, (&raw const VALUES).cast());
    }
}

/// Forgets what was caught, since a new cell begins.
pub(crate) fn forget(lua: &Lua, context: &Context) {
    let mut earlier = context.earlier.borrow_mut();
    if earlier.errors.is_empty() {
        earlier.count = 0;
        return;
    }
    *earlier = Earlier::default();
    // SAFETY: the closure owns nothing; `install` takes off what it pushes.
    if let Err(error) = unsafe { lua.exec_raw::<()>((), |state| install(state)) } {
        tracing::debug!(%error, "errors that were caught are kept");
    }
}

/// Remembers the error on top of the stack of `state`, where a protected call is about to catch
/// it.
///
/// # Safety
///
/// To be called by the message handler of a protected call. Raises no Lua error.
pub(crate) unsafe fn caught(state: *mut ffi::lua_State) {
    // SAFETY: passed on; the handler itself is left out.
    unsafe {
        remember(state, || vec![capture_top(state, 1, FRAMES)]);
    }
}

/// Remembers the error on top of the stack of `state`, by which `coroutine` has died.
///
/// # Safety
///
/// Both must be live states of this thread. Raises no Lua error.
pub(crate) unsafe fn died(state: *mut ffi::lua_State, coroutine: *mut ffi::lua_State) {
    // SAFETY: passed on.
    unsafe {
        remember(state, || {
            let context = Context::of_state(state);
            let mut stacks = context.lost_stacks.borrow().clone();
            stacks.push(capture_one(coroutine, 0));
            stacks
        });
    }
}

/// The string on top of the stack, if it is one and not too long.
///
/// # Safety
///
/// `state` must be live, with a value on its stack. Raises no Lua error.
pub(crate) unsafe fn text(state: *mut ffi::lua_State) -> Option<String> {
    // SAFETY: the bytes of a string that stays on the stack while they are copied.
    unsafe {
        if ffi::lua_type(state, -1) != ffi::LUA_TSTRING {
            return None;
        }
        let mut length = 0;
        let bytes = ffi::lua_tolstring(state, -1, &mut length);
        let bytes = std::slice::from_raw_parts(bytes.cast::<u8>(), length);
        (length <= LONGEST).then(|| String::from_utf8_lossy(bytes).into_owned())
    }
}

unsafe fn remember(state: *mut ffi::lua_State, stacks: impl FnOnce() -> Vec<Stack>) {
    // SAFETY: the value stays on the stack while it is borrowed; what is pushed is taken off, and
    // the list has all its places already.
    unsafe {
        if ffi::lua_checkstack(state, 3) == 0 {
            return;
        }
        let context = Context::of_state(state);
        // While a failure is put into words, or these are forgotten, an error's `__tostring` or a
        // finaliser may run and catch errors of its own; nobody asks for those.
        let Ok(mut earlier) = context.earlier.try_borrow_mut() else {
            return;
        };
        earlier.count += 1;
        if earlier.count > MOST_CAUGHT {
            return;
        }
        let value = match ffi::lua_type(state, -1) {
            ffi::LUA_TSTRING => match text(state) {
                Some(text) => Identity::Text(text),
                None => return,
            },
            ffi::LUA_TTABLE | ffi::LUA_TUSERDATA => Identity::Object(ffi::lua_topointer(state, -1)),
            _ => return,
        };
        // An error that passes through several protected calls was raised at the first.
        if earlier.errors.iter().any(|known| known.value == value) {
            return;
        }
        if earlier.errors.len() == MOST {
            earlier.errors.pop_front();
        }
        // The place of the one that was just forgotten, or a free one.
        let place = (earlier.remembered % MOST + 1) as i64;
        ffi::lua_rawgetp(state, ffi::LUA_REGISTRYINDEX, (&raw const VALUES).cast());
        ffi::lua_pushvalue(state, -2);
        ffi::lua_rawseti(state, -2, place);
        ffi::lua_settop(state, -2);
        let stacks = stacks();
        earlier.errors.push_back(EarlierError { value, stacks });
        earlier.remembered += 1;
    }
}
