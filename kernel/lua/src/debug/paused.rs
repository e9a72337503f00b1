//! Looking at code that does not go on.
//!
//! Code stops in a hook, which runs on whatever coroutine it is in, while mlua believes that
//! another one runs. So [`with`] enters Lua once more, by a protected call of a function that is
//! mlua's: in it mlua knows what runs, no error leaves it, and whatever is pushed goes away with
//! it. Frames are known by their calls, which stay where they are, rather than by levels, which
//! change with each call that is made.
//!
//! Nothing here runs the user's code but [`Paused::evaluate`] and its kin. No garbage is collected
//! meanwhile, for that would run finalisers.

mod calls;
mod looks;
mod preview;
mod scopes;
mod stack;
mod values;
mod variables;

use std::ffi::c_int;

use mlua::{LightUserData, Lua, ffi};
use perilune_language::debug::{
    DataTarget, FrameId, Frames, HolderId, Part, Paused, Purpose, Raised, Refusal, Scope,
    StepTarget, Thread, ThreadId, Variable,
};
use perilune_language::{Completion, MimeBundle};

use crate::context::Context;
use crate::failure::call_of;
use crate::interrupt;
pub(crate) use looks::Looks;

/// Its address is the registry's key of the function that enters Lua.
static ENTER: u8 = 0;

/// Code that does not go on.
pub(crate) struct PausedCode<'a> {
    lua: &'a Lua,
    context: &'a Context,
    /// Where it has stopped; nothing if no code runs.
    stopped: Option<Stopped>,
}

/// Where code has stopped.
struct Stopped {
    /// The coroutine that ran, and those that resumed it.
    chain: Vec<*mut ffi::lua_State>,
    /// The innermost call that there is to see.
    call: *const std::ffi::c_void,
}

/// Makes the function by which [`with`] enters Lua.
///
/// # Errors
///
/// When there is no memory left.
pub(crate) fn install(lua: &Lua) -> mlua::Result<()> {
    let enter = lua.create_function(|lua, look: LightUserData| {
        // SAFETY: only `with` calls it, with a pointer to what lives until it returns.
        let look = unsafe { &mut *look.0.cast::<&mut dyn FnMut(&Lua)>() };
        look(lua);
        Ok(())
    })?;
    // SAFETY: the closure owns nothing, and takes the function from the stack.
    unsafe {
        lua.exec_raw::<()>(enter, |state| {
            ffi::lua_rawsetp(state, ffi::LUA_REGISTRYINDEX, (&raw const ENTER).cast());
        })
    }
}

/// Lets somebody look at code that has stopped: in a hook, or where an error was raised. Nothing if
/// there was no memory for it.
///
/// # Safety
///
/// `state` must be the running state of this thread, and `level` the innermost call to be seen, as
/// `lua_getstack` counts. Raises no Lua error.
pub(crate) unsafe fn with<R>(
    state: *mut ffi::lua_State,
    context: &Context,
    level: c_int,
    look: impl FnOnce(&mut PausedCode<'_>) -> R,
) -> Option<R> {
    let mut look = Some(look);
    let mut seen = None;
    // SAFETY: the record is filled before it is read; what is pushed is popped again.
    unsafe {
        let mut record = std::mem::zeroed::<ffi::lua_Debug>();
        if ffi::lua_checkstack(state, 4) == 0 || ffi::lua_getstack(state, level, &mut record) == 0 {
            return None;
        }
        let call = call_of(&record);
        let mut enter = |lua: &Lua| {
            let Some(look) = look.take() else { return };
            let stopped = Stopped {
                chain: interrupt::chain(state),
                call,
            };
            seen = Some(look(&mut PausedCode {
                lua,
                context,
                stopped: Some(stopped),
            }));
        };
        let mut enter: &mut dyn FnMut(&Lua) = &mut enter;
        ffi::lua_rawgetp(state, ffi::LUA_REGISTRYINDEX, (&raw const ENTER).cast());
        ffi::lua_pushlightuserdata(state, (&raw mut enter).cast());
        if ffi::lua_pcall(state, 1, 0, 0) != ffi::LUA_OK {
            ffi::lua_settop(state, -2);
        }
    }
    seen
}

/// Forgets what front ends were told of: code goes on.
pub(crate) fn forget(context: &Context) {
    context.looks.borrow_mut().forget();
}

impl<'a> PausedCode<'a> {
    /// What there is while no code runs.
    pub(crate) fn at_rest(lua: &'a Lua, context: &'a Context) -> Self {
        Self {
            lua,
            context,
            stopped: None,
        }
    }

    /// Looks without running anything of the user's, finalisers included, and without being
    /// disturbed by an interrupt.
    fn look<T>(&mut self, look: impl FnOnce(&mut Self) -> T) -> T {
        let collects = self.lua.gc_is_running();
        self.lua.gc_stop();
        let seen = interrupt::report(|| look(self));
        if collects {
            self.lua.gc_restart();
        }
        seen
    }
}

fn refuse<T>(why: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal(why.into()))
}

/// Of Lua's own errors while it is looked at.
fn of_lua(error: &mlua::Error) -> Refusal {
    Refusal(crate::failure::error_text(error))
}

impl Paused for PausedCode<'_> {
    fn threads(&mut self) -> Vec<Thread> {
        self.look(Self::all_threads)
    }

    fn frames(
        &mut self,
        thread: ThreadId,
        start: usize,
        count: Option<usize>,
    ) -> Result<Frames, Refusal> {
        self.look(|paused| paused.frames_of(thread, start, count))
    }

    fn scopes(&mut self, frame: FrameId) -> Result<Vec<Scope>, Refusal> {
        self.look(|paused| paused.scopes_of(frame))
    }

    fn session(&mut self) -> HolderId {
        self.look(Self::session_holder)
    }

    fn variables(&mut self, holder: HolderId, part: Part) -> Result<Vec<Variable>, Refusal> {
        self.look(|paused| paused.variables_of(holder, part))
    }

    fn set_variable(
        &mut self,
        _holder: HolderId,
        _name: &str,
        _expression: &str,
    ) -> Result<Variable, Refusal> {
        refuse("this cannot be set yet")
    }

    fn set_expression(
        &mut self,
        _frame: Option<FrameId>,
        _target: &str,
        _expression: &str,
    ) -> Result<Variable, Refusal> {
        refuse("this cannot be set yet")
    }

    fn evaluate(
        &mut self,
        _frame: Option<FrameId>,
        _expression: &str,
        _purpose: Purpose,
    ) -> Result<Variable, Refusal> {
        refuse("this cannot be evaluated yet")
    }

    fn complete(&mut self, _frame: Option<FrameId>, _code: &str, cursor: usize) -> Completion {
        Completion {
            matches: Vec::new(),
            start: cursor,
            end: cursor,
        }
    }

    fn rich(&mut self, _frame: Option<FrameId>, _name: &str) -> Result<MimeBundle, Refusal> {
        refuse("this cannot be shown yet")
    }

    fn copy_to_globals(
        &mut self,
        _frame: Option<FrameId>,
        _from: &str,
        _to: &str,
    ) -> Result<(), Refusal> {
        refuse("this cannot be copied yet")
    }

    fn step_targets(&mut self, _frame: FrameId) -> Result<Vec<StepTarget>, Refusal> {
        Ok(Vec::new())
    }

    fn data_target(
        &mut self,
        _holder: Option<HolderId>,
        _frame: Option<FrameId>,
        _name: &str,
    ) -> Result<DataTarget, Refusal> {
        refuse("this cannot be watched yet")
    }

    fn raised(&mut self) -> Option<Raised> {
        None
    }
}
