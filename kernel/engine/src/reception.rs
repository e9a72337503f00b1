use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use perilune_transport::{Channel, Incoming, Transport, Weight};
use perilune_wire::content::{ShutdownReply, ShutdownRequest, StatusReply};
use perilune_wire::{Message, ReplayGuard, Unverified, WireError};

use crate::children;
use crate::context::Context;
use crate::errands::Asker;
use crate::journal;
use crate::knowledge;
use crate::publisher::Publisher;
use crate::request::Request;
use crate::task_queue::Task;
use crate::turn::{self, Origin, Turn};
use crate::usage::Usage;
use crate::vitals::{self, Way};

/// Takes what comes in: answers at once what can be, and queues the rest.
pub(crate) struct Reception {
    context: Arc<Context>,
    guard: ReplayGuard,
    refused: u64,
    usage: Usage,
    is_ending: bool,
}

/// Code longer than this is completed by the executor, so that what waits for the completer is
/// small.
const MOST_CODE: usize = 256 << 10;

/// Somebody wants the kernel to end.
pub(crate) struct Farewell {
    origin: Origin,
    request: ShutdownRequest,
}

impl Reception {
    pub(crate) fn new(context: Arc<Context>) -> Self {
        Self {
            context,
            guard: ReplayGuard::new(),
            refused: 0,
            usage: Usage::new(),
            is_ending: false,
        }
    }

    /// From now on only what still makes sense is answered, and all else refused: the kernel ends.
    pub(crate) fn end(&mut self) {
        self.is_ending = true;
    }

    /// Takes one thing. Returns a farewell when it was one. When the executor is idle, all that
    /// it had to say has been sent.
    pub(crate) fn take<T: Transport>(
        &mut self,
        incoming: Incoming,
        is_idle: bool,
        publisher: &mut Publisher<'_, T>,
    ) -> Option<Farewell> {
        match incoming {
            Incoming::Subscribed { subscriber, topic } => {
                publisher.welcome(subscriber, &topic);
                None
            }
            Incoming::Gone { identity } => {
                self.context.debugging.gone(&identity);
                None
            }
            Incoming::Message { channel, frames } => {
                let bytes = frames.iter().map(Bytes::len).sum();
                let key = self.context.session.key();
                let message = Unverified::split(frames)
                    .and_then(|message| message.verify(key, &mut self.guard));
                match message {
                    Ok(message) => {
                        let (way, msg_type) = (Way::Peer(channel), &message.header.msg_type);
                        self.context.vitals.received.count(way, msg_type, bytes);
                        self.take_message(channel, message, is_idle, publisher)
                    }
                    Err(error) => {
                        self.refuse(channel, &error);
                        None
                    }
                }
            }
        }
    }

