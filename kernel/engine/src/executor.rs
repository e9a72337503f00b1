mod cell;
mod comm;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use perilune_language::{Completeness, Detail, Failure, Language, MimeBundle};
use perilune_transport::Weight;
use perilune_wire::Parent;
use perilune_wire::content::{
    ErrorContent, HistoryReply, InspectReply, IsCompleteReply, ReplyStatus, ShutdownReply,
};
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
use crate::vitals;

pub(crate) use self::cell::failed;

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
                turn.reply(cell::aborted(context));
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

fn error_content(failure: Failure) -> ErrorContent {
    ErrorContent {
        ename: failure.name,
        evalue: failure.message,
        traceback: failure.traceback,
    }
}
