use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use serde_json::value::RawValue;

use crate::DebugError;
use crate::body;
use crate::reply;
use crate::request::{Go, Look, Request};
use crate::session::{Asked, Job, Phase, Received, Session};

/// Does what clients ask, one after the other, until the kernel ends.
pub(crate) fn run(session: &Arc<Session>) {
    loop {
        let job = {
            let mut state = session.state();
            loop {
                if state.is_ending {
                    let was_on = state.was_on;
                    drop(state);
                    if was_on {
                        session.tell_terminated();
                    }
                    return;
                }
                if let Some(job) = state.inbox.pop_front() {
                    break job;
                }
                state = session.wait_for_work(state);
            }
        };
        // Whoever asked is answered by the responder that is dropped.
        if catch_unwind(AssertUnwindSafe(|| session.perform(job))).is_err() {
            tracing::error!("a request made the debugger panic; it was answered with an error");
        }
    }
}

impl Session {
    fn perform(&self, job: Job) {
        match job {
            Job::Gone(client) => self.lose(&client),
            Job::Again(asked) => self.pass(asked),
            Job::Read(received) => {
                if let Some(asked) = self.parse(received) {
                    self.pass(asked);
                }
            }
        }
    }

    /// Reads a request. One that makes no sense, or has no place here, is refused.
    fn parse(&self, received: Received) -> Option<Asked> {
        let Received {
            client,
            command,
            arguments,
            responder,
            ticket,
        } = received;
        let request = Request::parse(&command, arguments.as_deref());
        let request = request.and_then(|request| {
            if request.needs_session() {
                self.clients().expect(&client)?;
            }
            Ok(request)
        });
        match request {
            Ok(request) => Some(Asked {
                client,
                request,
                responder,
                ticket,
            }),
            Err(error) => {
                responder.refuse(&error);
                None
            }
        }
    }

    /// Does what can be done here, and passes on what only code's thread can do.
    fn pass(&self, asked: Asked) {
        if matches!(asked.request, Request::Here(_)) {
            return self.answer(asked);
        }
        let mut state = self.state();
        if state.is_ending {
            drop(state);
            return asked.responder.refuse(&DebugError::Ending);
        }
        match state.phase {
            Phase::Stopped => {
                state.looks.push_back(asked);
                drop(state);
                self.wake_stopped();
            }
            Phase::AtRest if needs_no_stop(&asked.request, state.snapshot.is_fresh) => {
                state.looks.push_back(asked);
                drop(state);
                self.outlet.look();
            }
            phase => {
                drop(state);
                self.answer_without_stop(asked, phase);
            }
        }
    }

    /// Answers what has to be answered while code runs, or cannot be answered as none has stopped.
    fn answer_without_stop(&self, asked: Asked, phase: Phase) {
        let Asked {
            client,
            request,
            responder,
            ticket: _ticket,
        } = asked;
        responder.answer(self.find_without_stop(&client, &request, phase));
    }

    fn find_without_stop(
        &self,
        client: &str,
        request: &Request,
        phase: Phase,
    ) -> Result<Option<Box<RawValue>>, DebugError> {
        match request {
            Request::Look(Look::Threads) => reply::body(&self.threads()),
            Request::Look(Look::StackTrace(_)) => reply::body(&body::StackTrace::default()),
            Request::Look(Look::InspectVariables) if phase == Phase::AtRest => {
                self.snapshot_at_rest(client)
            }
            Request::Look(Look::InspectVariables) => self.snapshot_while_running(client),
            Request::Look(Look::RichInspectVariables(wanted)) if phase == Phase::Running => {
                self.rich_while_running(wanted)
            }
            // It goes on.
            Request::Go(Go::Continue) => reply::body(&body::Continued {
                all_threads_continued: true,
            }),
            Request::Look(Look::Variables(wanted)) if wanted.variables_reference == 0 => {
                reply::body(&body::Variables {
                    variables: Vec::new(),
                })
            }
            _ if phase == Phase::AtRest => Err(DebugError::NotStopped),
            _ => Err(DebugError::Running),
        }
    }
}

/// Whether code at rest is enough for it, and has to be looked at.
fn needs_no_stop(request: &Request, is_snapshot_fresh: bool) -> bool {
    match request {
        Request::Here(_) | Request::Go(_) => false,
        Request::Look(look) => match look {
            Look::InspectVariables => !is_snapshot_fresh,
            Look::Threads
            | Look::Variables(_)
            | Look::SetVariable(_)
            | Look::SetExpression(_)
            | Look::Evaluate(_)
            | Look::Completions(_)
            | Look::DataBreakpointInfo(_)
            | Look::RichInspectVariables(_)
            | Look::CopyToGlobals(_) => true,
            Look::StackTrace(_)
            | Look::Scopes(_)
            | Look::ExceptionInfo
            | Look::StepInTargets(_) => false,
        },
    }
}
