use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use bytes::Bytes;
use perilune_debug::{CodeRuns, Debugger, Options, Outlet};
use perilune_language::Interrupt;
use perilune_language::debug::{Paused, Reason, SourceReader};
use perilune_transport::{Channel, Transport, Weight};
use perilune_wire::content::{DebugRefusal, DebugRequest, StoppedAt};
use perilune_wire::{Outgoing, Parent};
use serde_json::value::RawValue;

use crate::context::Context;
use crate::outbox::Item;
use crate::publisher::Publisher;
use crate::turn::Origin;

#[cfg(test)]
mod no_lines;
mod observed;

#[cfg(test)]
pub(crate) use self::no_lines::NoLines;
pub(crate) use self::observed::Observed;

/// The debugger and what is asked of it.
///
/// It answers from threads of its own, or the language's; the answers come back through the
/// outbox. Each who asks stays here until the I/O thread answers, so that each is answered once,
/// also at the end of the kernel when a thread is stuck.
pub(crate) struct Debugging {
    debugger: Debugger,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    unanswered: BTreeMap<u64, Asked>,
    newest: u64,
    /// The clients that have asked by each of control's connections.
    clients: HashMap<Bytes, BTreeSet<String>>,
}

/// A request that has had no answer.
pub(crate) struct Asked {
    pub(crate) origin: Origin,
    /// What is said if there is none.
    refusal: DebugRefusal,
}

/// The code that is debugged.
pub(crate) struct Code {
    /// The program whose parts cells are; nothing where cells are cells.
    pub(crate) program: Option<String>,
    pub(crate) reader: Arc<dyn SourceReader>,
}

/// Beyond so many under way, more are refused.
const MOST_REQUESTS: usize = 1024;
/// A connection by which more clients ask than this is one of a proxy, whose end says nothing of
/// them.
const MOST_CLIENTS: usize = 16;

const TOO_MANY: &str = "too many requests wait for the debugger";
const ENDING: &str = "the kernel is shutting down";
const ENDED: &str = "the kernel ended before it could answer";
const FAILED: &str = "the debugger failed on this request; the kernel's log says where";

impl Debugging {
    /// For the context that is being made.
    pub(crate) fn new(context: Weak<Context>, interrupt: Interrupt, code: Code) -> Self {
        let options = Options {
            interrupt,
            program: code.program,
        };
        Self {
            debugger: Debugger::new(options, Arc::new(Way(context)), code.reader),
            state: Mutex::default(),
        }
    }

    /// Lets the debugger work on a request. Gives it back when it is to be refused.
    pub(crate) fn ask(
        &self,
        context: &Arc<Context>,
        client: &str,
        origin: Origin,
        request: DebugRequest,
    ) -> Result<(), Box<Asked>> {
        let asked = Asked {
            refusal: request.refusal(TOO_MANY),
            origin,
        };
        let number = {
            let mut state = self.lock();
            if state.unanswered.len() >= MOST_REQUESTS {
                return Err(Box::new(asked));
            }
            state.note(client, &asked.origin);
            state.newest += 1;
            let number = state.newest;
            state.unanswered.insert(number, asked);
            number
        };
        let answer = Answer {
            context: Arc::downgrade(context),
            number,
            response: None,
        };
        let reply = Box::new(move |response| answer.give(response));
        self.debugger.request(client, request.raw(), reply);
        Ok(())
    }

    /// One of control's connections has ended.
    pub(crate) fn gone(&self, identity: &Bytes) {
        let clients = self.lock().clients.remove(identity);
        for client in clients.into_iter().flatten() {
            self.debugger.gone(&client);
        }
    }

    /// The kernel's interrupt was raised.
    pub(crate) fn interrupt(&self) {
        self.debugger.interrupt();
    }

    /// The kernel ends: nothing stops any more.
    pub(crate) fn end(&self) {
        self.debugger.end();
    }

