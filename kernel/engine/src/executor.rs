use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use chrono::{SecondsFormat, Utc};
use perilune_language::{
    Cell, CommMessage, Completeness, Detail, Failure, FailureKind, Language, MimeBundle, NextInput,
    Outcome,
};
use perilune_transport::Weight;
use perilune_wire::content::{
    CommClose, ErrorContent, ExecuteInput, ExecuteReply, ExecuteRequest, ExecuteResult,
    ExpressionResult, HistoryReply, InspectReply, IsCompleteReply, Object, ReplyStatus,
    ShutdownReply,
};
use perilune_wire::{Outgoing, Parent};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::completion;
use crate::context::{CodeRuns, Context, RunningCode};
use crate::debugging::Observed;
use crate::history;
use crate::knowledge;
use crate::outbox::{Item, Outbox, Place};
use crate::output::Output;
use crate::request::Request;
use crate::shutdown::LastSteps;
use crate::state::Keeper;
use crate::task_queue::{Task, Work};
use crate::turn::{self, Origin, Turn};
use crate::vitals::{self, Vitals};

/// How long nobody must have wanted anything for the names to be noted, so that no request waits
/// for it.
const QUIET: Duration = Duration::from_millis(50);

/// Works the task queue off, on the language's own thread.
pub(crate) struct Executor<L> {
    context: Arc<Context>,
    output: Arc<Output>,
    language: L,
    keeper: Keeper,
    program: Option<String>,
    unnumbered: u64,
    /// Whether code has run since the names were noted.
    has_run: bool,
    /// Whether code has run since the debugger looked at what it has left.
    has_changed: bool,
}

impl<L: Language> Executor<L> {
    /// With a `program`, cells are parts of it and called by its name.
    pub(crate) fn new(
        context: Arc<Context>,
        output: Arc<Output>,
        language: L,
        keeper: Keeper,
        program: Option<String>,
    ) -> Self {
        Self {
            context,
            output,
            language,
            keeper,
            program,
            unnumbered: 0,
            has_run: false,
            has_changed: false,
        }
    }

    /// Runs until the queue is closed and empty; says when it has begun to.
    pub(crate) fn run(mut self, started: oneshot::Sender<()>, last: LastSteps) {
        let context = Arc::clone(&self.context);
        let observed = Observed::new(Arc::clone(&context), Arc::clone(&self.output));
        self.language.debug(Arc::new(observed));
        self.note_names(&context);
        context.vitals.ready();
        // Nobody listens when the kernel ends already.
        let _ = started.send(());
        loop {
            if self.has_run && context.queue.rests_for(QUIET) {
                self.note_names(&context);
            }
            let Some(work) = context.queue.next() else {
                // Nobody waits for it when the kernel ended without us.
                let _ = last.drained.send(());
                self.keeper.end(&context, &mut self.language);
                let _ = last.saved.send(());
                return;
            };
            // A request that makes us panic is answered by its turn; the next one is another
            // matter, so the thread lives on.
            let perform = || match work {
                Work::Task(task) => self.perform(&context, *task),
                Work::Look => self.look_at_rest(&context),
            };
            if catch_unwind(AssertUnwindSafe(perform)).is_err() {
                tracing::error!("a request made the kernel panic; it was answered with an error");
            }
            self.show_changes(&context);
            if let Some(bytes) = self.language.memory() {
                let memory = &context.vitals.language_memory;
                memory.store(bytes, Ordering::Relaxed);
            }
        }
    }

    /// Leaves a snapshot to the completer, for while code runs.
    fn note_names(&mut self, context: &Context) {
        self.has_run = false;
        match catch_unwind(AssertUnwindSafe(|| self.language.snapshot())) {
            Ok(snapshot) => context.set_snapshot(snapshot),
            Err(_) => tracing::error!("the names could not be noted; older ones are kept"),
        }
    }

    /// Lets the debugger look at what code has left, if anybody debugs.
    fn show_changes(&mut self, context: &Context) {
        if std::mem::take(&mut self.has_changed) && context.debugging.is_on() {
            self.look(context);
        }
    }

    /// Lets the debugger look at what it was asked for while no code runs.
    fn look_at_rest(&mut self, context: &Context) {
        // What an expression prints is of no cell; what comes late of the last one still is.
        let (parent, place) = context.outbox.turn();
        let output = Arc::clone(&self.output);
        let listening = output.begin_turn(&Parent::none(), Place::Request, None);
        self.look(context);
        drop(listening);
        context.outbox.begin_turn(&parent, place);
    }

