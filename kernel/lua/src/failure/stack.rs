use std::ffi::{CStr, c_void};
use std::rc::Rc;

use mlua::ffi;

use super::instruction::{self, Instruction};
use crate::interrupt;

/// A function on a coroutine's stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    /// Which function; only good for comparisons.
    pub(crate) function: *const c_void,
    /// What the chunk is called, without Lua's mark before it.
    pub(crate) chunk: String,
    /// What its code is.
    pub(crate) origin: Chunk,
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
    /// Which instruction runs, where known.
    pub(crate) instruction: Option<Instruction>,
}

impl Frame {
    /// Whether its code is in a file.
    pub(crate) fn is_file(&self) -> bool {
        self.origin == Chunk::File
    }
}

/// Where a chunk's code is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Chunk {
    /// In whatever has the chunk's name, such as a cell.
    Named,
    /// In the file that the chunk is called.
    File,
    /// Here: it was loaded from a string.
    Text(Rc<str>),
}

/// Of a string that was loaded so much is kept at most, in bytes.
const TEXT: usize = 64 * 1024;

/// What the source of Lua code begins with that is part of the kernel.
const OWN_SOURCE: &[u8] = b"=perilune.";

/// A coroutine's functions, innermost first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Stack {
    pub(crate) frames: Vec<Frame>,
    /// How many calls were left out.
    pub(crate) skipped: usize,
    /// Before which frame they were left out.
    pub(crate) gap: usize,
}

/// How many of the innermost frames are kept of a deep stack.
const HEAD: usize = 10;
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
    let mut gap = 0;
    for level in (0..depth).filter(|level| *level < HEAD || *level >= HEAD + skipped) {
        // SAFETY: passed on.
        frames.extend(unsafe { frame(state, level + skip) });
        if level < HEAD {
            gap = frames.len();
        }
    }
    Stack {
        frames,
        skipped,
        gap,
    }
}

/// The innermost frames of a coroutine, at most `most` of them, without its innermost `skip`
/// functions.
///
/// # Safety
///
/// As [`capture_one`].
pub(super) unsafe fn capture_top(state: *mut ffi::lua_State, skip: usize, most: usize) -> Stack {
    let mut stack = Stack::default();
    for level in skip..skip + most {
        // SAFETY: passed on.
        stack.frames.extend(unsafe { frame(state, level) });
    }
    stack
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
    // SAFETY: the record is written by `lua_getstack` before it is read.
    unsafe {
        let mut record = std::mem::zeroed::<ffi::lua_Debug>();
        if ffi::lua_getstack(state, i32::try_from(level).ok()?, &mut record) == 0 {
            return None;
        }
        frame_of(state, &mut record)
    }
}

/// The function that a record is of; nothing if it is the kernel's.
///
/// # Safety
///
/// `record` must be of a call of `state` that has not ended, and `state` as for [`capture_one`].
pub(crate) unsafe fn frame_of(
    state: *mut ffi::lua_State,
    record: &mut ffi::lua_Debug,
) -> Option<Frame> {
    // SAFETY: the record's strings are Lua's and are copied; the function is popped again.
    unsafe {
        if ffi::lua_checkstack(state, 1) == 0
            || ffi::lua_getinfo(state, c"Slntf".as_ptr(), record) == 0
        {
            return None;
        }
        let function = ffi::lua_topointer(state, -1);
        ffi::lua_settop(state, -2);
        if is_own(record) {
            return None;
        }
        let text = |text: *const std::ffi::c_char| {
            if text.is_null() {
                String::new()
            } else {
                CStr::from_ptr(text).to_string_lossy().into_owned()
            }
        };
        let short = text(record.short_src.as_ptr());
        // Errors that are caught in a loop must not copy a large string each time.
        let is_long = record.srclen > TEXT && !matches!(*record.source.cast::<u8>(), b'=' | b'@');
        let source = if is_long {
            String::new()
        } else {
            text(record.source)
        };
        let what = text(record.what);
        let (chunk, origin) = match (source.strip_prefix('='), source.strip_prefix('@')) {
            (Some(name), _) => (name.to_owned(), Chunk::Named),
            (None, Some(path)) => (path.to_owned(), Chunk::File),
            (None, None) if is_long => (short, Chunk::Named),
            (None, None) => (short, Chunk::Text(Rc::from(source))),
        };
        let name = text(record.name);
        let is_native = what == "C";
        Some(Frame {
            function,
            chunk,
            origin,
            is_native,
            is_main: what == "main",
            line: usize::try_from(record.currentline)
                .ok()
                .filter(|line| *line > 0),
            defined: usize::try_from(record.linedefined)
                .ok()
                .filter(|line| *line > 0),
            name: (!name.is_empty()).then(|| (name, text(record.namewhat))),
            is_tail_call: record.istailcall != 0,
            instruction: if is_native {
                None
            } else {
                instruction::running(record, function)
            },
        })
    }
}

/// Whether a function is part of the kernel, though written in Lua.
///
/// # Safety
///
/// `record` must have been filled by `lua_getinfo` with `S`, for a function that is live.
pub(crate) unsafe fn is_own(record: &ffi::lua_Debug) -> bool {
    // SAFETY: the source is as long as Lua says.
    let source = unsafe { std::slice::from_raw_parts(record.source.cast::<u8>(), record.srclen) };
    source.starts_with(OWN_SOURCE)
}
