use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;

use perilune_language::debug::{Frame, FrameId, Paused, Reason, Resume, Step, Stop};

use crate::DebugError;
use crate::body;
use crate::debugger::StoppedAt;
use crate::event::{Continued, Event, GoingOn};
use crate::reply;
use crate::request::{Go, Request};
use crate::session::{Asked, Phase, Session};

/// Of so many frames it is remembered whether they can be restarted; a client that has not asked
/// for a stack for so long asks again.
const MOST_FRAMES: usize = 100_000;

/// Where code has stopped.
#[derive(Debug, Clone)]
pub(crate) struct StopState {
    pub(crate) stop: Stop,
    pub(crate) at: StoppedAt,
    /// Which of the frames that clients were told of can be restarted.
    restartable: HashMap<FrameId, bool>,
}

impl StopState {
    /// Why, in the protocol's word and for a person.
    pub(crate) fn words(&self) -> (&'static str, &'static str) {
        match self.stop.reason {
            Reason::Entry => ("entry", "Paused on entry"),
            Reason::Breakpoint => ("breakpoint", "Paused on breakpoint"),
            Reason::FunctionBreakpoint => ("function breakpoint", "Paused on function breakpoint"),
            Reason::DataBreakpoint => ("data breakpoint", "Paused on a change of data"),
            Reason::Exception => ("exception", "Paused on error"),
            Reason::Step => ("step", "Paused after step"),
            Reason::Pause => ("pause", "Paused"),
        }
    }

    /// Notes frames that a client is told of.
    pub(crate) fn note_frames(&mut self, frames: &[Frame]) {
        if self.restartable.len() > MOST_FRAMES {
            self.restartable.clear();
        }
        self.restartable
            .extend(frames.iter().map(|frame| (frame.id, frame.can_restart)));
    }
}

/// The time in which code has stopped, ended by dropping it, also in a panic.
struct Stay<'a> {
    session: &'a Session,
    before: Phase,
    thread_id: u32,
    /// Whether it ends in a step.
    steps: bool,
}

impl Drop for Stay<'_> {
    fn drop(&mut self) {
        let session = self.session;
        let mut state = session.state();
        state.phase = self.before;
        state.stop = None;
        state.snapshot.is_fresh = false;
        state.return_looks();
        drop(state);
        session.wake_worker();
        session.tell(Event::Continued(Continued {
            thread_id: self.thread_id,
            all_threads_continued: true,
            perilune: self.steps.then_some(GoingOn { steps: true }),
        }));
    }
}

impl Session {
    /// Does what clients ask while code has stopped, until it shall go on.
    pub(crate) fn stay(&self, stop: Stop, paused: &mut dyn Paused) -> Resume {
        let stop = self.stop_state(stop, paused);
        let threads = unpanicked(|| Ok(paused.threads())).unwrap_or_default();
        let (is_new, before) = {
            let mut state = self.state();
            if state.is_ending {
                return Resume::Interrupt;
            }
            if !self.is_on() || state.phase == Phase::Stopped {
                return Resume::Continue;
            }
            let known = |thread: &perilune_language::debug::Thread| thread.id == stop.stop.thread;
            let is_new = stop.stop.thread != perilune_language::debug::ThreadId::MAIN
                && !state.threads.iter().any(known);
            state.threads = threads;
            state.is_released = false;
            state.stop = Some(stop.clone());
            // Whoever waited for rest is answered here.
            (is_new, std::mem::replace(&mut state.phase, Phase::Stopped))
        };
        let thread_id = self.thread_told(&stop);
        let mut stay = Stay {
            session: self,
            before,
            thread_id,
            steps: false,
        };
        self.pause.store(false, Ordering::SeqCst);
        self.breakpoints().set_entry(false);
        if is_new && thread_id == stop.stop.thread.0 {
            self.tell_thread("started", thread_id);
        }
        self.tell_stopped(&stop, None);
        let resume = self.serve(&stop, paused);
        stay.steps = matches!(resume, Resume::Step(_));
        self.note_variables(paused);
        resume
    }

