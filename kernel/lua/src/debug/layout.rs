//! Lua's own records, read where its API is too slow for a hook.
//!
//! A hook that is called for each line or call cannot ask `lua_getinfo` what it was called for
//! and stay cheap. The records are read where Lua 5.4 has them (lstate.h, lobject.h). Whether they
//! really are there is tried out before any of it is believed, on a throwaway coroutine and by all
//! that the API says of the same things; if they are not, nothing can be debugged.

use std::cell::Cell;
use std::ffi::{c_char, c_int, c_void};
use std::ptr;

use mlua::ffi;

pub(super) use crate::records::Prototype;
use crate::records::{CALL_INFO, Call, Closure, State, String};

/// `CIST_C`
const IS_C: u16 = 1 << 1;
/// In `lineinfo`: the line is in `abslineinfo`.
const ABSOLUTE: i8 = -0x80;

/// A call that has not returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame(*mut Call);

impl Frame {
    /// The call that a record is of.
    ///
    /// # Safety
    ///
    /// The record must have been filled by `lua_getstack` or be a hook's; the layout must have
    /// been found, and the call not have returned.
    pub(super) unsafe fn of(record: *const ffi::lua_Debug) -> Self {
        // SAFETY: the caller vouches for the record.
        Self(unsafe {
            record
                .cast::<u8>()
                .add(CALL_INFO)
                .cast::<*mut Call>()
                .read()
        })
    }

    /// The innermost call of a coroutine.
    ///
    /// # Safety
    ///
    /// As all here: the layout must have been found, and the coroutine live.
    pub(super) unsafe fn innermost(state: *mut ffi::lua_State) -> Self {
        // SAFETY: a live state has a call, if only that of C.
        Self(unsafe { (*state.cast::<State>()).call.cast_mut() })
    }

    /// Who called it; nothing for the outermost.
    pub(super) unsafe fn caller(self) -> Option<Self> {
        // SAFETY: the call has not returned, so its caller has not.
        let previous = unsafe { (*self.0).previous };
        (!previous.is_null()).then_some(Self(previous))
    }

    /// What the code of a Lua function is; nothing for one of C.
    #[inline]
    pub(super) unsafe fn prototype(self) -> Option<&'static Prototype> {
        // SAFETY: a call that is not of C is of a Lua closure, which has a prototype. The
        // reference is not kept beyond the hook.
        unsafe {
            if (*self.0).status & IS_C != 0 {
                return None;
            }
            (*(*(*self.0).function).value.cast::<Closure>())
                .prototype
                .as_ref()
        }
    }

    /// The Lua function, as `lua_topointer` tells it.
    pub(super) unsafe fn closure(self) -> *const c_void {
        // SAFETY: as `prototype`.
        unsafe { (*(*self.0).function).value }
    }

    /// Where it is on its coroutine's stack: greater for deeper calls.
    pub(super) unsafe fn depth(self, state: *mut ffi::lua_State) -> usize {
        // SAFETY: both are live.
        unsafe { (*self.0).function as usize - (*state.cast::<State>()).stack as usize }
    }

    /// Which instruction of a Lua function runs, or is about to in a hook.
    pub(super) unsafe fn instruction(self, prototype: &Prototype) -> usize {
        // SAFETY: the call is of a Lua function.
        let saved = unsafe { (*self.0).saved } as usize;
        (saved.saturating_sub(prototype.code as usize) / size_of::<u32>()).saturating_sub(1)
    }

    /// Makes it look like another instruction ran; what was set before is returned.
    pub(super) unsafe fn set_instruction(self, prototype: &Prototype, index: usize) -> usize {
        // SAFETY: the call is of a Lua function of this prototype. Lua's interpreter holds the
        // true place in a variable of its own, and saves it again before it is needed.
        unsafe {
            let before = self.instruction(prototype);
            (*self.0).saved = prototype.code.add(index + 1);
            before
        }
    }

    /// Has its instructions looked at.
    #[inline]
    unsafe fn trap(self) {
        // SAFETY: only Lua functions have the field, and only live calls are asked.
        unsafe {
            if (*self.0).status & IS_C == 0 {
                ptr::write_volatile(&raw mut (*self.0).trap, 1);
            }
        }
    }
}