    fn take_message<T: Transport>(
        &mut self,
        channel: Channel,
        message: Message,
        is_idle: bool,
        publisher: &mut Publisher<'_, T>,
    ) -> Option<Farewell> {
        if channel == Channel::Stdin {
            if message.header.msg_type == "input_reply" {
                self.context.stdin.answer(&message);
            }
            return None;
        }
        let arrived = Instant::now();
        let context = Arc::clone(&self.context);
        let origin = Origin::of(channel, &message);
        let size = message.raw_content.len() + message.raw_header.len();
        // What the language is not needed for is answered at once, unless it would overtake what
        // waits on the same channel.
        let at_once = channel == Channel::Control || is_idle || self.is_ending;
        match Request::read(&message) {
            // On shell, where it is deprecated, it waits for what was asked before it.
            Request::Shutdown(request) if channel == Channel::Control || self.is_ending => {
                return Some(Farewell { origin, request });
            }
            Request::Debug(request) if self.is_ending => {
                publisher.refuse_at_the_end(origin, &request);
            }
            request if self.is_ending && !request.is_served_at_the_end() => {
                publisher.meanwhile(origin, |turn| turn.refuse(turn::ending()));
            }
            Request::Interrupt => {
                let mut turn = Turn::begin(&context, publisher, origin);
                if context.interrupt() && context.has_foreigners() {
                    children::interrupt(&context);
                }
                turn.reply(StatusReply::Ok);
            }
            // Who types while a cell runs cannot wait for its end, which may never come.
            Request::Complete(request)
                if request.code.len() <= MOST_CODE
                    && context.running_code().is_some()
                    && let Some(snapshot) = context.snapshot() =>
            {
                let refused = context.completer.ask(&context, origin, request, snapshot);
                for origin in refused {
                    publisher.meanwhile(origin, |turn| turn.refuse(turn::too_many()));
                }
            }
            // On shell too: behind code that has stopped it would wait for ever.
            Request::Debug(request) => {
                let client = &message.header.session;
                let asked = context.debugging.ask(&context, client, origin, request);
                if let Err(asked) = asked {
                    publisher.refuse_as_too_many(*asked);
                }
            }
            Request::Journal(request) => journal::answer(&context, origin, request),
            Request::Answer(answer) => {
                let mut turn = Turn::begin(&context, publisher, origin);
                if context.stdin.answer_for(&answer.question, answer.value) {
                    turn.reply(StatusReply::Ok);
                } else {
                    turn.refuse(turn::no_such_question());
                }
            }
            Request::Usage => {
                if let Err(origin) = self.usage.answer(&context, origin) {
                    Turn::begin(&context, publisher, origin).refuse(turn::too_many());
                }
            }
            Request::Errand(errand) => {
                let asker = Asker::Client(origin);
                if let Err(Asker::Client(origin)) = context.errands.begin(&context, errand, asker) {
                    Turn::begin(&context, publisher, origin).refuse(turn::too_many());
                }
            }
            Request::Invalid(error) if at_once => {
                Turn::begin(&context, publisher, origin).refuse(turn::invalid(&error));
            }
            Request::NoSuchSubshell(subshell) if at_once => {
                Turn::begin(&context, publisher, origin).refuse(turn::no_such_subshell(&subshell));
            }
            Request::Unknown if at_once => drop(Turn::begin(&context, publisher, origin)),
            request if at_once => match knowledge::answer(&context, &request) {
                Some(content) => {
                    Turn::begin(&context, publisher, origin).reply(content);
                }
                // Control is always open, so nothing else bounds what comes by it.
                None if channel == Channel::Control && context.queue.is_crowded() => {
                    Turn::begin(&context, publisher, origin).refuse(turn::too_many());
                }
                None => context.queue.push(Task {
                    origin,
                    request,
                    aborted: false,
                    size,
                    arrived,
                }),
            },
            request => context.queue.push(Task {
                origin,
                request,
                aborted: false,
                size,
                arrived,
            }),
        }
        if channel == Channel::Control {
            self.context.vitals.control_answer.add(arrived.elapsed());
        }
        None
    }

    /// Counts what was not signed by our key, and says so at the first, the tenth, the hundredth.
    fn refuse(&mut self, channel: Channel, error: &WireError) {
        self.refused += 1;
        vitals::count(&self.context.vitals.refused);
        let refused = self.refused;
        if refused.ilog10() > (refused - 1).checked_ilog10().unwrap_or(0) || refused == 1 {
            tracing::warn!(?channel, %error, refused, "a message was refused");
        }
    }
}

impl Farewell {
    /// Answers, on the channel it came by and to every subscriber.
    pub(crate) fn answer<T: Transport>(self, context: &Context, publisher: &mut Publisher<'_, T>) {
        let reply = ShutdownReply {
            status: perilune_wire::content::ReplyStatus::Ok,
            restart: self.request.restart,
        };
        let mut turn = Turn::begin(context, publisher, self.origin);
        turn.publish("shutdown_reply", reply.clone(), Weight::Essential);
        turn.reply(reply);
    }
}
