use std::ffi::{CStr, c_void};

use mlua::ffi;

use crate::interrupt;

/// A function on a coroutine's stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    /// Which function; only good for comparisons.
    pub(crate) function: *const c_void,
    /// What the chunk is called, without Lua's mark before it.
    pub(crate) chunk: String,
    /// Whether the chunk is a file.
    pub(crate) is_file: bool,
    /// Whether it is a function of C or Rust.
    pub(crate) is_native: bool,
    /// Whether it is a chunk's own code and no function in it.
    pub(crate) is_main: bool,
    /// The line that runs, from 1, where known.
    pub(crate) line: Option<usize>,
    /// The line that the function begins at.
    pub(crate) defined: Option<usize>,
    /// By which name it was called, and what that is: `global`, `local`, `method`, ...
    pub(crate) name: Option<(String, String)>,
    /// Whether its caller gave its place to it.
    pub(crate) is_tail_call: bool,
}

/// A coroutine's functions, innermost first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Stack {
    pub(crate) frames: Vec<Frame>,
    /// How many frames were left out behind the first [`HEAD`].
    pub(crate) skipped: usize,
}

/// How many of the innermost frames are kept of a deep stack.
pub(crate) const HEAD: usize = 10;
/// How many of the outermost frames are kept of a deep stack.
const TAIL: usize = 11;

/// The stacks of the coroutine that runs and of those that resumed it.
///
/// # Safety
///
/// `state` must be the running state of this thread. Raises no Lua error.
pub(crate) unsafe fn capture(state: *mut ffi::lua_State) -> Vec<Stack> {
    interrupt::chain(state)
        .into_iter()
        // SAFETY: those that resumed it are live and have not moved on.
        .map(|state| unsafe { capture_one(state, 0) })
        .collect()
}

/// The stack of one coroutine that does not run, or of the running one, without its innermost
/// `skip` functions.
///
/// # Safety
///
/// `state` must be a live state of this thread. Raises no Lua error.
pub(crate) unsafe fn capture_one(state: *mut ffi::lua_State, skip: usize) -> Stack {
    // SAFETY: passed on.
    let depth = unsafe { depth(state) }.saturating_sub(skip);
    let skipped = depth.saturating_sub(HEAD + TAIL);
    let mut frames = Vec::with_capacity(depth - skipped);
    for level in (0..depth).filter(|level| *level < HEAD || *level >= HEAD + skipped) {
        // SAFETY: passed on.
        frames.extend(unsafe { frame(state, level + skip) });
    }
    Stack { frames, skipped }
}

/// How many frames there are, found by bisection as each look costs its depth.
unsafe fn depth(state: *mut ffi::lua_State) -> usize {
    // SAFETY: `lua_getstack` only writes to the record.
    let exists = |level: usize| unsafe {
        let mut record = std::mem::zeroed::<ffi::lua_Debug>();
        i32::try_from(level).is_ok_and(|level| ffi::lua_getstack(state, level, &mut record) != 0)
    };
    let mut above = 1;
    while exists(above) {
        above *= 2;
    }
    let mut below = 0;
    while below < above {
        let middle = usize::midpoint(below, above);
        if exists(middle) {
            below = middle + 1;
        } else {
            above = middle;
        }
    }
    below
}

unsafe fn frame(state: *mut ffi::lua_State, level: usize) -> Option<Frame> {
    // SAFETY: the record is written by `lua_getstack` before `lua_getinfo` reads it; its strings
    // are Lua's and are copied; the function is popped again.
    unsafe {
        let mut record = std::mem::zeroed::<ffi::lua_Debug>();
        if ffi::lua_getstack(state, i32::try_from(level).ok()?, &mut record) == 0
            || ffi::lua_checkstack(state, 1) == 0
            || ffi::lua_getinfo(state, c"Slntf".as_ptr(), &mut record) == 0
        {
            return None;
        }
        let function = ffi::lua_topointer(state, -1);
        ffi::lua_settop(state, -2);
        let text = |text: *const std::ffi::c_char| {
            if text.is_null() {
                String::new()
            } else {
                CStr::from_ptr(text).to_string_lossy().into_owned()
            }
        };
        let short = text(record.short_src.as_ptr());
        let source = text(record.source);
        let chunk = match source.strip_prefix(['=', '@']) {
            Some(name) => name.to_owned(),
            None => short,
        };
        let what = text(record.what);
        let name = text(record.name);
        Some(Frame {
            function,
            chunk,
            is_file: source.starts_with('@'),
            is_native: what == "C",
            is_main: what == "main",
            line: usize::try_from(record.currentline)
                .ok()
                .filter(|line| *line > 0),
            defined: usize::try_from(record.linedefined)
                .ok()
                .filter(|line| *line > 0),
            name: (!name.is_empty()).then(|| (name, text(record.namewhat))),
            is_tail_call: record.istailcall != 0,
        })
    }
}
