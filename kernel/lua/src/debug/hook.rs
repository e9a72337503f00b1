//! The hook, and which events it is called for.
//!
//! The fewer events, the less a program pays. Breakpoints want calls; only while a function runs
//! that has one, its lines are wanted too, and so are the returns to it. A step wants all that its
//! coroutine does, but no lines of what it goes over. Where nothing is wanted there is no hook.

use std::ffi::c_int;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::atomic::{Ordering, compiler_fence};

use mlua::ffi;
use perilune_language::debug::Reason;

use super::layout::{self, Frame};
use super::stop::Why;
use super::tracer::{Hot, Place, Tracer, hot};
use super::verdict::Verdict;
use crate::context::Context;
use crate::interrupt::{self, Unwinding};

/// Calls and returns.
const CALLS: c_int = ffi::LUA_MASKCALL | ffi::LUA_MASKRET;
/// Calls, returns and lines.
const LINES: c_int = CALLS | ffi::LUA_MASKLINE;
/// Each instruction too.
const ALL: c_int = LINES | ffi::LUA_MASKCOUNT;

/// How many calls are looked at for one that has breakpoints.
const LOOKED_AT: usize = 64;

/// Makes a coroutine look at what is wished, before its next instruction. For signal handlers.
///
/// # Safety
///
/// `state` must be what runs on this thread.
pub(super) unsafe fn set_for_a_look(state: *mut ffi::lua_State) {
    // SAFETY: Lua's own interpreter calls it from its handler too.
    unsafe { ffi::lua_sethook(state, Some(hook), ALL, 1) };
}

/// Whether a coroutine has the hook.
pub(super) unsafe fn is_set(state: *mut ffi::lua_State) -> bool {
    // SAFETY: the caller's state is live.
    let set = unsafe { ffi::lua_gethook(state) };
    set.is_some_and(|set| ptr::fn_addr_eq(set, hook as ffi::lua_Hook))
}

unsafe extern "C-unwind" fn hook(state: *mut ffi::lua_State, record: *mut ffi::lua_Debug) {
    // SAFETY: Lua calls hooks on a live state with a valid record.
    unsafe {
        let event = (*record).event;
        if event == ffi::LUA_HOOKLINE {
            let line = (*record).currentline;
            if hot(|hot| !hot.every_line.get() && !hot.may_break(line)) {
                return;
            }
        }
        look_closer(state, event, record);
    }
}

/// The rest of the hook, apart so that what is called for each line has nothing to prepare.
#[inline(never)]
unsafe fn look_closer(state: *mut ffi::lua_State, event: c_int, record: *const ffi::lua_Debug) {
    // SAFETY: as the hook.
    unsafe {
        let frame = Frame::of(record);
        if hot(|hot| hot.is_plain(state, event, frame)) {
            return;
        }
        if let Some(unwinding) = happened(state, event, frame) {
            // Nothing that wants to be dropped is left.
            interrupt::unwind(state, unwinding);
        }
    }
}

unsafe fn happened(state: *mut ffi::lua_State, event: c_int, frame: Frame) -> Option<Unwinding> {
    if hot(|hot| hot.quiet.get()) {
        return None;
    }
    let Some(context) = hot(Hot::context) else {
        // A coroutine had the hook that was made for an earlier cell.
        // SAFETY: the caller's state is live.
        unsafe { ffi::lua_sethook(state, None, 0, 0) };
        return None;
    };
    let tracer = &context.tracer;
    if hot(|hot| hot.kicked.load(Ordering::Relaxed)) {
        tracer.look(context);
    }
    // SAFETY: passed on.
    unsafe {
        if tracer.watches_data.get() {
            let look = AssertUnwindSafe(|| tracer.look_at_data(context, state, event, frame));
            if let Some(end) = catch_unwind(look).unwrap_or(None) {
                return Some(end);
            }
        }
        let stop = match event {
            ffi::LUA_HOOKCALL | ffi::LUA_HOOKTAILCALL => {
                let is_tail_call = event == ffi::LUA_HOOKTAILCALL;
                Some(tracer.called(context, state, frame, is_tail_call)?)
            }
            ffi::LUA_HOOKRET => {
                tracer.returns(context, state, frame);
                return None;
            }
            ffi::LUA_HOOKLINE => tracer.at_line(context, state, frame),
            _ => tracer.at_instruction(context, state, frame),
        };
        let mut end = None;
        if let Some(why) = stop {
            let stopped = AssertUnwindSafe(|| tracer.stop_in_hook(context, state, frame, why));
            end = catch_unwind(stopped).unwrap_or_else(|_| {
                tracing::error!("the debugger panicked");
                None
            });
        }
        tracer.go_on(context, state, frame);
        end
    }
}

