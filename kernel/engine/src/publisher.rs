use std::collections::VecDeque;
use std::time::{Duration, Instant};

use perilune_language::Stream;
use perilune_transport::{Channel, Frames, SubscriberId, Transport, Weight};
use perilune_wire::content::{CompleteReply, ExecutionState, IopubWelcome, Object, StreamContent};
use perilune_wire::{Outgoing, Parent};
use tokio::sync::oneshot;

use crate::context::Context;
use crate::outbox::Item;
use crate::turn::{Origin, Outlet, Turn};
use crate::vitals::Way;

/// The one way out: owns the transport and sends what the outbox held, in order.
pub(crate) struct Publisher<'a, T> {
    context: &'a Context,
    pub(crate) transport: T,
    unfinished: [Unfinished; 2],
    text_from: Instant,
}

/// The bytes of a character whose rest has not been written yet.
struct Unfinished {
    turn: u64,
    parent: Parent,
    bytes: Vec<u8>,
}

/// What the outbox asked of the I/O thread beside sending.
pub(crate) enum Demand {
    /// Answer when all that clients had sent by now is in the task queue.
    Barrier(oneshot::Sender<()>),
    /// End the kernel with this code; whether its subscribers know already.
    Exit { code: i32, announced: bool },
}

/// Text alone is sent at most this often, so that a loop of prints makes few messages.
const TEXT_INTERVAL: Duration = Duration::from_millis(20);

impl<'a, T: Transport> Publisher<'a, T> {
    pub(crate) fn new(context: &'a Context, transport: T) -> Self {
        let nothing = || Unfinished {
            turn: 0,
            parent: Parent::none(),
            bytes: Vec::new(),
        };
        Self {
            context,
            transport,
            unfinished: [nothing(), nothing()],
            text_from: Instant::now(),
        }
    }

