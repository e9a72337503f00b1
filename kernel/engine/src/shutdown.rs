//! The end of a kernel, in phases: each has a deadline, says in the log how long it took, and when
//! it overruns the next begins all the same.
//!
//! 1. What clients sent before they could know of the end is taken; new requests are refused.
//! 2. What runs may finish (`drain`), or is interrupted; what waits is answered as aborted.
//! 3. The language's state is saved, where that is wanted, and the language ends.
//! 4. What is under way beside it, such as a dump, may finish.
//! 5. Clients are told, and have everything sent to them.
//! 6. Children, the history and the journal are ended.
//!
//! The I/O thread serves in all of them but the last two: heartbeat, status and dumps are answered.

mod deadlines;
mod release;

use std::sync::Arc;
use std::time::Duration;

use perilune_transport::{ShellGate, Transport, Weight};
use perilune_wire::content::{ReplyStatus, ShutdownReply};
use perilune_wire::{Outgoing, Parent};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until, timeout};

use crate::capture::CaptureThread;
use crate::errands::Asker;
use crate::error::EngineError;
use crate::kernel::Kernel;
use crate::publisher::{Demand, Publisher};
use crate::reception::Farewell;
use crate::signals::{FORCED, Wish};
use crate::turn::{self, Outlet, Turn};

pub use self::deadlines::{Deadlines, ShutdownPolicy};

/// How long to wait for a lull in what clients send.
const NO_LULL: Duration = Duration::from_millis(500);
/// What saves the state stops by itself at its deadline, and has so long to say so.
const LAST_WORD: Duration = Duration::from_millis(250);
/// How long a dump and the like have to be finished.
const ERRANDS: Duration = Duration::from_secs(1);
/// How long clients have to take what was sent, when the end is forced.
const FORCED_FLUSH: Duration = Duration::from_millis(100);

/// Why a kernel ends.
pub(crate) enum Ending {
    /// A client asked for it.
    Asked(Farewell),
    /// A cell asked for it, or the process was told to.
    Told {
        code: i32,
        /// Whether the subscribers know already.
        announced: bool,
        by: Teller,
    },
    /// It cannot go on.
    Failed(EngineError),
}

impl Ending {
    /// Told to, while the subscribers know nothing of it.
    pub(crate) fn told(code: i32, by: Teller) -> Self {
        Self::Told {
            code,
            announced: false,
            by,
        }
    }
}

/// Who tells a kernel to end, when no client asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Teller {
    Signal,
    Cell,
    Launcher,
    /// The only client, which has gone.
    Client,
}

/// The executor's steps out of this world. Each sender is used once, or dropped by a panic.
pub(crate) struct LastSteps {
    /// All that ran or waited has been answered.
    pub(crate) drained: oneshot::Sender<()>,
    /// The state is saved, or will not be.
    pub(crate) saved: oneshot::Sender<()>,
}

/// The executor, as the I/O thread sees it.
pub(crate) struct Executing {
    drained: oneshot::Receiver<()>,
    saved: oneshot::Receiver<()>,
    /// Its thread's end, with what kept the language from starting.
    pub(crate) ended: oneshot::Receiver<Result<(), String>>,
}

impl Executing {
    pub(crate) fn new(ended: oneshot::Receiver<Result<(), String>>) -> (Self, LastSteps) {
        let (drained, is_drained) = oneshot::channel();
        let (saved, is_saved) = oneshot::channel();
        let executing = Self {
            drained: is_drained,
            saved: is_saved,
            ended,
        };
        (executing, LastSteps { drained, saved })
    }
}

/// How urgent the end has become.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Haste {
    /// Each phase has its time.
    None,
    /// Nothing is waited for that could be interrupted.
    Hurried,
    /// Nothing is waited for.
    Forced,
}

/// How a phase went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Passed {
    Done,
    Overran,
    /// Somebody was in a hurry.
    Skipped,
}

/// A kernel that ends.
pub(crate) struct Shutdown<'k, 'a, T> {
    kernel: &'k mut Kernel<'a, T>,
    deadlines: Deadlines,
    haste: Haste,
    /// Clients that asked for the end when it had begun.
    farewells: Vec<Farewell>,
    /// Nothing can come any more.
    is_deaf: bool,
}

impl<'k, 'a, T: Transport> Shutdown<'k, 'a, T> {
    pub(crate) fn new(kernel: &'k mut Kernel<'a, T>, deadlines: Deadlines) -> Self {
        Self {
            kernel,
            deadlines,
            haste: Haste::None,
            farewells: Vec::new(),
            is_deaf: false,
        }
    }