    /// An interrupt stops it.
    fn look(&mut self, context: &Context) {
        let look = || {
            self.language
                .at_rest(&mut |paused| context.debugging.rest(paused));
        };
        let look = || context.running.during(look);
        if catch_unwind(AssertUnwindSafe(look)).is_err() {
            tracing::error!("a look at the language's values made the kernel panic");
        }
    }

    fn perform(&mut self, context: &Context, task: Task) {
        let Task {
            origin,
            request,
            aborted,
            arrived,
            ..
        } = task;
        context.vitals.queue_wait.add(arrived.elapsed());
        match request {
            Request::Execute(request) if !aborted => self.execute(context, origin, request),
            Request::Comm(message) => self.comm(context, origin, message),
            Request::Save => self.save(context, origin),
            request => self.answer(context, origin, request),
        }
    }

    fn answer(&mut self, context: &Context, origin: Origin, request: Request) {
        let mut turn = Turn::begin(context, &context.outbox, origin);
        match request {
            Request::Execute(_) => {
                vitals::count(&context.vitals.executed.aborted);
                turn.reply(aborted(context));
            }
            Request::Complete(request) => {
                turn.reply(completion::reply(&request, |code, cursor| {
                    self.language.complete(code, cursor)
                }));
            }
            Request::Inspect(request) => {
                let cursor = request
                    .cursor_pos
                    .unwrap_or_else(|| request.code.chars().count());
                let detail = if request.detail_level == 0 {
                    Detail::Brief
                } else {
                    Detail::Full
                };
                let bundle = self.language.inspect(&request.code, cursor, detail);
                let found = bundle.is_some();
                let MimeBundle { data, metadata } = bundle.unwrap_or_default();
                turn.reply(InspectReply {
                    status: ReplyStatus::Ok,
                    found,
                    data,
                    metadata,
                });
            }
            Request::IsComplete(request) => {
                turn.reply(match self.language.is_complete(&request.code) {
                    Completeness::Complete => IsCompleteReply::Complete,
                    Completeness::Incomplete { indent } => IsCompleteReply::Incomplete { indent },
                    Completeness::Invalid => IsCompleteReply::Invalid,
                    Completeness::Unknown => IsCompleteReply::Unknown,
                });
            }
            // Here and not on the I/O thread, which must not wait for a disk.
            Request::History(request) => {
                let found = context.history.select(history::query(&request));
                turn.reply(HistoryReply {
                    status: ReplyStatus::Ok,
                    history: history::answer(found, request.output),
                });
            }
            Request::Shutdown(request) => {
                let reply = ShutdownReply {
                    status: ReplyStatus::Ok,
                    restart: request.restart,
                };
                turn.publish("shutdown_reply", reply.clone(), Weight::Essential);
                turn.reply(reply);
                drop(turn);
                context.queue.end();
                context.outbox.push(Item::Exit {
                    code: 0,
                    announced: true,
                });
            }
            Request::Invalid(error) => turn.refuse(turn::invalid(&error)),
            Request::NoSuchSubshell(subshell) => turn.refuse(turn::no_such_subshell(&subshell)),
            other => {
                if let Some(content) = knowledge::answer(context, &other) {
                    turn.reply(content);
                }
            }
        }
    }

    fn execute(&mut self, context: &Context, origin: Origin, request: ExecuteRequest) {
        let started = Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true);
        let stores_history = request.stores_history();
        let execution_count = if stores_history {
            context.knowledge.count_cell()
        } else {
            context.knowledge.execution_count()
        };
        let is_remembered = stores_history && !self.language.is_private(&request.code);
        if self.language.is_private(&request.code) {
            context.journal.hide(origin.parent.msg_id());
        }
        let asker = request.allow_stdin.then(|| origin.identities.clone());
        let cell = Cell {
            name: self.cell_name(stores_history, execution_count),
            code: request.code,
            wants_result: !request.silent,
        };
        // Busy is said only when an interrupt would not be in vain.
        self.has_run = true;
        self.has_changed = true;
        self.keeper.code_runs();
        let began = Instant::now();
        let (mut turn, outcome, expressions) = context.running.during(|| {
            let _runs = context.debugging.code_runs();
            let parent = origin.parent.clone();
            let code = RunningCode::cell(parent, execution_count, &cell.code);
            let (mut turn, _code) = begin_code(context, origin, code);
            if !request.silent {
                let input = ExecuteInput {
                    code: cell.code.clone(),
                    execution_count,
                };
                turn.publish("execute_input", input, Weight::Output);
            }
            let parent = turn.origin().parent.clone();
            let place = if request.silent {
                Place::Nowhere
            } else {
                Place::Cell(parent.clone())
            };
            let listening = self.output.begin_turn(&parent, place, asker);
            let outcome = self.language.execute(&cell);
            let expressions = match &outcome {
                Ok(_) => evaluate(&mut self.language, &request.user_expressions),
                Err(_) => Object::new(),
            };
            drop(listening);
            (turn, outcome, expressions)
        });

