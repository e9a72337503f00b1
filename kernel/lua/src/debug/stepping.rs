//! How far a step goes.

use mlua::ffi;
use perilune_language::debug::{Reason, Step};

use super::layout::Frame;
use super::tracer::Tracer;
use crate::context::Context;
use crate::interrupt;

/// A step that has not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stepping {
    kind: Kind,
    /// The coroutine that it is in.
    state: *mut ffi::lua_State,
    /// Where the call is on that one's stack.
    depth: usize,
    /// Whether the call has given its place to another.
    is_replaced: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// To the next line, wherever it is.
    In,
    /// To the next line of the call.
    Over,
    /// Into what is called by this instruction of the call; else as over.
    Into(usize),
    /// To where the call goes on.
    Reach,
}

impl Stepping {
    /// Whether lines of a call are to be looked at.
    pub(super) unsafe fn wants_lines(
        &self,
        state: *mut ffi::lua_State,
        frame: Frame,
        is_foreign: bool,
    ) -> bool {
        match self.kind {
            Kind::In => !is_foreign,
            // SAFETY: the call has not returned.
            _ => state == self.state && unsafe { frame.depth(state) } <= self.depth,
        }
    }

    /// Whether calls and returns of a coroutine are to be looked at.
    pub(super) fn wants_calls(&self, state: *mut ffi::lua_State) -> bool {
        self.kind == Kind::In || state == self.state
    }

    /// Whether it ends at a line.
    pub(super) unsafe fn ends_at(&self, state: *mut ffi::lua_State, frame: Frame) -> bool {
        // SAFETY: the call has not returned.
        let depth = unsafe { frame.depth(state) };
        match self.kind {
            Kind::In => true,
            Kind::Over | Kind::Into(_) => {
                state == self.state
                    && (depth < self.depth || depth == self.depth && !self.is_replaced)
            }
            Kind::Reach => state == self.state && depth <= self.depth,
        }
    }
}

impl Tracer {
    /// Begins a step from where code has stopped.
    pub(super) unsafe fn begin_step(
        &self,
        context: &Context,
        state: *mut ffi::lua_State,
        frame: Frame,
        step: Step,
    ) {
        if !self.is_on() {
            return;
        }
        // SAFETY: the call has not returned.
        let depth = unsafe { frame.depth(state) };
        let stepping = |kind| Stepping {
            kind,
            state,
            depth,
            is_replaced: false,
        };
        match step {
            Step::Over => self.set_step(Some(stepping(Kind::Over))),
            Step::In => self.set_step(Some(stepping(Kind::In))),
            Step::Into(target) => self.set_step(Some(stepping(Kind::Into(target as usize)))),
            // SAFETY: as before.
            Step::Out => unsafe { self.leave(context, state, frame) },
        }
    }

    /// The step goes on to where the call returns to.
    unsafe fn leave(&self, context: &Context, state: *mut ffi::lua_State, frame: Frame) {
        let mut outer = frame;
        // SAFETY: callers of a call that has not returned have not either.
        unsafe {
            while let Some(caller) = outer.caller() {
                if self.is_users(context, caller) {
                    self.set_step(Some(Stepping {
                        kind: Kind::Reach,
                        state,
                        depth: caller.depth(state),
                        is_replaced: false,
                    }));
                    return;
                }
                outer = caller;
            }
        }
        let is_coroutine = interrupt::chain(state).len() > 1;
        // Where it goes on is known when the coroutine is left.
        self.set_step(is_coroutine.then_some(Stepping {
            kind: Kind::Reach,
            state,
            depth: 0,
            is_replaced: false,
        }));
    }

    /// A function was called.
    pub(super) unsafe fn step_into_call(
        &self,
        context: &Context,
        state: *mut ffi::lua_State,
        frame: Frame,
        is_tail_call: bool,
    ) {
        let Some(mut step) = self.step.get() else {
            return;
        };
        // SAFETY: the call has just begun.
        unsafe {
            if state != step.state || !matches!(step.kind, Kind::Over | Kind::Into(_)) {
                return;
            }
            let is_own = frame.depth(state) <= step.depth;
            if let Kind::Into(wanted) = step.kind
                && self.is_called_by(context, state, frame, step, wanted, is_tail_call)
            {
                step.kind = Kind::In;
                self.set_step(Some(step));
            } else if is_tail_call && is_own {
                step.is_replaced = true;
                step.depth = frame.depth(state);
                self.set_step(Some(step));
            }
        }
    }

    unsafe fn is_called_by(
        &self,
        context: &Context,
        state: *mut ffi::lua_State,
        frame: Frame,
        step: Stepping,
        wanted: usize,
        is_tail_call: bool,
    ) -> bool {
        // SAFETY: as the caller's.
        unsafe {
            if is_tail_call {
                return frame.depth(state) <= step.depth && self.is_users(context, frame);
            }
            let Some(caller) = frame.caller() else {
                return false;
            };
            caller.depth(state) == step.depth
                && caller
                    .prototype()
                    .is_some_and(|prototype| caller.instruction(prototype) == wanted)
        }
    }

    /// A function is about to return.
    pub(super) unsafe fn step_out_of_call(
        &self,
        context: &Context,
        state: *mut ffi::lua_State,
        frame: Frame,
    ) {
        let Some(step) = self.step.get() else {
            return;
        };
        // SAFETY: neither the call nor its caller has returned.
        unsafe {
            let Some(caller) = frame.caller() else {
                return;
            };
            let goes_on_in_users = self.is_users(context, caller);
            match step.kind {
                Kind::In => {
                    let is_elsewhere = state != step.state || caller.depth(state) != step.depth;
                    if goes_on_in_users && is_elsewhere {
                        self.set_soon(Some(Reason::Step));
                    }
                }
                Kind::Over | Kind::Into(_) => {
                    if state == step.state && frame.depth(state) <= step.depth {
                        if goes_on_in_users {
                            self.set_soon(Some(Reason::Step));
                        } else {
                            self.leave(context, state, frame);
                        }
                    }
                }
                Kind::Reach => {
                    if state == step.state && goes_on_in_users && caller.depth(state) <= step.depth
                    {
                        self.set_soon(Some(Reason::Step));
                    }
                }
            }
        }
    }

    /// A coroutine has yielded, ended or failed, and `parent` goes on.
    pub(super) unsafe fn step_out_of_coroutine(
        &self,
        context: &Context,
        coroutine: *mut ffi::lua_State,
        parent: *mut ffi::lua_State,
    ) {
        if let Some(step) = self.step.get()
            && step.state == coroutine
            && step.kind != Kind::In
        {
            // SAFETY: the parent is in a function of C, which has not returned.
            unsafe { self.leave(context, parent, Frame::innermost(parent)) };
        }
    }
}
