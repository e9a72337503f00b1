use perilune_language::debug::{Paused, Purpose};
use serde_json::value::RawValue;

use super::{Asked, Phase, Session, State};
use crate::DebugError;
use crate::request::{Look, Request};
use crate::stop_loop::{StopState, unpanicked};

/// Code of the console that is evaluated, for as long as it likes.
#[derive(Debug)]
pub(crate) struct Evaluation {
    client: String,
    request: i64,
    is_cancelled: bool,
}

impl State {
    /// What code's thread is to do next. What the console evaluates can be cancelled from now on.
    pub(crate) fn next_look(&mut self) -> Option<Asked> {
        let asked = self.looks.pop_front()?;
        let is_console = matches!(&asked.request,
            Request::Look(Look::Evaluate(wanted)) if wanted.purpose() == Purpose::Console);
        self.evaluation = is_console.then(|| Evaluation {
            client: asked.client.clone(),
            request: asked.responder.request(),
            is_cancelled: false,
        });
        Some(asked)
    }
}

impl Session {
    /// Answers a client's request out of code that does not go on; `stop` says where, if it has
    /// stopped.
    pub(crate) fn look(
        &self,
        client: &str,
        look: &Look,
        paused: &mut dyn Paused,
        stop: Option<&StopState>,
    ) -> Result<Option<Box<RawValue>>, DebugError> {
        let found = unpanicked(|| self.read(client, look, paused, stop));
        let was_cancelled = self.end_evaluation();
        match found {
            Err(_) if was_cancelled => Err(DebugError::Cancelled),
            found => found,
        }
    }

    /// Forgets what was evaluated, if anything was. Whether somebody has cancelled it.
    fn end_evaluation(&self) -> bool {
        let mut state = self.state();
        let evaluation = state.evaluation.take();
        let was_cancelled = evaluation.is_some_and(|evaluation| evaluation.is_cancelled);
        if was_cancelled {
            // It may have ended by itself before it was interrupted.
            self.interrupt.clear();
        }
        was_cancelled
    }

    /// Interrupts what is evaluated for a client: a request of its, or any.
    pub(super) fn cancel_evaluation(&self, state: &mut State, client: &str, request: Option<i64>) {
        let is_it = |evaluation: &&mut Evaluation| {
            evaluation.client == client && request.is_none_or(|it| it == evaluation.request)
        };
        if let Some(evaluation) = state.evaluation.as_mut().filter(is_it) {
            self.interrupt_evaluation(evaluation);
        }
    }

    /// Ends code that has stopped, and what is evaluated there. Whether any has.
    pub(super) fn terminate_stopped(&self) -> bool {
        let mut state = self.state();
        if state.phase != Phase::Stopped {
            return false;
        }
        state.is_terminating = true;
        if let Some(evaluation) = &mut state.evaluation {
            self.interrupt_evaluation(evaluation);
        }
        drop(state);
        self.wake_stopped();
        true
    }

    /// To be called with the state locked, so that it meets the evaluation and not what is after it.
    fn interrupt_evaluation(&self, evaluation: &mut Evaluation) {
        evaluation.is_cancelled = true;
        self.interrupt.raise();
        self.outlet.interrupt_input();
    }
}
