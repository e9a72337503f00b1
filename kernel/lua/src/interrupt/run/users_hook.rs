//! A hook that the user has set, which ours and the kernel's own work put aside.

use std::ffi::{CStr, c_int};
use std::sync::atomic::{Ordering, compiler_fence};

use mlua::ffi;

use super::{RELAXED, RUN, set_hook};

/// How many calls deep a hook's error is looked for.
const DEPTH_OF_A_HOOK: c_int = 100;

/// Does the kernel's own work on the running state without the hook of the user, whose errors would
/// be the work's.
pub(crate) fn without_users_hook<T>(work: impl FnOnce() -> T) -> T {
    let (state, hooked) = RUN.with(|run| (run.current.load(RELAXED), run.hooked.load(RELAXED)));
    if state.is_null() || hooked {
        return work();
    }
    // SAFETY: the state runs on this thread.
    let (users, mask, count) = unsafe {
        let found = (
            ffi::lua_gethook(state),
            ffi::lua_gethookmask(state),
            ffi::lua_gethookcount(state),
        );
        ffi::lua_sethook(state, None, 0, 0);
        found
    };
    let done = work();
    // SAFETY: as before.
    unsafe { ffi::lua_sethook(state, users, mask, count) };
    compiler_fence(Ordering::SeqCst);
    if RUN.with(|run| run.hooked.load(RELAXED)) {
        // An interrupt came meanwhile.
        // SAFETY: as before.
        unsafe { set_hook(state) };
    }
    done
}

/// Removes the hook of the user if it is what raised the error, as Python does with a trace
/// function: it would fail every cell from now on.
///
/// # Safety
///
/// To be called by a message handler, with its state.
pub(crate) unsafe fn remove_failed_hook(state: *mut ffi::lua_State) {
    // SAFETY: the record is filled before it is read, and the hook is of the running state.
    unsafe {
        let mut record = std::mem::zeroed::<ffi::lua_Debug>();
        for level in 1..=DEPTH_OF_A_HOOK {
            if ffi::lua_getstack(state, level, &mut record) == 0 {
                return;
            }
            ffi::lua_getinfo(state, c"n".as_ptr(), &mut record);
            if !record.namewhat.is_null() && CStr::from_ptr(record.namewhat) == c"hook" {
                ffi::lua_sethook(state, None, 0, 0);
                return;
            }
        }
    }
}

/// Removes the hook of the user from the running state.
pub(crate) fn remove_users_hook() {
    RUN.with(|run| {
        let state = run.current.load(RELAXED);
        if !state.is_null() && !run.hooked.load(RELAXED) {
            // SAFETY: the state runs on this thread.
            unsafe { ffi::lua_sethook(state, None, 0, 0) };
        }
    });
}
