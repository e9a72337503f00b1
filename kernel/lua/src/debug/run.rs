//! Where the rest of the kernel meets the debugger.

use std::cell::Cell;
use std::ffi::c_int;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use mlua::ffi;
use perilune_language::debug::{Debugger, Reason};

use super::layout::{self, Frame};
use super::tracer::{Hot, hot};
use super::{attention, exceptions, hook, threads, users_hook};
use crate::context::Context;

thread_local! {
    static FOUND: Cell<bool> = const { Cell::new(false) };
}

/// Looks whether Lua's records are where they are expected, and makes what is needed of Lua.
///
/// # Safety
///
/// As [`layout::is_found`].
pub(crate) unsafe fn prepare(state: *mut ffi::lua_State) {
    // SAFETY: passed on.
    let found = unsafe {
        exceptions::install(state);
        users_hook::install(state);
        layout::is_found(state)
    };
    if !found {
        tracing::warn!("code cannot be debugged with this Lua");
    }
    FOUND.set(found);
}

/// From now on code that runs asks a debugger.
pub(crate) fn debug(context: &Context, debugger: Arc<dyn Debugger>) {
    if !FOUND.get() {
        return;
    }
    forget_kick(context);
    attention::listen(&context.tracer, &debugger);
    context.tracer.debugger.replace(Some(debugger));
}

/// Nobody may signal this thread when it is gone.
pub(crate) fn forget_kick(context: &Context) {
    if let Some(debugger) = &*context.tracer.debugger.borrow() {
        debugger.attention().forget_kick();
    }
}

/// Code is about to run, or may.
pub(crate) fn begins(context: &Context) {
    let tracer = &context.tracer;
    if tracer.debugger.borrow().is_none() {
        return;
    }
    hot(|hot| {
        hot.quiet.set(false);
        hot.set_context(Some(context));
    });
    tracer.running.store(true, Ordering::SeqCst);
    tracer.look(context);
}

/// What ran has ended, on a state that may be gone by now.
pub(crate) fn ends(context: &Context, state: Option<*mut ffi::lua_State>) {
    let tracer = &context.tracer;
    if tracer.debugger.borrow().is_none() {
        return;
    }
    tracer.running.store(false, Ordering::SeqCst);
    tracer.set_step(None);
    tracer.set_soon(None);
    tracer.set_passed(None);
    hot(|hot| hot.set_context(None));
    if let Some(state) = state {
        // SAFETY: the state is live.
        unsafe {
            if hook::is_set(state) {
                tracer.aside.put_back(state);
            }
        }
    }
}

/// A function of the user's is about to be called by the kernel.
///
/// # Safety
///
/// `state` must be the state that is about to run on this thread.
pub(crate) unsafe fn called(context: &Context, state: *mut ffi::lua_State) {
    let tracer = &context.tracer;
    if hot(|hot| hot.context().is_none() || hot.quiet.get()) {
        return;
    }
    let wishes = Arc::clone(&tracer.wishes.borrow());
    let is_entered = tracer
        .entered
        .borrow()
        .as_ref()
        .is_some_and(|entered| Arc::ptr_eq(entered, &wishes));
    if wishes.entry && !is_entered {
        tracer.entered.replace(Some(wishes));
        tracer.set_soon(Some(Reason::Entry));
    }
    // SAFETY: passed on.
    unsafe { tracer.go_on(context, state, Frame::innermost(state)) };
}

/// The context, if something is wished or may be. A hook that is left over takes itself away.
#[inline]
fn needed<'a>(hot: &Hot) -> Option<&'a Context> {
    let is_kicked = hot.kicked.load(Ordering::Relaxed);
    if (is_kicked || hot.is_needed.get()) && !hot.quiet.get() {
        hot.context()
    } else {
        None
    }
}

/// A coroutine is about to be resumed or closed by `from`.
///
/// # Safety
///
/// Both must be live and of this thread.
#[inline]
pub(crate) unsafe fn entered(coroutine: *mut ffi::lua_State, from: *mut ffi::lua_State) {
    if let Some(context) = hot(needed) {
        // SAFETY: passed on.
        unsafe {
            let frame = Frame::innermost(coroutine);
            threads::enrol(context, coroutine, from);
            context.tracer.go_on(context, coroutine, frame);
        }
    }
}

/// A coroutine has yielded, ended or failed.
///
/// # Safety
///
/// As [`entered`]; `parent` must be what goes on.
#[inline]
pub(crate) unsafe fn left(coroutine: *mut ffi::lua_State, parent: *mut ffi::lua_State) {
    if let Some(context) = hot(needed) {
        // SAFETY: passed on.
        unsafe {
            context
                .tracer
                .step_out_of_coroutine(context, coroutine, parent);
            context
                .tracer
                .go_on(context, parent, Frame::innermost(parent));
        }
    }
}

/// Code was loaded: `function` is where its function is, if that worked. If it `is_named`, the code
/// is at the stack's first position, where it is a string.
///
/// # Safety
///
/// To be called by a function of C. Raises no Lua error; needs room for one value.
pub(crate) unsafe fn loaded(state: *mut ffi::lua_State, function: c_int, is_named: bool) {
    let Some(context) = hot(|hot| hot.context().filter(|_| !hot.quiet.get())) else {
        return;
    };
    // SAFETY: the strings stay where they are while they are copied.
    unsafe {
        if ffi::lua_type(state, function) != ffi::LUA_TFUNCTION {
            return;
        }
        if context.tracer.is_needed() {
            // Its code may lie where that of another lay.
            context.tracer.verdicts.clear();
        }
        let mut record = std::mem::zeroed::<ffi::lua_Debug>();
        ffi::lua_pushvalue(state, function);
        if ffi::lua_getinfo(state, c">S".as_ptr(), &mut record) == 0 {
            return;
        }
        let source = std::slice::from_raw_parts(record.source.cast::<u8>(), record.srclen);
        let is_file = source.first() == Some(&b'@');
        if !is_file && !is_named {
            return;
        }
        let mut length = 0;
        let code = (is_named && ffi::lua_type(state, 1) == ffi::LUA_TSTRING).then(|| {
            let code = ffi::lua_tolstring(state, 1, &mut length);
            std::slice::from_raw_parts(code.cast::<u8>(), length)
        });
        context.tracer.chunk_loaded(context, source, code);
        // What was nobody's before may have breakpoints now.
        context
            .tracer
            .go_on(context, state, Frame::innermost(state));
    }
}
