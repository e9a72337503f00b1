use std::sync::Arc;
use std::time::Duration;

use perilune_language::{Host, Interrupt, Language, LanguageInfo};
use perilune_transport::{Incoming, ShellGate, Transport, Weight};
use perilune_wire::content::{ExecutionState, ReplyStatus, ShutdownReply};
use perilune_wire::{Outgoing, Parent, Session};
use tokio::sync::oneshot;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until, timeout};

use crate::capture::{Capture, CaptureThread};
use crate::children;
use crate::context::{Context, Parts};
use crate::errands::{Asker, Errand, Errands};
use crate::error::EngineError;
use crate::executor::Executor;
use crate::history;
use crate::journal;
use crate::knowledge::Knowledge;
use crate::launcher;
use crate::options::Options;
use crate::output::Output;
use crate::publisher::{Demand, Publisher};
use crate::reception::{Farewell, Reception};
use crate::running::Running;
use crate::signals::{FORCED, Signals, Wish};
use crate::state::Keeper;
use crate::turn::{self, Outlet, Turn};
use crate::vitals::Questions;

/// How long a running cell has to end before the kernel ends without it.
const LAST_CELL: Duration = Duration::from_millis(1000);
/// How long a lull means that clients have sent nothing more.
const LULL: Duration = Duration::from_millis(1);
/// How long to wait for a lull.
const NO_LULL: Duration = Duration::from_millis(500);
/// How long clients have to take what was sent to them.
const LINGER: Duration = Duration::from_millis(1000);
/// After so many outboxes in a row, or one that takes so long, the sockets have their turn.
const MOST_ROUNDS: u32 = 64;
const LONG_ROUND: Duration = Duration::from_micros(500);
/// How long the history has to be written when all else is over.
const LAST_ENTRIES: Duration = Duration::from_millis(1500);
/// Lua's C stack is bounded by itself; what it calls may need more than the default.
const STACK: usize = 16 << 20;

/// Runs a Lua kernel on a transport until somebody ends it. Returns the process's exit code.
///
/// The calling task is the I/O thread: it must not share its thread with anything that blocks.
///
/// # Errors
///
/// [`EngineError`] when the kernel could not start.
pub async fn serve<T: Transport>(
    transport: T,
    session: Session,
    mut options: Options,
) -> Result<i32, EngineError> {
    let lua = std::mem::take(&mut options.lua);
    let start = move |host, interrupt| {
        perilune_lua::Interpreter::new(host, interrupt, lua).map_err(|error| error.to_string())
    };
    serve_language(transport, session, options, &perilune_lua::INFO, start).await
}

async fn serve_language<T: Transport, L: Language>(
    transport: T,
    session: Session,
    options: Options,
    info: &LanguageInfo,
    start: impl FnOnce(Arc<dyn Host>, Interrupt) -> Result<L, String> + Send + 'static,
) -> Result<i32, EngineError> {
    let interrupt =
        Interrupt::new().map_err(EngineError::system("no file descriptor for interrupts"))?;
    let signals = Signals::listen(options.signals)?;
    let questions = options.vitals.questions();
    let context = Arc::new(Context::new(Parts {
        name: options.name,
        session,
        running: Running::new(interrupt.clone()),
        knowledge: Knowledge::new(info),
        ports: options.ports,
        history: history::recorder(options.history),
        journal: journal::recorder(options.journal),
        errands: Errands::new(options.steward, options.dumps),
        vitals: options.vitals,
        census: transport.census(),
    }));
    let shared = Arc::downgrade(&context);
    context
        .vitals
        .ask_for_gauges(move || shared.upgrade().map(|context| context.gauges()));
    let capture = options
        .descriptors
        .map(|taken| Arc::new(Capture::new(taken)));
    let capture_thread = match &capture {
        Some(capture) => Some(CaptureThread::start(
            Arc::clone(capture),
            Arc::clone(&context),
        )?),
        None => None,
    };
    let (has_started, started) = oneshot::channel();
    let keeper = Keeper::new(options.state, Arc::clone(&options.shutdown), info);
    let executor = start_executor(
        Arc::clone(&context),
        capture,
        interrupt,
        options.program,
        keeper,
        has_started,
        start,
    )?;

    let kernel = Kernel {
        publisher: Publisher::new(&context, transport),
        reception: Reception::new(Arc::clone(&context)),
        context: &context,
        signals,
        questions,
        executor,
        starting: Some((started, options.ready.unwrap_or_else(|| Box::new(|| {})))),
    };
    let code = kernel.live(options.launcher).await;
    context.outbox.close();
    drop(capture_thread);
    context.history.end(LAST_ENTRIES);
    context.journal.end(LAST_ENTRIES);
    code
}