    /// From now on code runs on the language's thread.
    pub(crate) fn code_runs(&self) -> CodeRuns<'_> {
        self.debugger.code_runs()
    }

    /// Whether anybody debugs.
    pub(crate) fn is_on(&self) -> bool {
        perilune_language::debug::Debugger::is_on(&self.debugger)
    }

    /// Lets the debugger look at values while no code runs.
    pub(crate) fn rest(&self, paused: &mut dyn Paused) {
        self.debugger.rest(paused);
    }

    /// Where code has stopped, if it has.
    pub(crate) fn stopped_at(&self) -> Option<StoppedAt> {
        let stopped = self.debugger.stopped_at()?;
        Some(StoppedAt {
            source: stopped.source,
            line: stopped.line,
            reason: reason(stopped.reason).to_owned(),
        })
    }

    /// Takes out all who have had no answer, each with what it is told.
    pub(crate) fn take_all(&self) -> impl Iterator<Item = (Origin, DebugRefusal)> {
        let unanswered = std::mem::take(&mut self.lock().unanswered);
        unanswered
            .into_values()
            .map(|asked| (asked.origin, asked.refusal.because(ENDED)))
    }

    fn take(&self, number: u64) -> Option<Asked> {
        self.lock().unanswered.remove(&number)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Notes by which connection a client asks.
    fn note(&mut self, client: &str, origin: &Origin) {
        let Some(identity) = origin.identities.first() else {
            return;
        };
        if origin.channel != Channel::Control {
            return;
        }
        let clients = self.clients.entry(identity.clone()).or_default();
        if clients.len() < MOST_CLIENTS && !clients.contains(client) {
            clients.insert(client.to_owned());
        }
    }
}

/// Why code has stopped, as the Debug Adapter Protocol has it.
fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::Entry => "entry",
        Reason::Breakpoint => "breakpoint",
        Reason::FunctionBreakpoint => "function breakpoint",
        Reason::DataBreakpoint => "data breakpoint",
        Reason::Exception => "exception",
        Reason::Step => "step",
        Reason::Pause => "pause",
    }
}

/// The answer to a request, on its way to the I/O thread; that there is none, if it is dropped
/// without one.
struct Answer {
    context: Weak<Context>,
    number: u64,
    response: Option<Box<RawValue>>,
}

impl Answer {
    fn give(mut self, response: Box<RawValue>) {
        self.response = Some(response);
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        if let Some(context) = self.context.upgrade() {
            context.outbox.push_now(Item::Debugged {
                number: self.number,
                response: self.response.take(),
            });
        }
    }
}

/// What the debugger needs of the kernel.
struct Way(Weak<Context>);

impl Outlet for Way {
    fn event(&self, event: Box<RawValue>) {
        if let Some(context) = self.0.upgrade() {
            // Of no request: what code has stopped for may have begun long ago.
            let message = Outgoing::new("debug_event", Parent::none(), event);
            context.publish_now(message, Weight::Essential);
        }
    }

    fn look(&self) {
        if let Some(context) = self.0.upgrade() {
            context.queue.look();
        }
    }

    fn interrupt(&self) {
        if let Some(context) = self.0.upgrade() {
            context.outbox.push_now(Item::Interrupt);
        }
    }

    fn interrupt_input(&self) {
        if let Some(context) = self.0.upgrade() {
            context.stdin.interrupt();
        }
    }
}

impl<T: Transport> Publisher<'_, T> {
    /// Answers who asked the debugger.
    pub(crate) fn send_response(&mut self, number: u64, response: Option<Box<RawValue>>) {
        let Some(asked) = self.context().debugging.take(number) else {
            return;
        };
        match response {
            Some(response) => self.meanwhile(asked.origin, |turn| turn.reply(response)),
            None => self.refuse_to_debug(asked, FAILED),
        }
    }

    /// Says why there is no other answer.
    fn refuse_to_debug(&mut self, asked: Asked, why: &str) {
        let Asked { origin, refusal } = asked;
        self.meanwhile(origin, |turn| turn.reply(refusal.because(why)));
    }

    /// Answers a request that there are too many of.
    pub(crate) fn refuse_as_too_many(&mut self, asked: Asked) {
        self.refuse_to_debug(asked, TOO_MANY);
    }

    /// Answers a request while the kernel ends.
    pub(crate) fn refuse_at_the_end(&mut self, origin: Origin, request: &DebugRequest) {
        let refusal = request.refusal(ENDING);
        self.meanwhile(origin, |turn| turn.reply(refusal));
    }
}
