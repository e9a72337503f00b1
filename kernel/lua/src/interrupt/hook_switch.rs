//! Enabling hooks where Lua has disabled them.
//!
//! Lua clears `lua_State::allowhook` while it runs a `__gc` metamethod or a hook, and no function
//! of its API sets it. The field's place is known for the Lua that is built in; whether it really
//! is there is tried out on a throwaway coroutine first, and if it is not, such code just cannot
//! be interrupted.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};

use mlua::ffi;

/// Behind `GCObject *next; lu_byte tt; lu_byte marked; lu_byte status;` (lstate.h of 5.4).
const ALLOW_HOOK: usize = size_of::<*const ()>() + 3;

static FOUND: AtomicBool = AtomicBool::new(false);

thread_local! {
    static CALLS: Cell<u32> = const { Cell::new(0) };
    static SEEN_INSIDE: Cell<u8> = const { Cell::new(u8::MAX) };
}

/// Lets hooks run in what runs.
///
/// # Safety
///
/// `state` must be a live state that runs on this thread.
pub(super) unsafe fn turn_on(state: *mut ffi::lua_State) {
    if FOUND.load(Ordering::Relaxed) {
        // SAFETY: `find` has shown that this byte is the field, which Lua reads as a boolean.
        unsafe { state.cast::<u8>().add(ALLOW_HOOK).write(1) };
    }
}

/// Runs the kernel's own Lua code, for which no hook is called. An error puts back what was, as
/// Lua's protected calls do.
///
/// # Safety
///
/// `state` must be a live state that runs on this thread, and `work` own nothing if it may raise a
/// Lua error.
pub(crate) unsafe fn without_hooks(state: *mut ffi::lua_State, work: impl FnOnce()) {
    let found = FOUND.load(Ordering::Relaxed);
    // SAFETY: as `turn_on`.
    unsafe {
        let field = state.cast::<u8>().add(ALLOW_HOOK);
        let before = if found { field.replace(0) } else { 1 };
        work();
        if found {
            field.write(before);
        }
    }
}

/// Looks whether the field is where it is expected.
///
/// # Safety
///
/// `state` must be a live state of this thread. May raise a memory error.
pub(super) unsafe fn find(state: *mut ffi::lua_State) {
    // SAFETY: the coroutine is anchored on the stack while it is used; a Lua state is longer
    // than what is read of it, and its fields at the front are plain integers.
    unsafe {
        let coroutine = ffi::lua_newthread(state);
        let field = coroutine.cast::<u8>().add(ALLOW_HOOK);
        ffi::lua_sethook(coroutine, Some(hook), ffi::LUA_MASKCOUNT, 1);
        let found = field.read() == 1
            && calls(coroutine) > 0
            && SEEN_INSIDE.get() == 0
            && field.read() == 1
            && {
                field.write(0);
                let silent = calls(coroutine) == 0;
                field.write(1);
                silent && calls(coroutine) > 0
            };
        ffi::lua_sethook(coroutine, None, 0, 0);
        ffi::lua_settop(state, -2);
        if !found {
            tracing::warn!("loops in __gc metamethods cannot be interrupted with this Lua");
        }
        FOUND.store(found, Ordering::Relaxed);
    }
}

/// How often the hook is called by a little code.
unsafe fn calls(coroutine: *mut ffi::lua_State) -> u32 {
    CALLS.set(0);
    // SAFETY: the state is live, and the code is valid and does nothing.
    unsafe {
        if ffi::luaL_loadstring(coroutine, c"local x = 1".as_ptr()) == ffi::LUA_OK {
            ffi::lua_pcall(coroutine, 0, 0, 0);
        }
        ffi::lua_settop(coroutine, 0);
    }
    CALLS.get()
}

unsafe extern "C-unwind" fn hook(state: *mut ffi::lua_State, _: *mut ffi::lua_Debug) {
    CALLS.set(CALLS.get() + 1);
    // SAFETY: as in `find`.
    SEEN_INSIDE.set(unsafe { state.cast::<u8>().add(ALLOW_HOOK).read() });
}