impl Prototype {
    /// What the chunk is called, with Lua's sign before it; nothing if that was stripped.
    pub(super) fn source(&self) -> Option<&[u8]> {
        // SAFETY: a prototype's source lives as long as it does.
        unsafe { self.source.as_ref().map(String::bytes) }
    }

    /// What an upvalue is called, counted from 0.
    pub(super) fn upvalue_name(&self, index: usize) -> Option<&[u8]> {
        let count = usize::try_from(self.upvalue_count).ok()?;
        if index >= count || self.upvalues.is_null() {
            return None;
        }
        // SAFETY: the array is as long as the prototype says.
        unsafe { (*self.upvalues.add(index)).name.as_ref().map(String::bytes) }
    }

    /// Where its source is kept.
    pub(super) fn source_address(&self) -> *const c_void {
        self.source.cast()
    }

    /// The line of each instruction.
    pub(super) fn lines(&self) -> Vec<u32> {
        let count = usize::try_from(self.line_count.min(self.code_length)).unwrap_or(0);
        let mut lines = Vec::with_capacity(count);
        let mut line = self.first_line;
        // SAFETY: the arrays are as long as the prototype says.
        let (deltas, mut absolute) = unsafe {
            if self.lines.is_null() {
                return lines;
            }
            let absolute = match usize::try_from(self.absolute_line_count) {
                Ok(count) if !self.absolute_lines.is_null() => {
                    std::slice::from_raw_parts(self.absolute_lines, count)
                }
                _ => &[],
            };
            (
                std::slice::from_raw_parts(self.lines, count),
                absolute.iter(),
            )
        };
        for delta in deltas {
            if *delta == ABSOLUTE {
                line = absolute.next().map_or(line, |absolute| absolute.line);
            } else {
                line += c_int::from(*delta);
            }
            lines.push(u32::try_from(line).unwrap_or(0));
        }
        lines
    }

    /// Its instructions.
    pub(super) fn code(&self) -> &[u32] {
        let length = usize::try_from(self.code_length).unwrap_or(0);
        // SAFETY: the array is as long as the prototype says.
        unsafe { std::slice::from_raw_parts(self.code, length) }
    }

    /// Whether it takes variable arguments.
    pub(super) fn is_vararg(&self) -> bool {
        self.bytes[3] != 0
    }
}

/// Sets which events the hook of a coroutine is called for, where the hook stays what it is.
/// `frame` is the call that runs next.
///
/// # Safety
///
/// The layout must have been found, and the coroutine be live and have a hook.
#[inline]
pub(super) unsafe fn set_mask(state: *mut ffi::lua_State, mask: c_int, frame: Frame) {
    // SAFETY: what `lua_sethook` does, but for the calls further out: those are looked at again
    // when code returns to them.
    unsafe {
        ptr::write_volatile(&raw mut (*state.cast::<State>()).hook_mask, mask);
        frame.trap();
    }
}

/// Which events the hook of a coroutine is called for.
#[inline]
pub(super) unsafe fn mask(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: as `set_mask`.
    unsafe { ptr::read_volatile(&raw const (*state.cast::<State>()).hook_mask) }
}

/// The instruction that ran before the one that is about to.
pub(super) unsafe fn previous_instruction(state: *mut ffi::lua_State) -> usize {
    // SAFETY: as `mask`.
    unsafe { usize::try_from((*state.cast::<State>()).old_pc).unwrap_or(0) }
}

thread_local! {
    /// How much of a trial went as expected, and how much did not.
    static TRIAL: Cell<(u32, u32)> = const { Cell::new((0, 0)) };
}

/// What is run for the trial: two functions, several lines, a variable argument.
const TRIED: &std::ffi::CStr = c"local function f(a, ...)\n  local b = a\n  return b, ...\nend\nfor i = 1, 2 do\n  f(i, i)\nend\n";