    /// Notes the variables for while code runs.
    fn note_variables(&self, paused: &mut dyn Paused) {
        let noted = catch_unwind(AssertUnwindSafe(|| self.refresh_snapshot(paused)));
        if noted.is_err() {
            tracing::error!("the variables could not be noted; older ones are kept");
        }
    }

    fn stop_state(&self, stop: Stop, paused: &mut dyn Paused) -> StopState {
        let innermost = unpanicked(|| Ok(paused.frames(stop.thread, 0, Some(1))?));
        let frames = innermost.unwrap_or_default();
        let frame = frames.frames.first();
        let source = frame.and_then(|frame| frame.source.as_ref());
        let at = StoppedAt {
            source: source.map_or_else(String::new, |key| self.sources().name(key)),
            line: frame.map_or(0, |frame| frame.line),
            reason: stop.reason,
        };
        StopState {
            stop,
            at,
            restartable: HashMap::new(),
        }
    }

    fn serve(&self, stop: &StopState, paused: &mut dyn Paused) -> Resume {
        loop {
            let asked = {
                let mut state = self.state();
                loop {
                    if state.is_ending || state.is_terminating || self.interrupt.is_raised() {
                        return Resume::Interrupt;
                    }
                    if state.is_released {
                        return Resume::Continue;
                    }
                    if let Some(asked) = state.next_look() {
                        break asked;
                    }
                    state = self.wait_stopped(state);
                }
            };
            let Asked {
                client,
                request,
                responder,
                ticket: _ticket,
            } = asked;
            match request {
                Request::Go(go) => match self.resume(&go) {
                    Ok(resume) => {
                        responder.answer(reply::body(&body::Continued {
                            all_threads_continued: true,
                        }));
                        return resume;
                    }
                    Err(error) => responder.refuse(&error),
                },
                Request::Look(look) => {
                    responder.answer(self.look(&client, &look, paused, Some(stop)));
                    if paused.is_ending() {
                        return Resume::Interrupt;
                    }
                }
                Request::Here(_) => {}
            }
        }
    }

    /// How code goes on.
    fn resume(&self, go: &Go) -> Result<Resume, DebugError> {
        Ok(match go {
            Go::Continue => Resume::Continue,
            Go::Next => Resume::Step(Step::Over),
            Go::StepIn(wanted) => Resume::Step(wanted.target_id.map_or(Step::In, Step::Into)),
            Go::StepOut => Resume::Step(Step::Out),
            Go::RestartFrame(wanted) => {
                let frame = FrameId(wanted.frame_id);
                let state = self.state();
                let stop = state.stop.as_ref();
                if stop.and_then(|stop| stop.restartable.get(&frame)) != Some(&true) {
                    return Err(DebugError::NoRestart);
                }
                Resume::RestartFrame(frame)
            }
        })
    }

    /// Lets those look who have waited for code to be at rest.
    pub(crate) fn serve_at_rest(&self, paused: &mut dyn Paused) {
        loop {
            let asked = {
                let mut state = self.state();
                if state.phase != Phase::AtRest {
                    break;
                }
                state.next_look()
            };
            let Some(Asked {
                client,
                request,
                responder,
                ticket: _ticket,
            }) = asked
            else {
                break;
            };
            if let Request::Look(look) = request {
                responder.answer(self.look(&client, &look, paused, None));
            }
        }
        if !self.state().snapshot.is_fresh {
            self.note_variables(paused);
        }
    }
}

/// What was found, or that it made us panic.
pub(crate) fn unpanicked<T>(find: impl FnOnce() -> Result<T, DebugError>) -> Result<T, DebugError> {
    catch_unwind(AssertUnwindSafe(find)).unwrap_or(Err(DebugError::Failed))
}
