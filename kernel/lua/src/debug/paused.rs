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

mod assign;
mod attributes;
mod calls;
mod completion;
mod data;
mod evaluate;
mod functions;
mod looks;
mod paths;
mod preview;
mod rich;
mod scopes;
mod session;
mod stack;
mod tables;
mod targets;
mod values;
mod variables;
mod visible;

use std::ffi::c_int;

use mlua::{LightUserData, Lua, Value, ffi};
use perilune_language::debug::{
    DataTarget, FrameId, Frames, HolderId, LogPiece, Part, Paused, Purpose, Raised, Refusal, Scope,
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

/// Where code stops.
#[derive(Debug, Clone)]
pub(crate) struct At {
    /// The coroutine that runs, and on which Lua may be called.
    pub(crate) running: *mut ffi::lua_State,
    /// The one whose frames are innermost: mostly the same, or one that has just died in it.
    pub(crate) stopped: *mut ffi::lua_State,
    /// The innermost call of that one to be seen, as `lua_getstack` counts.
    pub(crate) level: c_int,
    /// The error that has stopped it.
    pub(crate) raised: Option<Raised>,
}

/// Where code has stopped.
struct Stopped {
    /// The coroutine that has stopped, and those that resumed it.
    chain: Vec<*mut ffi::lua_State>,
    /// The innermost call that there is to see, if there is any.
    call: Option<*const std::ffi::c_void>,
    raised: Option<Raised>,
}

/// Makes the function by which [`with`] enters Lua.
///
/// # Errors
///
/// When there is no memory left.
pub(crate) fn install(lua: &Lua) -> mlua::Result<()> {
    let enter = lua.create_function(|lua, (look, error): (LightUserData, Value)| {
        // SAFETY: only `with` calls it, with a pointer to what lives until it returns.
        let look = unsafe { &mut *look.0.cast::<&mut dyn FnMut(&Lua, Value)>() };
        look(lua, error);
        Ok(())
    })?;
    // SAFETY: the closure owns nothing, and takes the function from the stack.
    unsafe {
        lua.exec_raw::<()>(enter, |state| {
            ffi::lua_rawsetp(state, ffi::LUA_REGISTRYINDEX, (&raw const ENTER).cast());
        })
    }
}

/// Lets somebody look at code that has stopped. Nothing if there was no memory for it.
///
/// # Safety
///
/// Both coroutines must be live, and the running one be what runs on this thread, in a hook or a
/// function of C. Raises no Lua error.
pub(crate) unsafe fn with<R>(
    context: &Context,
    at: At,
    look: impl FnOnce(&mut PausedCode<'_>) -> R,
) -> Option<R> {
    // SAFETY: passed on.
    unsafe { enter(context, at, false, |paused, _| look(paused)) }
}

/// Whether a condition holds where code stops. `err` is the error in it, which is on top of the
/// stack of what runs, if there is one.
///
/// # Errors
///
/// Why it could not be evaluated, in words.
///
/// # Safety
///
/// As [`with`].
pub(crate) unsafe fn condition(
    context: &Context,
    at: &At,
    condition: &str,
    has_error: bool,
) -> Result<bool, String> {
    // SAFETY: passed on.
    let held = unsafe {
        enter(context, at.clone(), has_error, |paused, error| {
            evaluate::condition(paused, condition, has_error.then_some(error))
        })
    };
    held.unwrap_or_else(|| Err("not enough memory".to_owned()))
}

/// The error on top of the stack of what runs, on one line. Nothing if there was no memory for it.
/// Runs no metamethods.
///
/// # Safety
///
/// As [`with`].
pub(crate) unsafe fn preview_of_error(context: &Context, at: At) -> Option<String> {
    // SAFETY: passed on.
    unsafe {
        enter(context, at, true, |paused, error| {
            paused.look(|paused| preview::Preview::new(paused).of(&error))
        })
    }
}

/// A logpoint's message where code stops.
///
/// # Safety
///
/// As [`with`].
pub(crate) unsafe fn interpolate(context: &Context, at: &At, pieces: &[LogPiece]) -> String {
    // SAFETY: passed on.
    let text = unsafe {
        enter(context, at.clone(), false, |paused, _| {
            evaluate::interpolate(paused, pieces)
        })
    };
    text.unwrap_or_default()
}

/// Enters Lua; with the value on top of the stack of what runs, if that is an error.
///
/// # Safety
///
/// As [`with`].
unsafe fn enter<R>(
    context: &Context,
    at: At,
    has_error: bool,
    look: impl FnOnce(&mut PausedCode<'_>, Value) -> R,
) -> Option<R> {
    let mut seen = None;
    let At {
        running,
        stopped,
        level,
        raised,
    } = at;
    // SAFETY: the record is filled before it is read; what is pushed is popped again.
    unsafe {
        let mut record = std::mem::zeroed::<ffi::lua_Debug>();
        if ffi::lua_checkstack(running, 6) == 0 {
            return None;
        }
        let is_there = ffi::lua_getstack(stopped, level, &mut record) != 0;
        let call = is_there.then(|| call_of(&record));
        let mut chain = interrupt::chain(running);
        if stopped != running {
            chain.insert(0, stopped);
        }
        let mut prepared = Some((
            look,
            Stopped {
                chain,
                call,
                raised,
            },
        ));
        let mut entered = |lua: &Lua, error: Value| {
            if let Some((look, stopped)) = prepared.take() {
                let mut paused = PausedCode {
                    lua,
                    context,
                    stopped: Some(stopped),
                };
                seen = Some(look(&mut paused, error));
            }
        };
        let mut entered: &mut dyn FnMut(&Lua, Value) = &mut entered;
        ffi::lua_rawgetp(running, ffi::LUA_REGISTRYINDEX, (&raw const ENTER).cast());
        ffi::lua_pushlightuserdata(running, (&raw mut entered).cast());
        if has_error {
            ffi::lua_pushvalue(running, -3);
        } else {
            ffi::lua_pushnil(running);
        }
        if ffi::lua_pcall(running, 2, 0, 0) != ffi::LUA_OK {
            ffi::lua_settop(running, -2);
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

    /// The coroutine and the call that a frame is of.
    pub(super) fn place_of(
        &self,
        frame: FrameId,
    ) -> Option<(*mut ffi::lua_State, *const std::ffi::c_void)> {
        self.call(frame).ok().map(|call| (call.thread, call.call))
    }

    /// Looks without running anything of the user's, finalisers included, and without being
    /// disturbed by an interrupt.
    fn look<T>(&mut self, look: impl FnOnce(&mut Self) -> T) -> T {
        let _uncollected = Uncollected::begin(self.lua);
        interrupt::report(|| look(self))
    }
}

/// As long as it is there, no garbage is collected; also where who looks panics.
struct Uncollected<'a> {
    lua: &'a Lua,
    collects: bool,
}

impl<'a> Uncollected<'a> {
    fn begin(lua: &'a Lua) -> Self {
        let collects = lua.gc_is_running();
        lua.gc_stop();
        Self { lua, collects }
    }
}

impl Drop for Uncollected<'_> {
    fn drop(&mut self) {
        if self.collects {
            self.lua.gc_restart();
        }
    }
}

fn refuse<T>(why: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal(why.into()))
}

/// Of Lua's own errors while it is looked at.
fn of_lua(error: &mlua::Error) -> Refusal {
    let text = crate::failure::error_text(error);
    Refusal(text.lines().next().unwrap_or_default().to_owned())
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
        holder: HolderId,
        name: &str,
        expression: &str,
    ) -> Result<Variable, Refusal> {
        self.variable_set(holder, name, expression)
    }

    fn set_expression(
        &mut self,
        frame: Option<FrameId>,
        target: &str,
        expression: &str,
    ) -> Result<Variable, Refusal> {
        self.expression_set(frame, target, expression)
    }

    fn evaluate(
        &mut self,
        frame: Option<FrameId>,
        expression: &str,
        purpose: Purpose,
    ) -> Result<Variable, Refusal> {
        self.evaluated(frame, expression, purpose)
    }

    fn complete(&mut self, frame: Option<FrameId>, code: &str, cursor: usize) -> Completion {
        self.look(|paused| paused.completed(frame, code, cursor))
    }

    fn rich(&mut self, frame: Option<FrameId>, name: &str) -> Result<MimeBundle, Refusal> {
        self.bundle(frame, name)
    }

    fn copy_to_globals(
        &mut self,
        frame: Option<FrameId>,
        from: &str,
        to: &str,
    ) -> Result<(), Refusal> {
        self.copied(frame, from, to)
    }

    fn step_targets(&mut self, frame: FrameId) -> Result<Vec<StepTarget>, Refusal> {
        self.look(|paused| paused.targets(frame))
    }

    fn data_target(
        &mut self,
        holder: Option<HolderId>,
        frame: Option<FrameId>,
        name: &str,
    ) -> Result<DataTarget, Refusal> {
        self.look(|paused| paused.data(holder, frame, name))
    }

    fn raised(&mut self) -> Option<Raised> {
        self.stopped.as_ref()?.raised.clone()
    }

    fn is_ending(&self) -> bool {
        interrupt::is_unwinding()
    }
}
