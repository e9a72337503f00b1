//! How Rust functions are called by Lua.
//!
//! Lua raises errors with `longjmp`, which must not jump over Rust values that want to be
//! dropped. So a native function's body returns its error as a value, and the error is raised
//! when nothing of the body is left.

use std::cell::RefCell;
use std::ffi::c_int;
use std::panic::{AssertUnwindSafe, catch_unwind};

use mlua::ffi;

use crate::context::Context;
use crate::interrupt::{self, Unwinding};

/// Why a native function does not return.
pub(crate) enum Raise {
    /// An error with this message; the caller's place is put before it.
    Message(String),
    /// The cell ends, whatever protects it.
    Unwind(Unwinding),
}

impl Raise {
    pub(crate) fn message(text: impl Into<String>) -> Self {
        Self::Message(text.into())
    }
}

thread_local! {
    static TEXT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// What a native function returns.
pub(crate) enum Reply {
    /// This many values, which it has pushed.
    Values(c_int),
    /// A string.
    Text(Vec<u8>),
    /// `nil`, a message and an error number, as Lua's `io` functions.
    Failed(std::io::Error),
}

/// Runs the body of a native function.
///
/// # Safety
///
/// To be called last in a C function of `state` that holds no Rust value which wants to be
/// dropped, with a `body` that itself calls nothing that raises a Lua error.
pub(crate) unsafe fn run(
    state: *mut ffi::lua_State,
    body: impl FnOnce() -> Result<Reply, Raise>,
) -> c_int {
    {
        let raise = match catch_unwind(AssertUnwindSafe(body)) {
            Ok(Ok(Reply::Values(results))) => return results,
            Ok(Ok(Reply::Text(text))) => {
                TEXT.set(text);
                // SAFETY: the text was moved to the thread, so this frame has nothing to drop.
                return unsafe { push_text(state) };
            }
            Ok(Ok(Reply::Failed(error))) => {
                let number = error.raw_os_error().unwrap_or(0);
                TEXT.set(error.to_string().into_bytes());
                drop(error);
                // SAFETY: as above.
                return unsafe {
                    ffi::lua_pushnil(state);
                    push_text(state);
                    ffi::lua_pushinteger(state, number.into());
                    3
                };
            }
            Ok(Err(raise)) => raise,
            Err(_) => Raise::message("internal error: a function of the kernel panicked"),
        };
        match raise {
            Raise::Message(text) => TEXT.set(text.into_bytes()),
            // SAFETY: nothing of the body is left; only plain values are.
            Raise::Unwind(unwinding) => unsafe { interrupt::unwind(state, unwinding) },
        }
    }
    // SAFETY: the message is owned by the thread, so this frame has nothing to drop. The
    // reference is not used after `lua_error`, and what is pushed is a copy.
    unsafe {
        ffi::luaL_where(state, 1);
        push_text(state);
        ffi::lua_concat(state, 2);
        ffi::lua_error(state)
    }
}

/// Pushes what is in [`TEXT`].
unsafe fn push_text(state: *mut ffi::lua_State) -> c_int {
    let (text, length) = TEXT.with_borrow(|text| (text.as_ptr(), text.len()));
    // SAFETY: Lua copies the text before anything else can change it.
    unsafe { ffi::lua_pushlstring(state, text.cast(), length) };
    1
}

/// Pushes `function` with the context as its first upvalue.
///
/// # Safety
///
/// May raise a memory error; leaves one value on the stack.
pub(crate) unsafe fn push(
    state: *mut ffi::lua_State,
    context: &Context,
    function: ffi::lua_CFunction,
) {
    // SAFETY: a light userdata and a closure over it; the caller has room for one value.
    unsafe {
        ffi::lua_pushlightuserdata(state, context.as_upvalue());
        ffi::lua_pushcclosure(state, function, 1);
    }
}