impl Tracer {
    #[inline]
    unsafe fn called(
        &self,
        context: &Context,
        state: *mut ffi::lua_State,
        frame: Frame,
        is_tail_call: bool,
    ) -> Option<Why> {
        // SAFETY: the call has just begun.
        unsafe {
            if self.step.get().is_some() {
                self.step_into_call(context, state, frame, is_tail_call);
            }
            let stop = if self.watches_functions.get() {
                self.function_called(context, state, frame)
            } else {
                None
            };
            // Functions of C have no lines.
            if frame.prototype().is_some() {
                let returns = layout::mask(state) & ffi::LUA_MASKRET != 0;
                self.set_wanted(state, frame, self.wanted(context, state, frame, returns));
            }
            stop
        }
    }

    unsafe fn returns(&self, context: &Context, state: *mut ffi::lua_State, frame: Frame) {
        // SAFETY: the call is about to return, to one that has not.
        unsafe {
            self.step_out_of_call(context, state, frame);
            let Some(caller) = frame.caller() else {
                return;
            };
            if caller.caller().is_none() && self.soon.get() == Some(Reason::Step) {
                // There is nothing of the user's behind it.
                self.set_soon(None);
            }
            if caller.prototype().is_some() {
                let ends_breaks = frame
                    .prototype()
                    .is_some_and(|prototype| self.verdict(context, prototype).has_breaks());
                let returns = !ends_breaks || self.returns_to_breaks(context, caller);
                self.set_wanted(state, caller, self.wanted(context, state, caller, returns));
            }
        }
    }

    /// A line begins.
    unsafe fn at_line(
        &self,
        context: &Context,
        state: *mut ffi::lua_State,
        frame: Frame,
    ) -> Option<Why> {
        // SAFETY: the call is of a Lua function, as it has lines.
        unsafe {
            let prototype = frame.prototype()?;
            let facts = self.facts(context, prototype);
            let instruction = frame.instruction(prototype);
            let place = Place {
                state,
                depth: frame.depth(state),
                instruction,
            };
            let passed = self.passed.get();
            if passed.is_some() {
                self.set_passed(None);
            }
            let has_passed = passed == Some(place);
            let line = facts.line(prototype, instruction);
            if facts.is_foreign || line > facts.last_line || facts.ends(prototype, instruction) {
                return None;
            }
            let soon = self.soon.get();
            if soon.is_none() && !facts.begins(prototype, instruction) {
                return None;
            }
            if has_passed && !facts.is_first(prototype, instruction) {
                // Lua takes the stop itself for a new line.
                return None;
            }
            let mut why = Why::default();
            if facts.breaks.binary_search(&line).is_ok()
                && let Some(key) = &facts.key
            {
                self.hit(context, state, key, line, &mut why);
            }
            if has_passed {
                return None;
            }
            let step_ends = self
                .step
                .get()
                .is_some_and(|step| step.ends_at(state, frame));
            if why.breakpoints.is_empty() {
                why.reason = soon.or(step_ends.then_some(Reason::Step));
            } else if soon == Some(Reason::Entry) {
                why.reason = soon;
            }
            why.reason.is_some().then_some(why)
        }
    }

