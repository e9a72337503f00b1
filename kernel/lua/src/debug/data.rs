//! Breakpoints on data.
//!
//! Lua tells nobody that a variable has changed, so what is watched is compared: at each line, call
//! and return. Then what changed it is what ran last: the instruction before the one that is about
//! to run, the caller of what is called, or what is about to return. What is compared is the value
//! itself, by Lua's own idea of what is equal without metamethods; so it does not matter who has
//! changed it, be it C.

mod values;
mod watched;

use std::ffi::c_int;
use std::sync::Arc;

use mlua::ffi;
use perilune_language::debug::{DataBreakpoint, HitCondition, Reason, Resume};

use super::At;
use super::layout::{self, Frame};
use super::stop::Why;
use super::tracer::Tracer;
use crate::context::Context;
use crate::interrupt::{self, Unwinding};

use values::{change, renew};
use watched::Watched;

pub(crate) use values::{watch_field, watch_local, watch_upvalue};

/// A breakpoint on data, and what it watches.
#[derive(Debug)]
pub(super) struct Watch {
    watched: Watched,
    breakpoint: DataBreakpoint,
}

impl Tracer {
    /// What is watched may have changed. What was not watched until now is taken as it is.
    pub(super) fn watch_data(&self, earlier: &[DataBreakpoint]) {
        let wishes = Arc::clone(&self.wishes.borrow());
        let watches: Vec<Watch> = wishes
            .data
            .iter()
            .filter_map(|breakpoint| {
                Some(Watch {
                    watched: breakpoint.data.parse().ok()?,
                    breakpoint: breakpoint.clone(),
                })
            })
            .collect();
        if let Some(state) = interrupt::running() {
            for watch in &watches {
                let is_new = earlier
                    .iter()
                    .all(|earlier| earlier.data != watch.breakpoint.data);
                if is_new {
                    // SAFETY: this thread's state runs.
                    self.quietly(|| unsafe { renew(state, &watch.watched) });
                }
            }
        }
        self.watches_data.set(!watches.is_empty());
        self.watches.replace(watches.into());
        self.set_hot();
    }

    /// Looks whether something has changed that is watched; if so, code stops where that was done.
    ///
    /// # Safety
    ///
    /// To be called by a hook for this event. Raises no Lua error.
    pub(super) unsafe fn look_at_data(
        &self,
        context: &Context,
        state: *mut ffi::lua_State,
        event: c_int,
        frame: Frame,
    ) -> Option<Unwinding> {
        // SAFETY: passed on.
        unsafe {
            // Calls, be they only of what remembers a value, change it.
            let last = layout::previous_instruction(state);
            let watches = std::rc::Rc::clone(&self.watches.borrow());
            let mut changes = Vec::new();
            for watch in &*watches {
                if let Some(text) = change(state, &watch.watched) {
                    self.quietly(|| renew(state, &watch.watched));
                    changes.push((watch, text));
                }
            }
            if changes.is_empty() {
                return None;
            }
            let (frame, level) = match (event, frame.caller()) {
                (ffi::LUA_HOOKCALL | ffi::LUA_HOOKTAILCALL, Some(caller)) => (caller, 1),
                _ => (frame, 0),
            };
            // A new line begins, and what ran last was of the one before.
            let moved = match (event, frame.prototype()) {
                (ffi::LUA_HOOKLINE, Some(prototype)) => (last < prototype.code().len())
                    .then(|| (prototype, frame.set_instruction(prototype, last))),
                _ => None,
            };
            let mut why = Why::default();
            let at = || At {
                level,
                ..At::hook(state)
            };
            for (watch, text) in changes {
                let breakpoint = &watch.breakpoint;
                if self.holds(context, &at(), breakpoint.condition.as_deref())
                    && HitCondition::count(breakpoint.hits, &breakpoint.count)
                {
                    why.reason = Some(Reason::DataBreakpoint);
                    why.breakpoints.push(breakpoint.id);
                    why.text.get_or_insert(text);
                }
            }
            let mut end = None;
            if why.reason.is_some() {
                let resume = self.stop(context, at(), why);
                end = interrupt::unwinding();
                match resume {
                    Resume::Step(step) => self.begin_step(context, state, frame, step),
                    Resume::Interrupt => end = end.or(Some(Unwinding::Interrupt)),
                    Resume::RestartFrame(_) => end = end.or(Some(Unwinding::Restart)),
                    Resume::Continue => {}
                }
            }
            if let Some((prototype, instruction)) = moved {
                frame.set_instruction(prototype, instruction);
            }
            end
        }
    }
}
