//! The hook that the user has set by `debug.sethook`.
//!
//! A coroutine has one hook. Where the debugger needs it the user's is put aside, and put back when
//! it needs it no more; `debug.sethook` and `gethook` speak of the one that is put aside.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::c_int;

use mlua::ffi;

use super::hook;
use super::layout::Frame;
use super::tracer::hot;
use crate::interrupt;

/// The hooks that were put aside, by their coroutines.
#[derive(Default)]
pub(super) struct Aside(RefCell<HashMap<*mut ffi::lua_State, Users>>);

/// A hook, its events, and after how many instructions it is called.
#[derive(Clone, Copy)]
struct Users {
    hook: Option<ffi::lua_Hook>,
    mask: c_int,
    count: c_int,
}

/// So many are put aside, of coroutines that may be gone by now.
const MOST: usize = 1_000;

impl Aside {
    /// Puts the hook of a coroutine aside, before the debugger sets its own.
    pub(super) unsafe fn put(&self, state: *mut ffi::lua_State) {
        // SAFETY: the caller's state is live.
        let (hook, users) = unsafe { (ffi::lua_gethook(state), Users::of(state)) };
        let mut aside = self.0.borrow_mut();
        if aside.len() >= MOST {
            aside.clear();
        }
        if hook.is_some() {
            aside.insert(state, users);
        } else if !aside.is_empty() {
            aside.remove(&state);
        }
    }

    /// Puts the hook of a coroutine back, if it had one.
    pub(super) unsafe fn put_back(&self, state: *mut ffi::lua_State) {
        let users = self.0.borrow_mut().remove(&state);
        let users = users.unwrap_or(Users {
            hook: None,
            mask: 0,
            count: 0,
        });
        // SAFETY: the caller's state is live.
        unsafe { ffi::lua_sethook(state, users.hook, users.mask, users.count) };
    }
}

impl Users {
    unsafe fn of(state: *mut ffi::lua_State) -> Self {
        // SAFETY: the caller's state is live.
        unsafe {
            Self {
                hook: ffi::lua_gethook(state),
                mask: ffi::lua_gethookmask(state),
                count: ffi::lua_gethookcount(state),
            }
        }
    }
}

/// Has `debug.sethook` and `debug.gethook` speak of the user's hook.
///
/// # Safety
///
/// The state must have its standard library. May raise Lua errors.
pub(super) unsafe fn install(state: *mut ffi::lua_State) {
    // SAFETY: the stack is as it was afterwards.
    unsafe {
        ffi::lua_getglobal(state, c"debug".as_ptr());
        for name in [c"sethook", c"gethook"] {
            ffi::lua_getfield(state, -1, name.as_ptr());
            ffi::lua_pushcclosure(state, with_users_hook, 1);
            ffi::lua_setfield(state, -2, name.as_ptr());
        }
        ffi::lua_settop(state, -2);
    }
}

unsafe extern "C-unwind" fn with_users_hook(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: the upvalue is the function; nothing here wants to be dropped when it raises an
    // error, and the hook is the user's then until something else is wished.
    unsafe {
        let arguments = ffi::lua_gettop(state);
        let given = ffi::lua_tothread(state, 1);
        let of = if given.is_null() { state } else { given };
        let context = hot(|hot| hot.context().filter(|_| !hot.quiet.get()));
        let is_ours = context.is_some() && hook::is_set(of) && !interrupt::is_due();
        if let Some(context) = context.filter(|_| is_ours) {
            context.tracer.aside.put_back(of);
        }
        ffi::lua_pushvalue(state, ffi::lua_upvalueindex(1));
        ffi::lua_insert(state, 1);
        ffi::lua_call(state, arguments, ffi::LUA_MULTRET);
        if let Some(context) = context.filter(|_| is_ours) {
            context.tracer.go_on(context, of, Frame::innermost(of));
        }
        ffi::lua_gettop(state)
    }
}