    /// Ends it. Returns the process's exit code.
    pub(crate) async fn run(
        mut self,
        ending: Ending,
        executing: Executing,
        capture: Option<CaptureThread>,
    ) -> Result<i32, EngineError> {
        self.say_why(&ending);
        if !matches!(ending, Ending::Failed(_)) {
            self.refuse_new().await;
            self.end_executor(&ending, executing).await;
        }
        self.end_errands().await;
        let result = self.tell(ending);
        self.flush().await;
        self.release(capture).await;
        match result {
            Ok(_) if self.haste == Haste::Forced => Ok(FORCED),
            result => result,
        }
    }

    fn say_why(&self, ending: &Ending) {
        match ending {
            Ending::Asked(_) => tracing::info!("the kernel ends: a client asked for it"),
            Ending::Told { by, .. } => {
                let by = match by {
                    Teller::Signal => "a signal told it to",
                    Teller::Cell => "a cell told it to",
                    Teller::Launcher => "its launcher has ended",
                    Teller::Client => "its only client has gone",
                };
                tracing::info!("the kernel ends: {by}");
            }
            Ending::Failed(error) => tracing::error!(%error, "the kernel cannot go on"),
        }
    }

    /// What was sent before anybody could know of the end is answered as it would be; what comes
    /// from now on is refused.
    async fn refuse_new(&mut self) {
        let began = Instant::now();
        self.kernel.context.queue.end();
        let deadline = began + NO_LULL;
        while let Some(farewell) = self.kernel.take_all_that_was_sent(deadline).await {
            self.farewells.push(farewell);
        }
        self.kernel.context.queue.close();
        self.kernel.reception.end();
        report("refuse new requests", began, Passed::Done);
    }

    async fn end_executor(&mut self, ending: &Ending, executing: Executing) {
        let Executing {
            mut drained,
            saved,
            ended,
        } = executing;
        let drain = match ending {
            Ending::Asked(_) => self.deadlines.drain_when_asked,
            Ending::Told {
                by: Teller::Signal, ..
            } => self.deadlines.drain_when_signalled,
            Ending::Told { .. } | Ending::Failed(_) => Duration::ZERO,
        };
        // What has stopped would only run on if its debugger let it go, which nobody can ask for any
        // more.
        let has_stopped = self.kernel.context.debugging.stopped_at().is_some();
        if has_stopped {
            self.kernel.context.running.end();
        }
        self.kernel.context.debugging.end();
        let mut is_drained = Passed::Overran;
        if !drain.is_zero() && !has_stopped {
            let done = finished(&mut drained);
            is_drained = self.phase("drain", drain, Haste::Hurried, done).await;
        }
        // Also when all is drained: what runs while the language ends is to be stoppable.
        self.kernel.context.running.end();
        self.kernel.context.stdin.close();
        if is_drained != Passed::Done {
            let limit = self.deadlines.interrupt;
            let done = finished(&mut drained);
            is_drained = self.phase("interrupt", limit, Haste::Forced, done).await;
        }
        if is_drained != Passed::Done {
            tracing::warn!("the running cell did not end in time; the kernel ends without it");
            return;
        }
        let limit = self.deadlines.save + LAST_WORD;
        let is_saved = self
            .phase("save the state", limit, Haste::Forced, finished(saved))
            .await;
        if is_saved == Passed::Done {
            let limit = self.deadlines.interrupt;
            self.phase("end the language", limit, Haste::Forced, finished(ended))
                .await;
        }
    }

    async fn end_errands(&mut self) {
        let context = Arc::clone(self.kernel.context);
        if !context.errands.are_done() {
            let done = context.errands.done();
            self.phase("finish what is under way", ERRANDS, Haste::Forced, done)
                .await;
        }
    }

    /// Waits for something, and serves meanwhile what is still served. Haste of this degree ends
    /// the wait.
    async fn phase(
        &mut self,
        name: &'static str,
        limit: Duration,
        impatience: Haste,
        done: impl Future<Output = ()>,
    ) -> Passed {
        let began = Instant::now();
        let deadline = began + limit;
        tokio::pin!(done);
        let passed = loop {
            if self.haste >= impatience {
                break Passed::Skipped;
            }
            let kernel = &mut *self.kernel;
            let text_from = kernel.publisher.text_from();
            tokio::select! {
                // Done is done, however late.
                biased;
                () = &mut done => break Passed::Done,
                wish = kernel.signals.next() => self.obey(wish),
                () = sleep_until(deadline) => break Passed::Overran,
                () = kernel.questions.answer() => {}
                () = kernel.context.outbox.filled(text_from) => pass(kernel.publisher.send_outbox()),
                incoming = kernel.publisher.transport.recv(ShellGate::Open), if !self.is_deaf => {
                    match incoming {
                        Some(incoming) => {
                            pass(kernel.publisher.send_outbox());
                            let publisher = &mut kernel.publisher;
                            let farewell = kernel.reception.take(incoming, true, publisher);
                            self.farewells.extend(farewell);
                        }
                        None => self.is_deaf = true,
                    }
                }
            }
        };
        pass(self.kernel.publisher.send_outbox());
        report(name, began, passed);
        passed
    }