fn start_executor<L: Language>(
    context: Arc<Context>,
    capture: Option<Arc<Capture>>,
    interrupt: Interrupt,
    program: Option<String>,
    mut keeper: Keeper,
    has_started: oneshot::Sender<()>,
    start: impl FnOnce(Arc<dyn Host>, Interrupt) -> Result<L, String> + Send + 'static,
) -> Result<oneshot::Receiver<Result<(), String>>, EngineError> {
    let (ended, end) = oneshot::channel();
    let run = move || {
        let output = Arc::new(Output::new(Arc::clone(&context), capture));
        let host: Arc<dyn Host> = Arc::clone(&output) as Arc<dyn Host>;
        let result = start(host, interrupt).and_then(|mut language| {
            keeper.begin(&context, &mut language)?;
            let _ = has_started.send(());
            Executor::new(context, output, language, keeper, program).run();
            Ok(())
        });
        // Nobody listens when the kernel ended without us.
        let _ = ended.send(result);
    };
    std::thread::Builder::new()
        .name("executor".to_owned())
        .stack_size(STACK)
        .spawn(run)
        .map_err(EngineError::system("the language's thread did not start"))?;
    Ok(end)
}

struct Kernel<'a, T> {
    context: &'a Arc<Context>,
    publisher: Publisher<'a, T>,
    reception: Reception,
    signals: Signals,
    questions: Questions,
    executor: oneshot::Receiver<Result<(), String>>,
    /// Until the language has started: the word of it, and who waits for it.
    starting: Option<Starting>,
}

type Starting = (oneshot::Receiver<()>, Box<dyn FnOnce() + Send>);

/// Cancel safe.
async fn started(starting: &mut Option<Starting>) {
    let Some((word, _)) = starting else {
        return std::future::pending().await;
    };
    // When it did not start, the executor's end says why.
    if word.await.is_err() {
        *starting = None;
        return;
    }
    if let Some((_, ready)) = starting.take() {
        ready();
    }
}

/// Why a kernel ends.
enum Ending {
    /// A client asked for it.
    Asked(Farewell),
    /// A cell asked for it, or the process was told to.
    Told {
        code: i32,
        /// Whether the subscribers know already.
        announced: bool,
    },
    /// It cannot go on.
    Failed(EngineError),
}

