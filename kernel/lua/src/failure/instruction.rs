//! Which instruction of a function runs.
//!
//! Lua tells a function's line, and for the part of the line that failed there is only the
//! instruction, which its API does not tell. What is read of its records is checked against what the
//! API says of the same function, and if the two differ, nothing is known.

use std::ffi::c_void;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ptr;

use mlua::ffi;

use crate::records::{CALL_INFO, Call, Closure, Upvalue};

/// A place in a function's code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Instruction {
    /// Which instruction, from 0.
    pub(crate) index: usize,
    /// Stands for the function's code: equal for functions of equal code.
    pub(crate) code: u64,
}

/// So many instructions of a function are looked at from each end: errors that are caught are not
/// to cost more where functions are long.
const LOOKED_AT: usize = 256;

/// The call that a record is of; only good for comparisons, and for [`record_of`] and
/// [`caller_of`] while it has not ended.
pub(crate) fn call_of(record: &ffi::lua_Debug) -> *const c_void {
    // SAFETY: the field is a pointer at the record's end.
    unsafe {
        ptr::from_ref(record)
            .cast::<u8>()
            .add(CALL_INFO)
            .cast::<*const c_void>()
            .read()
    }
}

/// A record of a call, as `lua_getstack` makes it.
pub(crate) fn record_of(call: *const c_void) -> ffi::lua_Debug {
    // SAFETY: a record is plain data, for which zeros are as good as anything; the field is a
    // pointer at its end.
    unsafe {
        let mut record = std::mem::zeroed::<ffi::lua_Debug>();
        ptr::from_mut(&mut record)
            .cast::<u8>()
            .add(CALL_INFO)
            .cast::<*const c_void>()
            .write(call);
        record
    }
}

/// The call that made this one, or nothing if nobody did. `lua_getstack` would count from the
/// innermost call each time.
///
/// # Safety
///
/// `call` must be of a call that has not ended.
pub(crate) unsafe fn caller_of(call: *const c_void) -> Option<*const c_void> {
    // SAFETY: the fields are where lstate.h has them. What Lua was entered by has no caller, and is
    // no call.
    unsafe {
        let caller = (*call.cast::<Call>()).previous;
        let is_base = caller.is_null() || (*caller).previous.is_null();
        (!is_base).then_some(caller.cast_const().cast())
    }
}

/// Whether an upvalue, as `lua_upvalueid` tells it, is the local of that number of a call.
///
/// # Safety
///
/// The call must not have ended, and the upvalue be of a Lua function that is live.
pub(crate) unsafe fn is_local_of(upvalue: *const c_void, call: *const c_void, local: i32) -> bool {
    // SAFETY: the fields are where lobject.h and lstate.h have them; the places are compared only.
    unsafe {
        let Ok(local) = usize::try_from(local) else {
            return false;
        };
        let function = (*call.cast::<Call>()).function;
        (*upvalue.cast::<Upvalue>()).value == function.wrapping_add(local)
    }
}

/// What stands for a piece of code.
pub(super) fn identity(code: &[u32]) -> u64 {
    let mut hasher = DefaultHasher::new();
    code.len().hash(&mut hasher);
    code[..code.len().min(LOOKED_AT)].hash(&mut hasher);
    code[code.len().saturating_sub(LOOKED_AT)..].hash(&mut hasher);
    hasher.finish()
}

/// The instruction that runs in a Lua function.
///
/// # Safety
///
/// `record` must have been filled by `lua_getstack` and `lua_getinfo` with `S`, for a Lua function
/// that is live, and `function` be what `lua_topointer` says of it.
pub(super) unsafe fn running(
    record: &ffi::lua_Debug,
    function: *const c_void,
) -> Option<Instruction> {
    // SAFETY: a Lua function that is on the stack has a call's record, a closure and a prototype,
    // of which the fields are read that lstate.h and lobject.h put there. `saved` is only compared.
    unsafe {
        let call = ptr::from_ref(record)
            .cast::<u8>()
            .add(CALL_INFO)
            .cast::<*const Call>()
            .read();
        let closure = function.cast::<Closure>();
        if call.is_null() || closure.is_null() {
            return None;
        }
        let prototype = (*closure).prototype.as_ref()?;
        if prototype.first_line != record.linedefined
            || prototype.last_line != record.lastlinedefined
        {
            return None;
        }
        let length = usize::try_from(prototype.code_length).ok()?;
        // The next one is saved.
        let bytes = ((*call).saved as usize).checked_sub(prototype.code as usize)?;
        let index = (bytes / size_of::<u32>()).checked_sub(1)?;
        if index >= length {
            return None;
        }
        let code = std::slice::from_raw_parts(prototype.code, length);
        Some(Instruction {
            index,
            code: identity(code),
        })
    }
}
