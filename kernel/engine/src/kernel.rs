use std::sync::{Arc, Weak};
use std::time::Duration;

use perilune_language::debug::SourceReader;
use perilune_language::{Host, Interrupt, Language, LanguageInfo};
use perilune_transport::{Incoming, ShellGate, Transport, Weight};
use perilune_wire::content::ExecutionState;
use perilune_wire::{Parent, Session};
use tokio::sync::oneshot;
use tokio::task::yield_now;
use tokio::time::{Instant, timeout};

use crate::capture::{Capture, CaptureThread, make_room_for_handlers};
use crate::context::{Context, Parts};
use crate::debugging::{Code, Debugging};
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
use crate::shutdown::{Ending, Executing, Shutdown, Teller};
use crate::signals::{Signals, Wish};
use crate::state::Keeper;
use crate::turn::Outlet;
use crate::vitals::Questions;

/// How long a lull means that clients have sent nothing more.
const LULL: Duration = Duration::from_millis(1);
/// How long to wait for a lull.
const NO_LULL: Duration = Duration::from_millis(500);
/// After so many outboxes in a row, or one that takes so long, the sockets have their turn.
const MOST_ROUNDS: u32 = 64;
const LONG_ROUND: Duration = Duration::from_micros(500);
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
    let reader = Arc::new(perilune_lua::LuaLines);
    let info = &perilune_lua::INFO;
    serve_language(transport, session, options, info, reader, start).await
}

async fn serve_language<T: Transport, L: Language>(
    transport: T,
    session: Session,
    options: Options,
    info: &LanguageInfo,
    reader: Arc<dyn SourceReader>,
    start: impl FnOnce(Arc<dyn Host>, Interrupt) -> Result<L, String> + Send + 'static,
) -> Result<i32, EngineError> {
    let interrupt =
        Interrupt::new().map_err(EngineError::system("no file descriptor for interrupts"))?;
    let signals = Signals::listen(options.signals)?;
    let questions = options.vitals.questions();
    let code = Code {
        program: options.program.clone(),
        reader,
    };
    let parts = |context: &_| Parts {
        name: options.name,
        session,
        running: Running::new(interrupt.clone()),
        knowledge: Knowledge::new(info),
        ports: options.ports,
        history: history::recorder(options.history),
        journal: journal::recorder(options.journal),
        errands: Errands::new(options.steward, options.dumps),
        debugging: Debugging::new(Weak::clone(context), interrupt.clone(), code),
        vitals: options.vitals,
        census: transport.census(),
    };
    let context = Arc::new_cyclic(|context| Context::new(parts(context)));
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
    let mut executing = start_executor(
        Arc::clone(&context),
        capture,
        interrupt,
        options.program,
        keeper,
        has_started,
        start,
    )?;

    let mut kernel = Kernel {
        publisher: Publisher::new(&context, transport),
        reception: Reception::new(Arc::clone(&context)),
        context: &context,
        signals,
        questions,
        starting: Some((started, options.ready.unwrap_or_else(|| Box::new(|| {})))),
    };
    let ending = kernel.serve(options.launcher, &mut executing).await;
    context.vitals.stop();
    context.errands.tell(|steward| steward.stopping());
    Shutdown::new(&mut kernel, options.shutdown.deadlines())
        .run(ending, executing, capture_thread)
        .await
}

fn start_executor<L: Language>(
    context: Arc<Context>,
    capture: Option<Arc<Capture>>,
    interrupt: Interrupt,
    program: Option<String>,
    mut keeper: Keeper,
    has_started: oneshot::Sender<()>,
    start: impl FnOnce(Arc<dyn Host>, Interrupt) -> Result<L, String> + Send + 'static,
) -> Result<Executing, EngineError> {
    let (ended, end) = oneshot::channel();
    let (executing, last) = Executing::new(end);
    let run = move || {
        make_room_for_handlers();
        let output = Arc::new(Output::new(Arc::clone(&context), capture));
        let host: Arc<dyn Host> = Arc::clone(&output) as Arc<dyn Host>;
        let result = start(host, interrupt).and_then(|mut language| {
            keeper.begin(&context, &mut language)?;
            let executor = Executor::new(context, output, language, keeper, program);
            executor.run(has_started, last);
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
    Ok(executing)
}

pub(crate) struct Kernel<'a, T> {
    pub(crate) context: &'a Arc<Context>,
    pub(crate) publisher: Publisher<'a, T>,
    pub(crate) reception: Reception,
    pub(crate) signals: Signals,
    pub(crate) questions: Questions,
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

impl<T: Transport> Kernel<'_, T> {
    async fn serve(&mut self, launcher: Option<u32>, executing: &mut Executing) -> Ending {
        self.say(Parent::none(), ExecutionState::Starting);
        let launcher_gone = launcher::gone(launcher);
        tokio::pin!(launcher_gone);
        let mut rounds = 0;
        loop {
            let (gate, text_from) = (self.gate(), self.publisher.text_from());
            tokio::select! {
                incoming = self.publisher.transport.recv(gate) => {
                    let Some(incoming) = incoming else {
                        return Ending::told(0, Teller::Client);
                    };
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
                wish = self.signals.next() => match wish {
                    Wish::Terminate | Wish::Force => return Ending::told(0, Teller::Signal),
                    wish => self.obey(wish),
                },
                () = self.questions.answer() => {}
                () = started(&mut self.starting) => {}
                () = &mut launcher_gone => {
                    return Ending::told(0, Teller::Launcher);
                }
                result = &mut executing.ended => {
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
    pub(crate) fn obey(&mut self, wish: Wish) {
        let (errand, signal) = match wish {
            Wish::Interrupt => {
                // Who signals our children's group too signals them himself.
                self.context.interrupt();
                return;
            }
            Wish::Reload => (Errand::Reload, "SIGUSR1"),
            Wish::Dump => (Errand::Dump, "SIGUSR2"),
            // The end is its caller's.
            Wish::Terminate | Wish::Force => return,
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
                Demand::Exit { code, announced } => {
                    let by = Teller::Cell;
                    return Some(Ending::Told {
                        code,
                        announced,
                        by,
                    });
                }
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
    pub(crate) async fn take_all_that_was_sent(&mut self, deadline: Instant) -> Option<Farewell> {
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

    fn say(&mut self, parent: Parent, state: ExecutionState) {
        if let Ok(frames) = self.context.status(parent.clone(), state) {
            self.publisher.broadcast(parent, frames, Weight::Essential);
        }
    }
}

#[cfg(test)]
mod tests;