        note_outcome(&context.vitals, began.elapsed(), &outcome);
        // Before anybody hears of the end, so that who asks then is told what is true then.
        self.show_changes(context);
        if is_remembered {
            let result = outcome
                .as_ref()
                .ok()
                .and_then(|outcome| outcome.result.as_ref());
            let output = result.and_then(MimeBundle::text).map(str::to_owned);
            context
                .history
                .add(history::entry(execution_count, cell.code, output));
        }
        let metadata = Object::from_iter([("started".to_owned(), Value::from(started))]);
        match outcome {
            Ok(Outcome {
                result,
                page,
                next_input,
            }) => {
                if let Some(MimeBundle { data, metadata }) = result {
                    let result = ExecuteResult {
                        execution_count,
                        data,
                        metadata,
                    };
                    turn.publish("execute_result", result, Weight::Output);
                }
                turn.reply_with_metadata(
                    ExecuteReply::Ok {
                        execution_count,
                        payload: payload(page, next_input),
                        user_expressions: expressions,
                    },
                    metadata,
                );
            }
            Err(Failure {
                kind: FailureKind::Exit(code),
                ..
            }) => {
                let ask_exit = json!({"source": "ask_exit", "keepkernel": false});
                turn.reply_with_metadata(
                    ExecuteReply::Ok {
                        execution_count,
                        payload: vec![ask_exit],
                        user_expressions: Object::new(),
                    },
                    metadata,
                );
                drop(turn);
                end_with(context, code);
            }
            Err(failure) => {
                let error = error_content(failure);
                if !request.silent {
                    turn.publish("error", error.clone(), Weight::Essential);
                }
                // What failed unseen is nobody's reason to stop what is seen (as ipykernel has it).
                if request.stop_on_error && !request.silent {
                    abort_what_waits(context);
                }
                turn.reply_with_metadata(failed(error, execution_count), metadata);
            }
        }
    }

    /// Saves the language's state; an interrupt stops it.
    fn save(&mut self, context: &Context, origin: Origin) {
        let (mut turn, result) = context.running.during(|| {
            let turn = Turn::begin(context, &context.outbox, origin);
            let result = self.keeper.save(context, &mut self.language);
            (turn, result)
        });
        match result {
            Ok(reply) => turn.reply(reply),
            Err(error) => turn.refuse(ErrorContent {
                ename: "StateError".to_owned(),
                evalue: error.to_string(),
                traceback: Vec::new(),
            }),
        }
    }

    fn cell_name(&mut self, numbered: bool, execution_count: u64) -> String {
        if let Some(program) = &self.program {
            return program.clone();
        }
        if numbered {
            return format!("cell[{execution_count}]");
        }
        self.unnumbered += 1;
        format!("unnumbered[{}]", self.unnumbered)
    }

    fn comm(&mut self, context: &Context, origin: Origin, message: CommMessage) {
        let (id, opens) = (
            message.id().to_owned(),
            matches!(message, CommMessage::Open { .. }),
        );
        let cell = context.comms().cell(&id);
        match &message {
            CommMessage::Open { id, target, .. } => context.comms().open(id, target, None),
            CommMessage::Close { id, .. } => context.comms().close(id),
            CommMessage::Data { .. } => {}
        }
        self.has_run = true;
        self.has_changed = true;
        self.keeper.code_runs();
        let (mut turn, accepted) = context.running.during(|| {
            let _runs = context.debugging.code_runs();
            let code = RunningCode::comm(origin.parent.clone());
            let (turn, _code) = begin_code(context, origin, code);
            let place = cell.clone().map_or(Place::Request, Place::Cell);
            let listening = self.output.begin_turn(&turn.origin().parent, place, None);
            let accepted = self.language.comm(message);
            drop(listening);
            (turn, accepted)
        });
        match accepted {
            Ok(true) => {}
            Ok(false) => {
                if opens {
                    close_refused(context, &mut turn, id);
                }
            }
            Err(Failure {
                kind: FailureKind::Exit(code),
                ..
            }) => {
                turn.reply(());
                drop(turn);
                end_with(context, code);
                return;
            }
            Err(failure) => {
                let parent = cell.unwrap_or_else(|| turn.origin().parent.clone());
                let error = Outgoing::new("error", parent, error_content(failure));
                context.publish(error, Weight::Essential);
                // The language has forgotten it.
                if opens {
                    close_refused(context, &mut turn, id);
                }
            }
        }
        turn.reply(());
    }
}