    /// Any instruction begins.
    unsafe fn at_instruction(
        &self,
        context: &Context,
        state: *mut ffi::lua_State,
        frame: Frame,
    ) -> Option<Why> {
        self.set_passed(None);
        // Where it is wanted at the next line, that comes by itself.
        let reason = self.soon.get().filter(|reason| *reason != Reason::Entry)?;
        // SAFETY: the call is of a Lua function, as it has instructions.
        unsafe {
            let prototype = frame.prototype()?;
            let facts = self.facts(context, prototype);
            let instruction = frame.instruction(prototype);
            let mut why = Why {
                reason: Some(reason),
                ..Why::default()
            };
            if reason == Reason::FunctionBreakpoint {
                self.set_soon(None);
                let wanted = self.wanted_functions.take();
                why = self.function_hit(context, state, 0, &wanted)?;
            }
            if facts.is_foreign
                || facts.line(prototype, instruction) > facts.last_line
                || facts.keeps(prototype, instruction)
                || facts.ends(prototype, instruction)
            {
                return None;
            }
            self.set_passed(Some(Place {
                state,
                depth: frame.depth(state),
                instruction,
            }));
            Some(why)
        }
    }

    /// Sets which events are wanted while `frame` runs.
    pub(super) unsafe fn go_on(&self, context: &Context, state: *mut ffi::lua_State, frame: Frame) {
        // SAFETY: the call has not returned, nor have its callers.
        unsafe {
            let returns = self.watches_calls.get() && self.returns_to_breaks(context, frame);
            self.set_wanted(state, frame, self.wanted(context, state, frame, returns));
        }
    }

    #[inline]
    unsafe fn set_wanted(&self, state: *mut ffi::lua_State, frame: Frame, mask: c_int) {
        // SAFETY: as `go_on`.
        unsafe {
            if mask & ffi::LUA_MASKCOUNT == 0 && mask != 0 && is_set(state) {
                if layout::mask(state) != mask {
                    layout::set_mask(state, mask, frame);
                }
            } else {
                self.set(state, mask);
            }
            compiler_fence(Ordering::SeqCst);
            if hot(|hot| hot.kicked.load(Ordering::Relaxed) && !hot.quiet.get()) {
                // It came meanwhile, and was overwritten.
                set_for_a_look(state);
            }
        }
    }

    unsafe fn set(&self, state: *mut ffi::lua_State, mask: c_int) {
        if interrupt::is_due() {
            // An interrupt has a hook of its own, which stays.
            return;
        }
        // SAFETY: the caller's state is live.
        unsafe {
            if mask != 0 {
                if !is_set(state) {
                    self.aside.put(state);
                }
                ffi::lua_sethook(state, Some(hook), mask, 1);
            } else if is_set(state) {
                self.aside.put_back(state);
            }
        }
    }

    /// Which events are wanted while `frame` runs. `returns` tells whether one of its callers has
    /// breakpoints.
    #[inline]
    unsafe fn wanted(
        &self,
        context: &Context,
        state: *mut ffi::lua_State,
        frame: Frame,
        returns: bool,
    ) -> c_int {
        if self.soon.get().is_some() {
            return ALL;
        }
        // SAFETY: the call has not returned.
        unsafe {
            let verdict = frame
                .prototype()
                .map(|prototype| self.verdict(context, prototype));
            if verdict.is_some_and(Verdict::has_breaks)
                || self.passed.get().is_some()
                || self.watches_data.get()
            {
                return LINES;
            }
            if let Some(step) = self.step.get()
                && step.wants_calls(state)
            {
                let is_foreign = verdict.is_none_or(Verdict::is_foreign);
                let wants_lines = step.wants_lines(state, frame, is_foreign);
                return if wants_lines { LINES } else { CALLS };
            }
            match (self.watches_calls.get(), returns) {
                (false, _) => 0,
                (true, false) => ffi::LUA_MASKCALL,
                (true, true) => CALLS,
            }
        }
    }

    /// Whether one of the callers has breakpoints, so that its lines are wanted again.
    #[inline]
    unsafe fn returns_to_breaks(&self, context: &Context, frame: Frame) -> bool {
        let mut outer = frame;
        // SAFETY: the callers have not returned.
        unsafe {
            for _ in 0..LOOKED_AT {
                let Some(caller) = outer.caller() else {
                    return false;
                };
                if caller
                    .prototype()
                    .is_some_and(|prototype| self.verdict(context, prototype).has_breaks())
                {
                    return true;
                }
                outer = caller;
            }
        }
        true
    }
}
