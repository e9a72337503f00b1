use std::sync::Arc;
use std::sync::atomic::Ordering;

use perilune_language::debug::SourceKey;
use serde_json::value::RawValue;

use super::{Asked, Phase, Session};
use crate::body;
use crate::breakpoints::Line;
use crate::capabilities::capabilities;
use crate::cells::{HASH_METHOD, HASH_SEED, SUFFIX};
use crate::reply;
use crate::request::{Here, Paging, SourceArguments};
use crate::{DebugError, sources};

impl Session {
    /// Does what needs no code's thread, and answers.
    pub(crate) fn answer(&self, asked: Asked) {
        let Asked {
            client,
            request,
            responder,
            ticket: _ticket,
        } = asked;
        let crate::request::Request::Here(request) = request else {
            return;
        };
        match request {
            Here::Attach(wanted) => match self.attach(&client, &wanted) {
                Ok(stop) => {
                    responder.answer(empty());
                    self.welcome(&client, stop.as_ref());
                }
                Err(error) => responder.refuse(&error),
            },
            Here::Terminate => {
                responder.answer(empty());
                if !self.terminate_stopped() {
                    self.outlet.interrupt();
                }
            }
            Here::Disconnect => {
                self.disconnect(&client);
                responder.answer(empty());
            }
            request => responder.answer(self.find(&client, request)),
        }
    }

    fn find(&self, client: &str, request: Here) -> Result<Option<Box<RawValue>>, DebugError> {
        match request {
            Here::Attach(_) | Here::Terminate | Here::Disconnect | Here::ConfigurationDone => {
                empty()
            }
            Here::Initialize(wanted) => {
                self.clients().initialize(client, &wanted)?;
                reply::body(&capabilities())
            }
            Here::DebugInfo => reply::body(&self.debug_info(client)),
            Here::DumpCell(wanted) => reply::body(&self.dump_cell(&wanted.code)),
            Here::Cancel(wanted) => {
                if let Some(request) = wanted.request_id {
                    self.cancel(client, request);
                }
                empty()
            }
            Here::SetBreakpoints(wanted) => reply::body(&self.set_breakpoints(client, wanted)?),
            Here::SetFunctionBreakpoints(wanted) => {
                reply::body(&self.set_function_breakpoints(wanted)?)
            }
            Here::SetDataBreakpoints(wanted) => reply::body(&self.set_data_breakpoints(wanted)?),
            Here::SetExceptionBreakpoints(wanted) => {
                reply::body(&self.set_exception_breakpoints(wanted))
            }
            Here::BreakpointLocations(wanted) => {
                reply::body(&self.breakpoint_locations(client, wanted)?)
            }
            Here::Source(wanted) => reply::body(&self.source(client, wanted)?),
            Here::LoadedSources => {
                let settings = self.clients().settings(client);
                let sources = self.sources();
                let all = sources.all_loaded();
                reply::body(&body::LoadedSources {
                    sources: all.map(|key| settings.source(sources.told(key))).collect(),
                })
            }
            Here::Modules(part) => reply::body(&self.modules(&part)),
            Here::Locations(wanted) => {
                let number = wanted.location_reference;
                let place = self.locations().place(number);
                let (key, line) = place.ok_or(DebugError::NoLocation(number))?;
                let settings = self.clients().settings(client);
                let source = settings.source(self.sources().told(&key));
                reply::body(&body::Location {
                    source,
                    line: settings.line(line),
                    column: settings.column(1),
                })
            }
            Here::Pause => {
                let is_stopped = self.state().phase == Phase::Stopped;
                if !is_stopped {
                    self.pause.store(true, Ordering::SeqCst);
                    self.attention.raise();
                }
                empty()
            }
        }
    }

    /// Writes a cell where every client can read it.
    fn dump_cell(&self, code: &str) -> body::DumpedCell {
        let key = self.sources().shown(code);
        let dumped = self.dump().write(&key, code);
        self.sources().note_dumped(&key, dumped.is_ok());
        if let Err(error) = dumped {
            // Its code is here, and who asks for it gets it.
            tracing::warn!(%error, "a cell could not be dumped");
        }
        body::DumpedCell {
            source_path: (*key).to_owned(),
        }
    }

    fn debug_info(&self, client: &str) -> body::DebugInfo {
        let stopped = self.state().stop.clone();
        let stopped_threads = stopped.map(|stop| {
            if self.clients().settings(client).is_jupyter() {
                perilune_language::debug::ThreadId::MAIN.0
            } else {
                stop.stop.thread.0
            }
        });
        let by_source = |(key, set): (&SourceKey, &[Line])| {
            let set = set.iter().map(|line| body::SourceBreakpoint {
                line: line.line(),
                condition: line.wanted.condition.clone(),
                hit_condition: line.wanted.hit_condition.clone(),
                log_message: line.wanted.log_message.clone(),
            });
            body::SourceBreakpoints {
                source: (**key).to_owned(),
                breakpoints: set.collect(),
            }
        };
        let breakpoints = self.breakpoints().by_source().map(by_source).collect();
        body::DebugInfo {
            is_started: self.is_on(),
            hash_method: HASH_METHOD,
            hash_seed: HASH_SEED,
            tmp_file_prefix: self.cells.prefix().to_owned(),
            tmp_file_suffix: SUFFIX,
            breakpoints,
            stopped_threads: stopped_threads.into_iter().collect(),
            rich_rendering: true,
            exception_paths: Vec::new(),
            copy_to_globals: true,
        }
    }

    fn source(
        &self,
        client: &str,
        wanted: SourceArguments,
    ) -> Result<body::SourceContent, DebugError> {
        let settings = self.clients().settings(client);
        let mut source = wanted.source.unwrap_or_default();
        let reference = source.source_reference.or(wanted.source_reference);
        source.source_reference = reference;
        let key = self.sources().key(&settings.source_from(source))?;
        let code = self.sources().code(&key);
        let code = match code {
            Some(code) => code,
            None => Arc::from(sources::read(&key)?),
        };
        Ok(body::SourceContent {
            content: (*code).to_owned(),
            mime_type: "text/x-lua",
        })
    }

    fn modules(&self, part: &Paging) -> body::Modules {
        let sources = self.sources();
        let all = sources.all_loaded().filter_map(|key| sources.module(key));
        let mut modules: Vec<_> = all.collect();
        drop(sources);
        modules.sort_by_key(|module| module.id);
        let total_modules = modules.len();
        let count = part.module_count.filter(|count| *count > 0);
        let modules = modules.into_iter();
        let modules = modules.skip(part.start_module.unwrap_or(0));
        body::Modules {
            modules: modules.take(count.unwrap_or(usize::MAX)).collect(),
            total_modules,
        }
    }

    /// Answers a request of a client that still waits, by saying that it was cancelled; or
    /// interrupts what is evaluated for it.
    fn cancel(&self, client: &str, request: i64) {
        let mut state = self.state();
        let is_it = |asked: &Asked| asked.client == client && asked.responder.request() == request;
        let at = state.looks.iter().position(is_it);
        let cancelled = at.and_then(|at| state.looks.remove(at));
        self.cancel_evaluation(&mut state, client, Some(request));
        drop(state);
        if let Some(asked) = cancelled {
            asked.responder.refuse(&DebugError::Cancelled);
        }
    }
}

/// The body of who has nothing to say. JupyterLab wants one all the same.
pub(crate) fn empty() -> Result<Option<Box<RawValue>>, DebugError> {
    reply::body(&serde_json::Map::new())
}