fn note_outcome(vitals: &Vitals, took: Duration, outcome: &Result<Outcome, Failure>) {
    vitals.execute_duration.add(took);
    let executed = &vitals.executed;
    vitals::count(match outcome {
        Ok(_) => &executed.ok,
        Err(failure) => match failure.kind {
            FailureKind::Interrupted => &executed.interrupted,
            FailureKind::Exit(_) => &executed.ok,
            FailureKind::Syntax | FailureKind::Runtime | FailureKind::Memory => &executed.error,
        },
    });
}

/// Tells the one who opened a comm that there is nobody at its other end.
fn close_refused(context: &Context, turn: &mut Turn<'_, &Outbox>, id: String) {
    context.comms().close(&id);
    let close = CommClose {
        comm_id: id,
        data: Object::new(),
    };
    turn.publish("comm_close", close, Weight::Essential);
}

/// Lets the kernel end, when all that was caused so far has been sent.
fn end_with(context: &Context, code: i32) {
    context.queue.end();
    context.outbox.push(Item::Exit {
        code,
        announced: false,
    });
}

/// Begins a turn in which code runs. Who hears its busy is completed for from the snapshot; and
/// when it is idle nobody believes any more that code runs, since the second is dropped first.
fn begin_code(
    context: &Context,
    origin: Origin,
    code: RunningCode,
) -> (Turn<'_, &Outbox>, CodeRuns<'_>) {
    let code = context.begin_code(code);
    (Turn::begin(context, &context.outbox, origin), code)
}

/// Makes sure that every request which clients sent before they could know of the failure waits
/// in the queue, and then that none of those which wait will run.
fn abort_what_waits(context: &Context) {
    let (passed, barrier) = oneshot::channel();
    context.outbox.push(Item::Barrier(passed));
    // An error means that the I/O thread has ended, and then nothing will run anyway.
    let _ = barrier.blocking_recv();
    context.queue.abort();
}

fn evaluate<L: Language>(language: &mut L, expressions: &Object) -> Object {
    let mut value = |expression: &Value| {
        let Value::String(expression) = expression else {
            return ExpressionResult::Error {
                ename: "TypeError".to_owned(),
                evalue: "a user expression must be a string".to_owned(),
                traceback: Vec::new(),
            };
        };
        match language.evaluate(expression) {
            Ok(MimeBundle { data, metadata }) => ExpressionResult::Ok { data, metadata },
            Err(failure) => {
                let ErrorContent {
                    ename,
                    evalue,
                    traceback,
                } = error_content(failure);
                ExpressionResult::Error {
                    ename,
                    evalue,
                    traceback,
                }
            }
        }
    };
    expressions
        .iter()
        .map(|(name, expression)| {
            let result = serde_json::to_value(value(expression)).unwrap_or(Value::Null);
            (name.clone(), result)
        })
        .collect()
}

/// What a front end does beside showing the outputs: it shows something beside the cell, from its
/// first line on, or puts code into the same cell, the next one, or at the next prompt.
fn payload(page: Option<MimeBundle>, next_input: Option<NextInput>) -> Vec<Value> {
    let page = page.map(|page| json!({"source": "page", "data": page.data, "start": 0}));
    let next_input = next_input.map(|NextInput { text, replaces }| {
        json!({"source": "set_next_input", "text": text, "replace": replaces})
    });
    page.into_iter().chain(next_input).collect()
}

fn error_content(failure: Failure) -> ErrorContent {
    ErrorContent {
        ename: failure.name,
        evalue: failure.message,
        traceback: failure.traceback,
    }
}

/// The reply to a cell that failed.
pub(crate) fn failed(error: ErrorContent, execution_count: u64) -> ExecuteReply {
    ExecuteReply::Error {
        execution_count,
        ename: error.ename,
        evalue: error.evalue,
        traceback: error.traceback,
        payload: Vec::new(),
        user_expressions: Object::new(),
    }
}

fn aborted(context: &Context) -> ExecuteReply {
    ExecuteReply::Aborted {
        execution_count: context.knowledge.execution_count(),
        ename: "Aborted".to_owned(),
        evalue: "a cell before this one failed".to_owned(),
        traceback: Vec::new(),
        payload: Vec::new(),
        user_expressions: Object::new(),
    }
}
