mod values;

use std::sync::Arc;

use perilune_language::MimeBundle;
use perilune_language::debug::{
    FrameId, HolderId, Part, Paused, Purpose, Reason, ScopeKind, ThreadId,
};
use serde_json::value::RawValue;

use self::values::{completion_kind, shape, units, variable};
use super::Session;
use super::here::empty;
use crate::DebugError;
use crate::body;
use crate::clients::Settings;
use crate::reply;
use crate::request::{Completions, Filter, Look, RichInspectVariables, StackTrace, Variables};
use crate::snapshot::leaf;
use crate::stop_loop::StopState;

/// What a completion's text may have, in bytes, so that code's thread is not kept busy.
const MOST_TEXT: usize = 64 << 10;

impl Session {
    /// Answers out of code that does not go on; `stop` says where, if it has stopped.
    pub(crate) fn read(
        &self,
        client: &str,
        look: &Look,
        paused: &mut dyn Paused,
        stop: Option<&StopState>,
    ) -> Result<Option<Box<RawValue>>, DebugError> {
        let settings = self.clients().settings(client);
        let variable = |value| variable(self, &settings, value);
        let shape = |value: &_| shape(self, &settings, value);
        match look {
            Look::Threads => {
                let threads = paused.threads();
                self.state().threads.clone_from(&threads);
                reply::body(&self.threads())
            }
            Look::StackTrace(wanted) => {
                reply::body(&self.stack_trace(&settings, wanted, paused, stop)?)
            }
            Look::Scopes(wanted) => {
                let scopes = paused.scopes(FrameId(wanted.frame_id))?;
                let scopes = scopes.into_iter().map(|scope| body::Scope {
                    name: scope.name,
                    presentation_hint: match scope.kind {
                        ScopeKind::Locals => Some("locals"),
                        ScopeKind::Upvalues | ScopeKind::Globals => None,
                    },
                    variables_reference: scope.holder.0,
                    named_variables: scope.named,
                    indexed_variables: scope.indexed,
                    expensive: scope.kind == ScopeKind::Globals,
                });
                reply::body(&body::Scopes {
                    scopes: scopes.collect(),
                })
            }
            Look::Variables(wanted) => {
                let values = variables(wanted, paused)?;
                reply::body(&body::Variables {
                    variables: values.into_iter().map(variable).collect(),
                })
            }
            Look::SetVariable(wanted) => {
                let holder = HolderId(wanted.variables_reference);
                let value = paused.set_variable(holder, &wanted.name, &wanted.value)?;
                self.note_change();
                reply::body(&body::Set {
                    shape: shape(&value),
                    value: value.value,
                })
            }
            Look::SetExpression(wanted) => {
                let frame = wanted.frame_id.map(FrameId);
                let value = paused.set_expression(frame, &wanted.expression, &wanted.value)?;
                self.note_change();
                reply::body(&body::Set {
                    shape: shape(&value),
                    value: value.value,
                })
            }
            Look::Evaluate(wanted) => {
                let purpose = wanted.purpose();
                let frame = wanted.frame_id.map(FrameId);
                let value = paused.evaluate(frame, &wanted.expression, purpose);
                // It may have changed much before it failed.
                if purpose == Purpose::Console {
                    self.note_change();
                }
                let value = value?;
                reply::body(&body::Evaluated {
                    shape: shape(&value),
                    result: value.value,
                })
            }
            Look::Completions(wanted) => reply::body(&completions(&settings, wanted, paused)),
            Look::ExceptionInfo => {
                let is_error = stop.is_some_and(|stop| stop.stop.reason == Reason::Exception);
                let raised = is_error.then(|| paused.raised()).flatten();
                let raised = raised.ok_or(if stop.is_some() {
                    DebugError::NoException
                } else {
                    DebugError::NotStopped
                })?;
                reply::body(&body::ExceptionInfo {
                    exception_id: raised.name.clone(),
                    description: raised.message.clone(),
                    break_mode: if raised.is_caught {
                        "always"
                    } else {
                        "unhandled"
                    },
                    details: body::ExceptionDetails {
                        message: raised.message,
                        type_name: raised.name,
                        stack_trace: raised.traceback,
                    },
                })
            }
            Look::StepInTargets(wanted) => {
                let targets = paused.step_targets(FrameId(wanted.frame_id))?;
                let targets = targets.into_iter().map(|target| body::StepInTarget {
                    id: target.id,
                    label: target.label,
                    line: settings.line(target.line),
                    column: (target.column > 0).then(|| settings.column(target.column)),
                });
                reply::body(&body::StepInTargets {
                    targets: targets.collect(),
                })
            }
            Look::DataBreakpointInfo(wanted) => {
                let holder = wanted.variables_reference.filter(|holder| *holder != 0);
                let frame = wanted.frame_id.map(FrameId);
                let target = paused.data_target(holder.map(HolderId), frame, &wanted.name);
                reply::body(&match target {
                    Ok(target) => body::DataBreakpointInfo {
                        data_id: Some(target.data),
                        description: target.description,
                        access_types: vec!["write"],
                        can_persist: false,
                    },
                    Err(why) => body::DataBreakpointInfo {
                        data_id: None,
                        description: why.to_string(),
                        access_types: Vec::new(),
                        can_persist: false,
                    },
                })
            }
            Look::InspectVariables => {
                if stop.is_some() {
                    let values = session_variables(paused)?;
                    self.state().snapshot.is_wanted = true;
                    return reply::body(&body::Variables {
                        variables: values.into_iter().map(variable).collect(),
                    });
                }
                if !self.state().snapshot.is_fresh {
                    let values = session_variables(paused)?;
                    self.state().snapshot.refresh(values);
                }
                self.snapshot_at_rest(client)
            }
            Look::RichInspectVariables(wanted) => {
                let frame = wanted.frame_id.map(FrameId);
                // JupyterLab shows a variable until it is told to show another, asks for it anew
                // whenever anything has changed, also when its frame is gone, and takes a refusal
                // for an error of its own.
                let name = &wanted.variable_name;
                let bundle = paused
                    .rich(frame, name)
                    .or_else(|_| paused.rich(None, name));
                let bundle = bundle.unwrap_or_default();
                reply::body(&body::RichVariable {
                    data: bundle.data,
                    metadata: bundle.metadata,
                })
            }
            Look::CopyToGlobals(wanted) => {
                let frame = wanted.src_frame_id.map(FrameId);
                let (from, to) = (&wanted.src_variable_name, &wanted.dst_variable_name);
                paused.copy_to_globals(frame, from, to)?;
                self.note_change();
                empty()
            }
        }
    }

