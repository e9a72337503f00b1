use std::ffi::{CStr, c_int, c_void};
use std::rc::Rc;

use mlua::{Function, Lua, MultiValue, Value, ffi};
use perilune_language::debug::{FrameId, Refusal};

use super::{PausedCode, refuse};
use crate::failure::{caller_of, record_of};
use crate::magic::FUNCTION as MAGIC_FUNCTION;

/// A call of a Lua function that has not ended.
pub(super) struct Call {
    /// The coroutine that it is of, which lives as long as code does not go on.
    pub(super) thread: *mut ffi::lua_State,
    pub(super) call: *const c_void,
    pub(super) function: Function,
    /// Keeps the coroutine, whatever is evaluated.
    pub(super) _anchor: Value,
}

/// A local of a call.
pub(super) struct Local {
    pub(super) name: String,
    /// As `lua_getlocal` counts; negative for a variable argument.
    pub(super) index: c_int,
    pub(super) value: Value,
    /// Whether Lua lets nobody set it.
    pub(super) is_constant: bool,
}

/// A local of a function around another.
pub(super) struct Upvalue {
    pub(super) name: String,
    pub(super) index: c_int,
    pub(super) value: Value,
}

/// Lua allows fewer locals, or upvalues, in one function.
const MOST: c_int = 256;
/// So many variable arguments are looked at.
const MOST_ARGUMENTS: c_int = 10_000;
/// So many values are taken from a stack at a time.
const PORTION: c_int = 100;

impl Call {
    /// The locals that Lua knows where the call is, in their order; those that are hidden by others
    /// of the same name too.
    fn locals(&self, lua: &Lua) -> mlua::Result<Vec<Local>> {
        let mut names = Vec::new();
        let values = self.each_local(lua, 1, MOST, &mut names)?;
        let mut locals = Vec::new();
        for (at, (name, value)) in names.into_iter().zip(values).enumerate() {
            // Temporaries, and what a loop keeps for itself.
            let is_hidden = name.starts_with('(');
            if !is_hidden && !is_own(&name) {
                locals.push(Local {
                    name,
                    index: at as c_int + 1,
                    value,
                    is_constant: false,
                });
            }
        }
        Ok(locals)
    }

    /// The variable arguments.
    pub(super) fn arguments(&self, lua: &Lua) -> mlua::Result<Vec<Value>> {
        let mut names = Vec::new();
        self.each_local(lua, -1, MOST_ARGUMENTS, &mut names)
    }

    /// The locals from number 1 on, or from -1 down, up to the first that there is not.
    fn each_local(
        &self,
        lua: &Lua,
        sign: c_int,
        most: c_int,
        names: &mut Vec<String>,
    ) -> mlua::Result<Vec<Value>> {
        let (thread, call) = (self.thread, self.call);
        let mut values = Vec::new();
        let mut next = 1;
        let mut is_end = false;
        // In portions, as there is no room for all of them on a stack.
        while !is_end && next < most {
            // SAFETY: nothing here raises an error, and what is owned lives outside. The call has
            // not ended, and a value on its thread's stack is moved to the one that is looked from.
            let found: MultiValue = unsafe {
                lua.exec_raw((), |state| {
                    let record = record_of(call);
                    is_end = true;
                    if ffi::lua_checkstack(state, PORTION) == 0
                        || ffi::lua_checkstack(thread, 1) == 0
                    {
                        return;
                    }
                    for index in next..next + PORTION {
                        let name = ffi::lua_getlocal(thread, &record, sign * index);
                        if name.is_null() {
                            return;
                        }
                        if thread != state {
                            ffi::lua_xmove(thread, state, 1);
                        }
                        names.push(CStr::from_ptr(name).to_string_lossy().into_owned());
                    }
                    is_end = false;
                })
            }?;
            next += PORTION;
            values.extend(found);
        }
        Ok(values)
    }

    /// The locals of functions around it.
    pub(super) fn upvalues(&self, lua: &Lua) -> mlua::Result<Vec<Upvalue>> {
        upvalues(lua, &self.function)
    }
}

/// The upvalues of a function that have names, without the kernel's own.
pub(super) fn upvalues(lua: &Lua, function: &Function) -> mlua::Result<Vec<Upvalue>> {
    let mut upvalues = all_upvalues(lua, function)?;
    upvalues.retain(|upvalue| !upvalue.name.is_empty() && !is_own(&upvalue.name));
    Ok(upvalues)
}

/// All upvalues of a function.
pub(super) fn all_upvalues(lua: &Lua, function: &Function) -> mlua::Result<Vec<Upvalue>> {
    let mut names = Vec::new();
    // SAFETY: nothing here raises an error, and what is owned lives outside.
    let values: MultiValue = unsafe {
        lua.exec_raw(function, |state| {
            if ffi::lua_checkstack(state, MOST) != 0 {
                for index in 1..MOST {
                    let name = ffi::lua_getupvalue(state, 1, index);
                    if name.is_null() {
                        break;
                    }
                    names.push(CStr::from_ptr(name).to_string_lossy().into_owned());
                }
            }
            ffi::lua_remove(state, 1);
        })
    }?;
    let all = names.into_iter().zip(values).enumerate();
    Ok(all
        .map(|(at, (name, value))| Upvalue {
            name,
            index: at as c_int + 1,
            value,
        })
        .collect())
}

/// Whether a variable is one that the kernel has put into a cell.
fn is_own(name: &str) -> bool {
    name.starts_with("perilune_keep") || name.starts_with(MAGIC_FUNCTION)
}

const GONE: &str = "this frame is gone: code has gone on since it was shown";

impl PausedCode<'_> {
    /// The locals that are visible where a call is, in their order; those that are hidden by others
    /// of the same name too.
    pub(super) fn locals_of(&self, call: &Call) -> mlua::Result<Vec<Local>> {
        let mut locals = call.locals(self.lua)?;
        self.with_attributes(call, &mut locals);
        Ok(locals)
    }

    /// The call that a frame stands for.
    pub(super) fn call(&self, frame: FrameId) -> Result<Rc<Call>, Refusal> {
        let Some(call) = self.context.looks.borrow().frame(frame) else {
            return refuse(GONE);
        };
        self.check(&call)?;
        Ok(call)
    }

    /// Makes sure that a call has not ended. Those of a coroutine that is neither what has stopped
    /// nor waits for it may go on when somebody evaluates something.
    pub(super) fn check(&self, call: &Call) -> Result<(), Refusal> {
        let chain = self.stopped.as_ref().map(|stopped| &stopped.chain);
        if chain.is_some_and(|chain| chain.contains(&call.thread)) {
            return Ok(());
        }
        // SAFETY: the coroutine is alive, as it is anchored with the call.
        let is_there = unsafe {
            self.innermost(call.thread)
                .is_some_and(|innermost| calls_from(innermost).any(|there| there == call.call))
        };
        match is_there {
            true => Ok(()),
            false => refuse(GONE),
        }
    }
}

/// The calls of a coroutine from this one on, innermost first.
///
/// # Safety
///
/// The call must not have ended, nor may it while the iterator is used.
pub(super) unsafe fn calls_from(call: *const c_void) -> impl Iterator<Item = *const c_void> {
    // SAFETY: passed on.
    std::iter::successors(Some(call), |call| unsafe { caller_of(*call) })
}
