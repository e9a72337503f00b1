use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use mlua::ffi;
use perilune_language::{Host, Interrupt, Stream};

use crate::cell::Kept;
use crate::code::Readings;
use crate::failure::{Earlier, Missed, Replaced, Sources, Stack};
use crate::interrupt::Watchdog;
use crate::io::{Children, Streams};

/// What the kernel's own functions inside of Lua share.
///
/// It outlives the Lua state, whose functions hold plain pointers to it (see [`Context::of`]).
pub(crate) struct Context {
    pub(crate) host: Arc<dyn Host>,
    pub(crate) interrupt: Interrupt,
    pub(crate) watchdog: Watchdog,
    /// The locals of earlier cells.
    pub(crate) kept: RefCell<Kept>,
    /// What earlier cells said, for excerpts.
    pub(crate) sources: RefCell<Sources>,
    /// Errors that were caught.
    pub(crate) earlier: RefCell<Earlier>,
    /// The error that another one has replaced on its way.
    pub(crate) replaced: RefCell<Option<Replaced>>,
    /// What the error that unwinds says, if it is a string.
    pub(crate) raised: RefCell<Option<String>>,
    /// What cells that failed would have set.
    pub(crate) missed: RefCell<Missed>,
    /// The earlier cells, as completion has read them.
    pub(crate) readings: RefCell<Readings>,
    /// Where the error that unwinds was raised, innermost coroutine first.
    pub(crate) stacks: RefCell<Vec<Stack>>,
    /// Where coroutines that `coroutine.wrap` has closed since had raised their error.
    pub(crate) lost_stacks: RefCell<Vec<Stack>>,
    /// Whether `warn` shows anything, as `@on` and `@off` set it.
    pub(crate) warnings: Cell<bool>,
    /// Whether a warning's first part has been written and its end has not.
    pub(crate) in_warning: Cell<bool>,
    /// The function that the kernel called last, for the end of a traceback.
    pub(crate) entry: Cell<*const c_void>,
    pub(crate) streams: Streams,
    pub(crate) children: RefCell<Children>,
    /// How often Lua code was begun to run.
    pub(crate) runs: Cell<i64>,
    pub(crate) magics: crate::magic::State,
    /// What a debugger was shown.
    pub(crate) looks: RefCell<crate::debug::Looks>,
    /// What code is known by to a debugger.
    pub(crate) keys: RefCell<crate::debug::Keys>,
    /// What stops code for a debugger.
    pub(crate) tracer: crate::debug::Tracer,
    /// Whether the Lua state is being closed.
    pub(crate) closing: Cell<bool>,
    line: RefCell<Vec<u8>>,
}

/// Only its address counts.
static REGISTRY_KEY: u8 = 0;

/// A line buffer longer than this is not kept.
const KEPT_LINE: usize = 64 * 1024;

impl Context {
    pub(crate) fn new(host: Arc<dyn Host>, interrupt: Interrupt) -> Self {
        Self {
            host,
            watchdog: Watchdog::of_this_thread(),
            interrupt,
            kept: RefCell::default(),
            sources: RefCell::default(),
            earlier: RefCell::default(),
            replaced: RefCell::default(),
            raised: RefCell::default(),
            missed: RefCell::default(),
            readings: RefCell::default(),
            stacks: RefCell::default(),
            lost_stacks: RefCell::default(),
            warnings: Cell::new(true),
            in_warning: Cell::new(false),
            entry: Cell::new(std::ptr::null()),
            streams: Streams::default(),
            children: RefCell::default(),
            runs: Cell::new(0),
            magics: crate::magic::State::default(),
            looks: RefCell::default(),
            keys: RefCell::default(),
            tracer: crate::debug::Tracer::default(),
            closing: Cell::new(false),
            line: RefCell::default(),
        }
    }

    /// The context of the native function that runs, which has it as its first upvalue.
    ///
    /// # Safety
    ///
    /// `state` must run a C function whose first upvalue is a light userdata of a context, and
    /// the reference must not be kept beyond the call.
    pub(crate) unsafe fn of<'a>(state: *mut ffi::lua_State) -> &'a Self {
        // SAFETY: the caller vouches for the upvalue; the context outlives the Lua state.
        unsafe { &*ffi::lua_touserdata(state, ffi::lua_upvalueindex(1)).cast::<Self>() }
    }

    /// The context of a state, wherever it is.
    ///
    /// # Safety
    ///
    /// `state` must have been given its context by [`Context::register`], and the reference must
    /// not be kept beyond the call. Raises no error; needs room for one value.
    pub(crate) unsafe fn of_state<'a>(state: *mut ffi::lua_State) -> &'a Self {
        // SAFETY: the caller vouches for the registration; the context outlives the state.
        unsafe {
            ffi::lua_rawgetp(
                state,
                ffi::LUA_REGISTRYINDEX,
                (&raw const REGISTRY_KEY).cast(),
            );
            let context = ffi::lua_touserdata(state, -1);
            ffi::lua_settop(state, -2);
            &*context.cast::<Self>()
        }
    }

    /// Lets [`Context::of_state`] find it.
    ///
    /// # Safety
    ///
    /// May raise a memory error.
    pub(crate) unsafe fn register(&self, state: *mut ffi::lua_State) {
        // SAFETY: the stack is as it was afterwards.
        unsafe {
            ffi::lua_pushlightuserdata(state, self.as_upvalue());
            ffi::lua_rawsetp(
                state,
                ffi::LUA_REGISTRYINDEX,
                (&raw const REGISTRY_KEY).cast(),
            );
        }
    }

    /// What [`Context::of`] expects as an upvalue.
    pub(crate) fn as_upvalue(&self) -> *mut c_void {
        std::ptr::from_ref(self).cast_mut().cast()
    }

    /// Gives bytes to the host.
    pub(crate) fn write(&self, stream: Stream, bytes: &[u8]) {
        // C code is among the callers' callers, and a panic must not cross it.
        if catch_unwind(AssertUnwindSafe(|| self.host.write(stream, bytes))).is_err() {
            tracing::error!(stream = stream.name(), "the host panicked when written to");
        }
    }

    /// Tells the host that others will write to the process's descriptors.
    pub(crate) fn expect_foreign_output(&self) {
        self.streams.flush();
        if catch_unwind(AssertUnwindSafe(|| self.host.expect_foreign_output())).is_err() {
            tracing::error!("the host panicked when told of foreign output");
        }
    }

    /// Gives the strings at the stack's positions 1 to `count` to the host as one line.
    ///
    /// # Safety
    ///
    /// All of them must be strings. Raises no Lua error.
    pub(crate) unsafe fn write_line(&self, state: *mut ffi::lua_State, count: i32) {
        let mut line = self.line.take();
        line.clear();
        for index in 1..=count {
            if index > 1 {
                line.push(b'\t');
            }
            let mut length = 0;
            // SAFETY: the value is a string that stays on the stack while it is copied.
            unsafe {
                let text = ffi::lua_tolstring(state, index, &mut length);
                line.extend_from_slice(std::slice::from_raw_parts(text.cast(), length));
            }
        }
        line.push(b'\n');
        self.streams.flush();
        self.write(Stream::Stdout, &line);
        if line.capacity() <= KEPT_LINE {
            self.line.replace(line);
        }
    }
}