impl<T: Transport> Kernel<'_, T> {
    async fn live(mut self, launcher: Option<u32>) -> Result<i32, EngineError> {
        self.say(Parent::none(), ExecutionState::Starting);
        let ending = self.serve(launcher).await;
        self.context.vitals.stop();
        self.context.errands.tell(|steward| steward.stopping());
        self.end(ending).await
    }

    async fn serve(&mut self, launcher: Option<u32>) -> Ending {
        let launcher_gone = launcher::gone(launcher);
        tokio::pin!(launcher_gone);
        let mut rounds = 0;
        loop {
            let (gate, text_from) = (self.gate(), self.publisher.text_from());
            tokio::select! {
                incoming = self.publisher.transport.recv(gate) => {
                    let Some(incoming) = incoming else { return Ending::Told { code: 0, announced: false } };
                    if let Some(ending) = self.take(incoming).await {
                        return ending;
                    }
                }
                () = self.context.outbox.filled(text_from) => {
                    let began = Instant::now();
                    let demands = self.publisher.send_outbox();
                    if let Some(ending) = self.meet(demands).await {
                        return ending;
                    }
                    // Else a cell that fills the outbox again at once would starve the sockets.
                    // Not each time, or what follows in a moment would not be written with it.
                    rounds += 1;
                    if rounds >= MOST_ROUNDS || began.elapsed() > LONG_ROUND {
                        rounds = 0;
                        yield_now().await;
                    }
                }
                wish = self.signals.next() => {
                    if let Some(ending) = self.obey(wish) {
                        return ending;
                    }
                }
                () = self.questions.answer() => {}
                () = started(&mut self.starting) => {}
                () = &mut launcher_gone => {
                    tracing::info!("the launcher has ended, and so does the kernel");
                    return Ending::Told { code: 0, announced: false };
                }
                result = &mut self.executor => {
                    let message = match result {
                        Ok(Err(message)) => message,
                        Ok(Ok(())) | Err(_) => "its thread ended".to_owned(),
                    };
                    return Ending::Failed(EngineError::Language(message));
                }
            }
        }
    }

    /// Does what a signal asks for, as if a client had asked.
    fn obey(&mut self, wish: Wish) -> Option<Ending> {
        let (errand, signal) = match wish {
            Wish::Terminate => {
                return Some(Ending::Told {
                    code: 0,
                    announced: false,
                });
            }
            Wish::Force => {
                return Some(Ending::Told {
                    code: FORCED,
                    announced: false,
                });
            }
            Wish::Interrupt => {
                // Who signals our children's group too signals them himself.
                self.context.interrupt();
                return None;
            }
            Wish::Reload => (Errand::Reload, "SIGUSR1"),
            Wish::Dump => (Errand::Dump, "SIGUSR2"),
        };
        let asker = Asker::Signal(signal);
        if self
            .context
            .errands
            .begin(self.context, errand, asker)
            .is_err()
        {
            tracing::warn!(
                signal,
                "a signal asked for what is under way several times already"
            );
        }
        None
    }

    fn gate(&self) -> ShellGate {
        if self.context.queue.is_full() {
            ShellGate::Closed
        } else {
            ShellGate::Open
        }
    }

    async fn take(&mut self, incoming: Incoming) -> Option<Ending> {
        // A message that is here already counts as sent before a barrier.
        let (demands, farewell) = self.receive(incoming);
        match farewell {
            Some(farewell) => Some(Ending::Asked(farewell)),
            None => self.meet(demands).await,
        }
    }

    /// Takes one message, behind what the executor has said already.
    fn receive(&mut self, incoming: Incoming) -> (Vec<Demand>, Option<Farewell>) {
        // Asked before the outbox is emptied: who is idle now has nothing left to say there.
        let is_idle = self.context.queue.is_idle();
        let demands = self.publisher.send_outbox();
        let farewell = self.reception.take(incoming, is_idle, &mut self.publisher);
        (demands, farewell)
    }

    async fn meet(&mut self, demands: Vec<Demand>) -> Option<Ending> {
        for demand in demands {
            match demand {
                Demand::Exit { code, announced } => return Some(Ending::Told { code, announced }),
                Demand::Barrier(passed) => {
                    let farewell = self.take_all_that_was_sent(Instant::now() + NO_LULL).await;
                    let _ = passed.send(());
                    if farewell.is_some() {
                        return farewell.map(Ending::Asked);
                    }
                }
            }
        }
        None
    }

    /// Takes messages until none comes for a moment, or until the deadline when clients leave no
    /// such moment.
    async fn take_all_that_was_sent(&mut self, deadline: Instant) -> Option<Farewell> {
        while self.gate() == ShellGate::Open && Instant::now() < deadline {
            let next = timeout(LULL, self.publisher.transport.recv(ShellGate::Open)).await;
            let Ok(Some(incoming)) = next else { break };
            // Who waits at a barrier demands nothing else, and at the end nothing is demanded.
            let (_, farewell) = self.receive(incoming);
            if farewell.is_some() {
                return farewell;
            }
        }
        None
    }

    async fn end(mut self, ending: Ending) -> Result<i32, EngineError> {
        if !matches!(ending, Ending::Failed(_)) {
            // What was sent before anybody could know of the end is answered too.
            self.context.queue.end();
            let deadline = Instant::now() + NO_LULL;
            while let Some(farewell) = self.take_all_that_was_sent(deadline).await {
                farewell.answer(self.context, &mut self.publisher);
            }
            self.context.queue.close();
            self.end_executor().await;
        }
        let _ = self.publisher.send_outbox();
        self.publisher.finish_text();
        // Whose thread is stuck will have no other answer.
        for origin in self.context.completer.take_all() {
            Turn::begin(self.context, &mut self.publisher, origin).refuse(turn::ended());
        }
        let unanswered: Vec<_> = self.context.errands.take_all().collect();
        for asker in unanswered {
            if let Asker::Client(origin) = asker {
                Turn::begin(self.context, &mut self.publisher, origin).refuse(turn::ended());
            }
        }
        let result = match ending {
            Ending::Asked(farewell) => {
                farewell.answer(self.context, &mut self.publisher);
                Ok(0)
            }
            Ending::Told { code, announced } => {
                if !announced {
                    self.tell_subscribers();
                }
                Ok(code)
            }
            Ending::Failed(error) => Err(error),
        };
        self.publisher.transport.flush(LINGER).await;
        if self.context.has_foreigners() {
            children::end();
        }
        result
    }

    /// Stops what runs, answers what waits, and sends what comes of it meanwhile.
    async fn end_executor(&mut self) {
        let context = Arc::clone(self.context);
        context.running.end();
        context.stdin.close();
        let deadline = Instant::now() + LAST_CELL;
        loop {
            tokio::select! {
                _ = &mut self.executor => return,
                () = context.outbox.filled(self.publisher.text_from()) => {
                    for demand in self.publisher.send_outbox() {
                        if let Demand::Barrier(passed) = demand {
                            let _ = passed.send(());
                        }
                    }
                }
                () = sleep_until(deadline) => {
                    tracing::warn!("the running cell did not end in time; the kernel ends without it");
                    return;
                }
            }
        }
    }

    fn tell_subscribers(&mut self) {
        let reply = ShutdownReply {
            status: ReplyStatus::Ok,
            restart: false,
        };
        let message = Outgoing::new("shutdown_reply", Parent::none(), reply);
        if let Ok(frames) = self.context.broadcast(message) {
            self.publisher
                .broadcast(Parent::none(), frames, Weight::Essential);
        }
    }

    fn say(&mut self, parent: Parent, state: ExecutionState) {
        if let Ok(frames) = self.context.status(parent.clone(), state) {
            self.publisher.broadcast(parent, frames, Weight::Essential);
        }
    }
}

#[cfg(test)]
mod tests;