    /// Notes the session's variables for while code runs, if anybody wants them.
    pub(crate) fn refresh_snapshot(&self, paused: &mut dyn Paused) {
        if !self.state().snapshot.is_wanted {
            return;
        }
        match session_variables(paused) {
            Ok(variables) => self.state().snapshot.refresh(variables),
            Err(error) => tracing::warn!(%error, "the variables could not be noted"),
        }
    }

    /// The session's variables, which no code has changed since they were noted.
    pub(crate) fn snapshot_at_rest(
        &self,
        client: &str,
    ) -> Result<Option<Box<RawValue>>, DebugError> {
        let settings = self.clients().settings(client);
        let values = {
            let mut state = self.state();
            state.snapshot.is_wanted = true;
            Arc::clone(&state.snapshot.variables)
        };
        let values = values.iter().cloned();
        reply::body(&body::Variables {
            variables: values
                .map(|value| variable(self, &settings, value))
                .collect(),
        })
    }

    /// The session's variables as they were noted before the code began that runs now.
    pub(crate) fn snapshot_while_running(
        &self,
        client: &str,
    ) -> Result<Option<Box<RawValue>>, DebugError> {
        let settings = self.clients().settings(client);
        let mut state = self.state();
        state.snapshot.is_wanted = true;
        if let Some(told) = state.snapshot.told.get(&settings.types) {
            return Ok(Some(told.clone()));
        }
        let seen = Arc::clone(&state.snapshot.variables);
        drop(state);
        let values = seen.iter().map(leaf);
        let told = reply::body(&body::Variables {
            variables: values
                .map(|value| variable(self, &settings, value))
                .collect(),
        })?;
        let mut state = self.state();
        if let Some(told) = &told
            && Arc::ptr_eq(&seen, &state.snapshot.variables)
        {
            state.snapshot.told.insert(settings.types, told.clone());
        }
        Ok(told)
    }

    /// A variable of the session as it was noted before the code began that runs now: in a line,
    /// since what would show more of it cannot be asked.
    pub(crate) fn rich_while_running(
        &self,
        wanted: &RichInspectVariables,
    ) -> Result<Option<Box<RawValue>>, DebugError> {
        let state = self.state();
        let known = &state.snapshot.variables;
        let variable = known
            .iter()
            .find(|known| known.name == wanted.variable_name);
        let bundle = variable.map(|variable| MimeBundle::plain(&variable.value));
        let MimeBundle { data, metadata } = bundle.unwrap_or_default();
        reply::body(&body::RichVariable { data, metadata })
    }