    pub(crate) fn context(&self) -> &'a Context {
        self.context
    }

    /// When text alone may be sent again.
    pub(crate) fn text_from(&self) -> Instant {
        self.text_from
    }

    /// Sends everything that the outbox holds.
    pub(crate) fn send_outbox(&mut self) -> Vec<Demand> {
        self.send(self.context.outbox.take())
    }

    fn send(&mut self, items: VecDeque<Item>) -> Vec<Demand> {
        let mut demands = Vec::new();
        for item in items {
            match item {
                Item::Text {
                    turn,
                    parent,
                    stream,
                    bytes,
                } => {
                    self.send_text(turn, parent, stream, bytes);
                }
                Item::EndOfText => self.finish_text(),
                Item::Iopub {
                    parent,
                    frames,
                    weight,
                } => self.broadcast(parent, frames, weight),
                Item::Reply { channel, frames } => self.reply(channel, frames),
                Item::Completed { number, reply } => self.send_completion(number, reply),
                Item::Errand { number, answer } => self.report(number, answer),
                Item::Debugged { number, response } => self.send_response(number, response),
                Item::Interrupt => drop(self.context.interrupt()),
                Item::Answer { origin, reply } => {
                    self.meanwhile(origin, |turn| turn.reply_frames(reply));
                }
                Item::Barrier(passed) => demands.push(Demand::Barrier(passed)),
                Item::Exit { code, announced } => demands.push(Demand::Exit { code, announced }),
            }
        }
        demands
    }

    fn send_text(&mut self, turn: u64, parent: Parent, stream: Stream, bytes: Vec<u8>) {
        if self.unfinished[index(stream)].turn != turn {
            self.finish(stream);
        }
        let unfinished = &mut self.unfinished[index(stream)];
        let mut all = std::mem::take(&mut unfinished.bytes);
        if all.is_empty() {
            all = bytes;
        } else {
            all.extend_from_slice(&bytes);
        }
        let whole = whole_characters(&all);
        let rest = all.split_off(whole);
        *unfinished = Unfinished {
            turn,
            parent: parent.clone(),
            bytes: rest,
        };
        self.send_stream(parent, stream, all);
        self.text_from = Instant::now() + TEXT_INTERVAL;
    }

    /// Sends what is left of characters that never were finished.
    pub(crate) fn finish_text(&mut self) {
        self.finish(Stream::Stdout);
        self.finish(Stream::Stderr);
    }

    fn finish(&mut self, stream: Stream) {
        let unfinished = &mut self.unfinished[index(stream)];
        if !unfinished.bytes.is_empty() {
            let bytes = std::mem::take(&mut unfinished.bytes);
            let parent = unfinished.parent.clone();
            self.send_stream(parent, stream, bytes);
        }
    }

    fn send_stream(&mut self, parent: Parent, stream: Stream, bytes: Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let text = String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        let content = StreamContent {
            name: stream.name(),
            text,
        };
        match self
            .context
            .broadcast(Outgoing::new("stream", parent.clone(), content))
        {
            Ok(frames) => self.broadcast(parent, frames, Weight::Output),
            Err(error) => tracing::error!(%error, "a stream could not be published"),
        }
    }

    /// Answers a request that was completed while code ran.
    fn send_completion(&mut self, number: u64, reply: Option<CompleteReply>) {
        let context = self.context;
        if let Some(origin) = context.completer.take(number) {
            self.meanwhile(origin, |turn| {
                // Without one the turn answers with an error.
                if let Some(reply) = reply {
                    turn.reply(reply);
                }
            });
        }
    }

    /// Takes a turn in the middle of one in which code runs.
    pub(crate) fn meanwhile(
        &mut self,
        origin: Origin,
        answer: impl FnOnce(&mut Turn<'a, &mut Self>),
    ) {
        let context = self.context;
        let mut turn = Turn::begin(context, &mut *self, origin);
        answer(&mut turn);
        drop(turn);
        // Front ends show the last status that they heard, whosoever it was, and idle is not true:
        // a cell runs. Its own idle is not on its way yet if it still counts as running.
        if let Some(code) = context.running_code() {
            let parent = code.parent.clone();
            match context.status(parent.clone(), ExecutionState::Busy) {
                Ok(frames) => self.broadcast(parent, frames, Weight::Essential),
                Err(error) => tracing::error!(%error, "a status could not be published"),
            }
        }
    }

    /// Tells a subscriber that it is one (JEP 65).
    pub(crate) fn welcome(&mut self, subscriber: SubscriberId, topic: &[u8]) {
        // A topic that is no text cannot be said in JSON.
        let Ok(topic) = std::str::from_utf8(topic) else {
            return;
        };
        let content = IopubWelcome {
            subscription: topic.to_owned(),
        };
        let message = Outgoing::new("iopub_welcome", Parent::none(), content);
        match self
            .context
            .session
            .frames(vec![topic.as_bytes().to_vec().into()], message)
        {
            Ok(frames) => {
                let bytes = frames.iter().map(bytes::Bytes::len).sum();
                let sent = &self.context.vitals.sent;
                sent.count(Way::Iopub, "iopub_welcome", bytes);
                self.transport.publish_to(subscriber, frames);
            }
            Err(error) => tracing::error!(%error, "a welcome could not be sent"),
        }
    }

    fn tell_of_cut(&mut self, subscriber: SubscriberId, parent: Parent) {
        let content = StreamContent {
            name: Stream::Stderr.name(),
            text: "\n[perilune: some output is missing here: this client did not keep up]\n"
                .to_owned(),
        };
        let mut notice = Outgoing::new("stream", parent, content);
        // By which a client that reads the journal knows that it must.
        notice.metadata = Some(Object::from_iter([(
            "perilune_output_left_out".to_owned(),
            true.into(),
        )]));
        if let Ok(frames) = self.context.broadcast(notice) {
            self.transport.publish_to(subscriber, frames);
        }
    }
}

impl<T: Transport> Outlet for Publisher<'_, T> {
    fn broadcast(&mut self, parent: Parent, frames: Frames, weight: Weight) {
        self.context.journal.keep(&frames);
        for subscriber in self.transport.publish(frames, weight) {
            self.tell_of_cut(subscriber, parent.clone());
        }
    }

    fn reply(&mut self, channel: Channel, frames: Frames) {
        self.transport.reply(channel, frames);
    }
}

impl<T: Transport> Outlet for &mut Publisher<'_, T> {
    fn broadcast(&mut self, parent: Parent, frames: Frames, weight: Weight) {
        Publisher::broadcast(self, parent, frames, weight);
    }

    fn reply(&mut self, channel: Channel, frames: Frames) {
        Publisher::reply(self, channel, frames);
    }
}

fn index(stream: Stream) -> usize {
    match stream {
        Stream::Stdout => 0,
        Stream::Stderr => 1,
    }
}

/// How many of the bytes can be shown before it is known what comes next: all but a character
/// at their end that is not finished.
fn whole_characters(bytes: &[u8]) -> usize {
    let tail = bytes.len().saturating_sub(3);
    for start in (tail..bytes.len()).rev() {
        let length = match bytes[start] {
            0x00..=0x7f => 1,
            // A continuation: its beginning stands further left.
            0x80..=0xbf => continue,
            0xc0..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xff => 4,
        };
        return if start + length > bytes.len() {
            start
        } else {
            bytes.len()
        };
    }
    bytes.len()
}

#[cfg(test)]
mod tests;
