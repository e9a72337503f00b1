//! Lua's own records of calls and functions, which its API does not tell, or tells too slowly for a
//! hook.
//!
//! The fields are where Lua 5.4 has them since 5.4.0 (lstate.h, lobject.h). Who reads them shows
//! first that they are there, by what the API says of the same things.

use std::ffi::{c_int, c_void};
use std::ptr;

use mlua::ffi;

/// `lua_Debug::i_ci`, the last field.
pub(crate) const CALL_INFO: usize = size_of::<ffi::lua_Debug>() - size_of::<*const c_void>();

/// `lua_State`, as far as it is read.
#[repr(C)]
pub(crate) struct State {
    pub(crate) next: *const c_void,
    pub(crate) kind: u8,
    pub(crate) marked: u8,
    pub(crate) status: u8,
    pub(crate) allows_hook: u8,
    pub(crate) call_count: u16,
    pub(crate) top: *const c_void,
    pub(crate) global: *const c_void,
    pub(crate) call: *const Call,
    pub(crate) stack_last: *const c_void,
    pub(crate) stack: *const Value,
    pub(crate) open_upvalues: *const c_void,
    pub(crate) to_be_closed: *const c_void,
    pub(crate) grey: *const c_void,
    pub(crate) open_threads: *const c_void,
    pub(crate) error_jump: *const c_void,
    pub(crate) base_call: Call,
    pub(crate) hook: Option<ffi::lua_Hook>,
    pub(crate) error_function: isize,
    pub(crate) c_calls: u32,
    pub(crate) old_pc: c_int,
    pub(crate) base_hook_count: c_int,
    pub(crate) hook_count: c_int,
    pub(crate) hook_mask: c_int,
}

/// `CallInfo`.
#[repr(C)]
pub(crate) struct Call {
    pub(crate) function: *const Value,
    pub(crate) top: *const c_void,
    pub(crate) previous: *mut Call,
    pub(crate) next: *mut Call,
    /// Of Lua functions the next instruction.
    pub(crate) saved: *const u32,
    /// Of Lua functions whether hooks are looked for.
    pub(crate) trap: c_int,
    pub(crate) extra_arguments: c_int,
    pub(crate) third: usize,
    pub(crate) other: c_int,
    pub(crate) results: i16,
    pub(crate) status: u16,
}

/// `TValue`.
#[repr(C)]
pub(crate) struct Value {
    pub(crate) value: *const c_void,
    pub(crate) kind: u8,
}

/// `LClosure`, as far as it is read.
#[repr(C)]
pub(crate) struct Closure {
    pub(crate) next: *const c_void,
    pub(crate) kind: u8,
    pub(crate) marked: u8,
    pub(crate) upvalues: u8,
    pub(crate) grey: *const c_void,
    pub(crate) prototype: *const Prototype,
}

/// `Proto`, as far as it is read.
#[repr(C)]
pub(crate) struct Prototype {
    pub(crate) next: *const c_void,
    pub(crate) bytes: [u8; 5],
    pub(crate) upvalue_count: c_int,
    pub(crate) constant_count: c_int,
    pub(crate) code_length: c_int,
    pub(crate) line_count: c_int,
    pub(crate) function_count: c_int,
    pub(crate) local_count: c_int,
    pub(crate) absolute_line_count: c_int,
    pub(crate) first_line: c_int,
    pub(crate) last_line: c_int,
    pub(crate) constants: *const c_void,
    pub(crate) code: *const u32,
    pub(crate) functions: *const *const Prototype,
    pub(crate) upvalues: *const UpvalueDescription,
    pub(crate) lines: *const i8,
    pub(crate) absolute_lines: *const AbsoluteLine,
    pub(crate) locals: *const c_void,
    pub(crate) source: *const String,
}

/// `AbsLineInfo`.
#[repr(C)]
pub(crate) struct AbsoluteLine {
    pub(crate) pc: c_int,
    pub(crate) line: c_int,
}

/// `Upvaldesc`.
#[repr(C)]
pub(crate) struct UpvalueDescription {
    pub(crate) name: *const String,
    pub(crate) place: [u8; 3],
}

/// `UpVal`, as far as it is read.
#[repr(C)]
pub(crate) struct Upvalue {
    pub(crate) next: *const c_void,
    pub(crate) kind: u8,
    pub(crate) marked: u8,
    pub(crate) value: *const Value,
}

/// `TString`, as far as it is read: what follows are its bytes.
#[repr(C)]
pub(crate) struct String {
    pub(crate) next: *const c_void,
    pub(crate) bytes: [u8; 4],
    pub(crate) hash: u32,
    pub(crate) length: usize,
}

impl String {
    /// What it says.
    pub(crate) fn bytes(&self) -> &[u8] {
        const SHORT: u8 = 0x04;
        // `GCObject *next; lu_byte tt; lu_byte marked; lu_byte extra; lu_byte shrlen;`
        let length = if self.bytes[0] & 0x3f == SHORT {
            usize::from(self.bytes[3])
        } else {
            self.length
        };
        // SAFETY: the bytes follow, as many as it says.
        unsafe { std::slice::from_raw_parts(ptr::from_ref(self).add(1).cast::<u8>(), length) }
    }
}