    /// The threads, as they were when somebody looked.
    pub(crate) fn threads(&self) -> body::Threads {
        let state = self.state();
        let mut threads: Vec<_> = { state.threads.iter() }
            .map(|thread| body::Thread {
                id: thread.id.0,
                name: thread.name.clone(),
            })
            .collect();
        if threads.is_empty() {
            threads.push(body::Thread {
                id: ThreadId::MAIN.0,
                name: "main".to_owned(),
            });
        }
        body::Threads { threads }
    }

    fn stack_trace(
        &self,
        settings: &Settings,
        wanted: &StackTrace,
        paused: &mut dyn Paused,
        stop: Option<&StopState>,
    ) -> Result<body::StackTrace, DebugError> {
        let thread = match stop {
            // It takes any thread for the one that has stopped.
            Some(stop) if settings.is_jupyter() => stop.stop.thread,
            _ => ThreadId(wanted.thread_id),
        };
        let count = wanted.levels.filter(|levels| *levels > 0);
        let frames = paused.frames(thread, wanted.start_frame.unwrap_or(0), count)?;
        if let Some(stop) = &mut self.state().stop {
            stop.note_frames(&frames.frames);
        }
        let sources = self.sources();
        let stack_frames = frames.frames.into_iter().map(|frame| {
            let source = frame.source.as_ref().map(|key| {
                let mut source = settings.source(sources.told(key));
                source.presentation_hint = frame.is_foreign.then_some("deemphasize");
                source
            });
            let has_place = source.is_some() && frame.line > 0;
            body::StackFrame {
                id: frame.id.0,
                name: frame.name,
                line: if has_place {
                    settings.line(frame.line)
                } else {
                    0
                },
                column: if has_place {
                    settings.column(frame.column)
                } else {
                    0
                },
                presentation_hint: (frame.is_foreign || source.is_none()).then_some("subtle"),
                source,
                can_restart: frame.can_restart,
            }
        });
        Ok(body::StackTrace {
            stack_frames: stack_frames.collect(),
            total_frames: frames.total,
        })
    }

    /// Somebody has changed what others may look at.
    fn note_change(&self) {
        self.state().snapshot.is_fresh = false;
        self.tell_invalidated();
    }
}

fn session_variables(
    paused: &mut dyn Paused,
) -> Result<Vec<perilune_language::debug::Variable>, DebugError> {
    let session = paused.session();
    Ok(paused.variables(session, Part::default())?)
}

fn variables(
    wanted: &Variables,
    paused: &mut dyn Paused,
) -> Result<Vec<perilune_language::debug::Variable>, DebugError> {
    // JupyterLab asks for those of what has none.
    if wanted.variables_reference == 0 {
        return Ok(Vec::new());
    }
    let part = Part {
        indexed: wanted.filter.map(|filter| filter == Filter::Indexed),
        start: wanted.start.unwrap_or(0),
        count: wanted.count.filter(|count| *count > 0),
    };
    Ok(paused.variables(HolderId(wanted.variables_reference), part)?)
}

fn completions(
    settings: &Settings,
    wanted: &Completions,
    paused: &mut dyn Paused,
) -> body::Completions {
    if wanted.text.len() > MOST_TEXT {
        return body::Completions {
            targets: Vec::new(),
        };
    }
    // The column is of the line that is told, of which there is mostly one.
    let line = wanted.line.map_or(0, |line| settings.lines_before(line));
    let before: usize = { wanted.text.split_inclusive('\n') }
        .take(line)
        .map(|line| line.chars().count())
        .sum();
    let rest: String = wanted.text.chars().skip(before).collect();
    let cursor = before + units::code_points(&rest, settings.units_before(wanted.column));
    let completion = paused.complete(wanted.frame_id.map(FrameId), &wanted.text, cursor);
    let start = units::utf_16(&wanted.text, completion.start);
    let end = units::utf_16(&wanted.text, completion.end);
    let matches = completion.matches.into_iter();
    body::Completions {
        targets: matches
            .map(|found| body::CompletionItem {
                label: found.text,
                detail: found.signature,
                kind: completion_kind(found.kind),
                start: settings.completion_start(start),
                length: end.saturating_sub(start),
            })
            .collect(),
    }
}
