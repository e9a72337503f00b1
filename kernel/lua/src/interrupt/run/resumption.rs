//! Coroutines that resume each other: the hook, and who debugs, follow.

use std::ffi::c_int;
use std::sync::atomic::{Ordering, compiler_fence};

use mlua::ffi;

use super::{RELAXED, RUN, remove_hook, running, set_hook};
use crate::debug;

/// A `coroutine.resume` in progress.
pub(super) struct Resumption {
    parent: *mut ffi::lua_State,
    outer: *mut Resumption,
}

/// The main coroutine, if code runs.
pub(crate) fn main_of_running() -> Option<*mut ffi::lua_State> {
    running().and_then(|state| chain(state).pop())
}

/// The coroutine that runs and those that resumed it, innermost first, when `state` runs.
pub(crate) fn chain(state: *mut ffi::lua_State) -> Vec<*mut ffi::lua_State> {
    let mut states = vec![state];
    let mut next = RUN.with(|run| run.resumption.load(RELAXED)).cast_const();
    // SAFETY: resumptions live in the frames of functions that have not returned.
    while let Some(resumption) = unsafe { next.as_ref() } {
        states.push(resumption.parent);
        next = resumption.outer;
    }
    states
}

/// Resumes `coroutine`, as `lua_resume`, so that the hook follows.
///
/// # Safety
///
/// As `lua_resume`.
#[inline]
pub(in crate::interrupt) unsafe fn resume(
    coroutine: *mut ffi::lua_State,
    from: *mut ffi::lua_State,
    arguments: c_int,
    results: &mut c_int,
) -> c_int {
    // SAFETY: the caller vouches for the states; `lua_resume` raises no error.
    unsafe {
        follow(coroutine, from, || {
            ffi::lua_resume(coroutine, from, arguments, results)
        })
    }
}

/// Closes `coroutine`, as `lua_closethread`, so that the hook follows.
///
/// # Safety
///
/// As `lua_closethread`.
pub(in crate::interrupt) unsafe fn close(
    coroutine: *mut ffi::lua_State,
    from: *mut ffi::lua_State,
) -> c_int {
    // SAFETY: the caller vouches for the states; `lua_closethread` raises no error.
    unsafe { follow(coroutine, from, || ffi::lua_closethread(coroutine, from)) }
}

#[inline]
unsafe fn follow(
    coroutine: *mut ffi::lua_State,
    from: *mut ffi::lua_State,
    call: impl FnOnce() -> c_int,
) -> c_int {
    RUN.with(|run| {
        let outside = run.current.load(RELAXED);
        if outside.is_null() {
            // Called by a finalizer while no cell runs.
            return call();
        }
        let mut resumption = Resumption {
            parent: from,
            outer: run.resumption.load(RELAXED),
        };
        run.resumption.store(&raw mut resumption, RELAXED);
        run.current.store(coroutine, RELAXED);
        // The handler sets its hook on `current`, and then says so: after each change of
        // `current` one of the two has seen the other.
        compiler_fence(Ordering::SeqCst);
        // SAFETY: both states are live and of this thread.
        unsafe {
            if run.hooked.load(RELAXED) {
                set_hook(coroutine);
            }
            debug::entered(coroutine, from);
            let status = call();
            run.current.store(outside, RELAXED);
            run.resumption.store(resumption.outer, RELAXED);
            compiler_fence(Ordering::SeqCst);
            debug::left(coroutine, outside);
            if run.was_hooked.load(RELAXED) {
                remove_hook(coroutine);
            }
            if run.hooked.load(RELAXED) {
                set_hook(outside);
            }
            status
        }
    })
}