/// Whether the records are where they are expected.
///
/// # Safety
///
/// `state` must be a live state of this thread. May raise a memory error.
pub(super) unsafe fn is_found(state: *mut ffi::lua_State) -> bool {
    TRIAL.set((0, 0));
    // SAFETY: the coroutine is anchored on the stack while it is used; the code is valid.
    unsafe {
        let coroutine = ffi::lua_newthread(state);
        let mask = ffi::LUA_MASKCALL | ffi::LUA_MASKRET | ffi::LUA_MASKLINE;
        ffi::lua_sethook(coroutine, Some(try_out), mask, 0);
        let name = c"=(trial)".as_ptr();
        let length = TRIED.to_bytes().len();
        if ffi::luaL_loadbufferx(coroutine, TRIED.as_ptr(), length, name, ptr::null())
            == ffi::LUA_OK
        {
            ffi::lua_pcall(coroutine, 0, 0, 0);
        }
        ffi::lua_sethook(coroutine, None, 0, 0);
        ffi::lua_settop(state, -2);
    }
    matches!(TRIAL.get(), (10.., 0))
}

unsafe extern "C-unwind" fn try_out(state: *mut ffi::lua_State, record: *mut ffi::lua_Debug) {
    // SAFETY: a hook's state and record are valid, and the function that it is asked for is popped
    // again. A state is longer than what is read of it; pointers are followed only behind the
    // checks that show them to be what they are expected to be.
    let as_expected = unsafe {
        let record = &mut *record;
        let mut asked = std::mem::zeroed::<ffi::lua_Debug>();
        ffi::lua_getstack(state, 0, &mut asked);
        ffi::lua_getinfo(state, c"Slf".as_ptr(), &mut asked);
        let function = ffi::lua_topointer(state, -1);
        ffi::lua_settop(state, -2);
        let raw = &*state.cast::<State>();
        let frame = Frame::of(record);
        let is_c = *asked.what.cast::<u8>() == b'C';
        raw.call == frame.0.cast_const()
            && raw
                .hook
                .is_some_and(|hook| ptr::fn_addr_eq(hook, try_out as ffi::lua_Hook))
            && raw.hook_mask == ffi::lua_gethookmask(state)
            && raw.hook_mask == ffi::LUA_MASKCALL | ffi::LUA_MASKRET | ffi::LUA_MASKLINE
            && raw.allows_hook == 0
            && (raw.stack..raw.stack.wrapping_add(1000)).contains(&(*frame.0).function)
            && ((*frame.0).status & IS_C != 0) == is_c
            && {
                let mut outer = std::mem::zeroed::<ffi::lua_Debug>();
                match (ffi::lua_getstack(state, 1, &mut outer) != 0, frame.caller()) {
                    (true, Some(caller)) => caller == Frame::of(&outer),
                    (false, Some(caller)) => caller.0.cast_const() == &raw const raw.base_call,
                    (_, None) => false,
                }
            }
            && (is_c || {
                (*(*frame.0).function).value == function && {
                    let closure = &*function.cast::<Closure>();
                    let prototype = &*closure.prototype;
                    prototype.first_line == asked.linedefined
                        && prototype.last_line == asked.lastlinedefined
                        && prototype.source.add(1).cast::<c_char>() == asked.source
                        && prototype.source() == Some(b"=(trial)")
                        && prototype.is_vararg()
                        && matches!(prototype.upvalue_name(0), None | Some(b"_ENV"))
                        && {
                            let lines = prototype.lines();
                            let index = frame.instruction(prototype);
                            lines.len() == prototype.code().len()
                                && lines.get(index).copied()
                                    == u32::try_from(asked.currentline).ok()
                        }
                }
            })
    };
    let (well, badly) = TRIAL.get();
    TRIAL.set(if as_expected {
        (well + 1, badly)
    } else {
        (well, badly + 1)
    });
}