    fn obey(&mut self, wish: Wish) {
        match wish {
            // Who asked by a message, and sends SIGTERM now, has no patience for what runs.
            Wish::Terminate => self.haste = self.haste.max(Haste::Hurried),
            Wish::Force => {
                tracing::warn!("a second SIGTERM came: the kernel ends at once");
                self.haste = Haste::Forced;
            }
            Wish::Reload => tracing::warn!("SIGUSR1 came, but the kernel ends"),
            Wish::Interrupt | Wish::Dump => self.kernel.obey(wish),
        }
    }

    /// Answers all who have had no answer, and tells everybody else.
    fn tell(&mut self, ending: Ending) -> Result<i32, EngineError> {
        let (context, publisher) = (self.kernel.context, &mut self.kernel.publisher);
        pass(publisher.send_outbox());
        publisher.finish_text();
        // Whose thread is stuck will have no other answer.
        let errands = context.errands.take_all().filter_map(|asker| match asker {
            Asker::Client(origin) => Some(origin),
            Asker::Signal(_) => None,
        });
        for origin in context.completer.take_all().chain(errands) {
            Turn::begin(context, &mut *publisher, origin).refuse(turn::ended());
        }
        for (origin, refusal) in context.debugging.take_all() {
            Turn::begin(context, &mut *publisher, origin).reply(refusal);
        }
        for farewell in self.farewells.drain(..) {
            farewell.answer(context, publisher);
        }
        match ending {
            Ending::Asked(farewell) => {
                farewell.answer(context, publisher);
                Ok(0)
            }
            Ending::Told {
                code, announced, ..
            } => {
                if !announced {
                    tell_subscribers(publisher);
                }
                Ok(code)
            }
            Ending::Failed(error) => Err(error),
        }
    }

    /// Lets clients take what was sent to them.
    async fn flush(&mut self) {
        let began = Instant::now();
        let kernel = &mut *self.kernel;
        let limit = match self.haste {
            Haste::Forced => FORCED_FLUSH,
            Haste::None | Haste::Hurried => self.deadlines.flush,
        };
        let flush = kernel.publisher.transport.flush(limit);
        let passed = tokio::select! {
            // It has its own limit; ours is for a transport that forgets it.
            flushed = timeout(limit * 2, flush) => match flushed {
                Ok(()) => Passed::Done,
                Err(_) => Passed::Overran,
            },
            () = forced(&mut kernel.signals) => {
                self.haste = Haste::Forced;
                Passed::Skipped
            }
        };
        report("send what is left", began, passed);
    }

    /// Gives back all that is the process's, on a thread of its own, since that may block.
    async fn release(&mut self, capture: Option<CaptureThread>) {
        let began = Instant::now();
        let context = Arc::clone(self.kernel.context);
        context.outbox.close();
        let limit = self.deadlines.release;
        let released = release::begin(context, capture, limit, self.haste == Haste::Forced);
        let passed = tokio::select! {
            done = timeout(limit, released) => match done {
                Ok(()) => Passed::Done,
                Err(_) => Passed::Overran,
            },
            () = forced(&mut self.kernel.signals), if self.haste < Haste::Forced => {
                self.haste = Haste::Forced;
                Passed::Skipped
            }
        };
        report("give everything back", began, passed);
    }
}

/// Waits for a word, or for the end of who should have said it.
async fn finished<W>(word: impl Future<Output = W>) {
    word.await;
}

/// Waits until the end is forced.
async fn forced(signals: &mut crate::signals::Signals) {
    while signals.next().await != Wish::Force {}
    tracing::warn!("a second SIGTERM came: the kernel ends at once");
}

/// At the end nothing is demanded but to pass a barrier.
fn pass(demands: Vec<Demand>) {
    for demand in demands {
        if let Demand::Barrier(passed) = demand {
            let _ = passed.send(());
        }
    }
}

fn tell_subscribers<T: Transport>(publisher: &mut Publisher<'_, T>) {
    let reply = ShutdownReply {
        status: ReplyStatus::Ok,
        restart: false,
    };
    let message = Outgoing::new("shutdown_reply", Parent::none(), reply);
    if let Ok(frames) = publisher.context().broadcast(message) {
        publisher.broadcast(Parent::none(), frames, Weight::Essential);
    }
}

fn report(phase: &'static str, began: Instant, passed: Passed) {
    // Of a whole number of microseconds, for a float's last digits say nothing.
    let milliseconds = (began.elapsed().as_secs_f64() * 1e6).round() / 1e3;
    match passed {
        Passed::Done => tracing::info!(phase, milliseconds, "done"),
        Passed::Skipped => tracing::info!(phase, milliseconds, "skipped"),
        Passed::Overran => tracing::warn!(phase, milliseconds, "not done in time"),
    }
}
