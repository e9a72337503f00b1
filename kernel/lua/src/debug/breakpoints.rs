//! Breakpoints on lines.

use std::sync::Arc;

use mlua::ffi;
use perilune_language::debug::{HitCondition, LineBreakpoint, Reason, SourceKey};

use super::layout::Frame;
use super::stop::Why;
use super::tracer::Tracer;
use super::{At, condition, interpolate};
use crate::context::Context;
use crate::interrupt;

impl Tracer {
    /// A line with breakpoints was reached.
    ///
    /// # Safety
    ///
    /// To be called by a hook. Raises no Lua error.
    pub(super) unsafe fn hit(
        &self,
        context: &Context,
        state: *mut ffi::lua_State,
        key: &SourceKey,
        line: u32,
        why: &mut Why,
    ) {
        let wishes = Arc::clone(&self.wishes.borrow());
        let Some(breakpoints) = wishes.lines.get(key).and_then(|lines| lines.get(&line)) else {
            return;
        };
        for breakpoint in breakpoints {
            // SAFETY: passed on.
            if unsafe { self.stops_at(context, state, key, line, breakpoint) } {
                why.reason = Some(Reason::Breakpoint);
                why.breakpoints.push(breakpoint.id);
            }
        }
    }

    unsafe fn stops_at(
        &self,
        context: &Context,
        state: *mut ffi::lua_State,
        key: &SourceKey,
        line: u32,
        breakpoint: &LineBreakpoint,
    ) -> bool {
        let condition = breakpoint.condition.as_deref();
        // SAFETY: passed on.
        if !unsafe { self.holds(context, &At::hook(state), condition) }
            || !HitCondition::count(breakpoint.hits, &breakpoint.count)
        {
            return false;
        }
        let Some(pieces) = &breakpoint.log else {
            return true;
        };
        // SAFETY: passed on.
        let text = unsafe { self.quietly(|| interpolate(context, &At::hook(state), pieces)) };
        self.log(context, key, line, &text);
        // What ends the cell ends it here, as where code stops.
        interrupt::unwinding().is_some()
    }

    /// Whether a breakpoint's condition is true. One that fails is said, and stops: who set it
    /// wants to know where it makes no sense.
    ///
    /// # Safety
    ///
    /// As [`Tracer::hit`].
    pub(super) unsafe fn holds(
        &self,
        context: &Context,
        at: &At,
        expression: Option<&str>,
    ) -> bool {
        let Some(expression) = expression else {
            return true;
        };
        // SAFETY: passed on.
        let held = unsafe { self.quietly(|| condition(context, at, expression, false)) };
        held.unwrap_or_else(|error| {
            if interrupt::unwinding().is_some() {
                return true;
            }
            let text = format!("the breakpoint's condition `{expression}` failed: {error}");
            // SAFETY: passed on.
            let (key, line) = unsafe { self.place_of(context, at) };
            self.log(context, &key, line, &text);
            true
        })
    }

    /// The source and the line of the innermost call of the user's.
    unsafe fn place_of(&self, context: &Context, at: &At) -> (SourceKey, u32) {
        // SAFETY: calls that have not returned.
        unsafe {
            let mut frame = Some(Frame::innermost(at.stopped));
            while let Some(this) = frame {
                if let Some(prototype) = this.prototype() {
                    let facts = self.facts(context, prototype);
                    if let (false, Some(key)) = (facts.is_foreign, &facts.key) {
                        let line = facts.line(prototype, this.instruction(prototype));
                        return (Arc::clone(key), line);
                    }
                }
                frame = this.caller();
            }
        }
        (SourceKey::from(""), 0)
    }

    /// Says something to who debugs, behind what the program has printed.
    pub(super) fn log(&self, context: &Context, key: &SourceKey, line: u32, text: &str) {
        context.streams.flush();
        let debugger = self.debugger.borrow().clone();
        if let Some(debugger) = debugger {
            debugger.log(key, line, text);
        }
    }
}
