//! What has come in and was not received yet, in one bounded queue per channel.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use tokio::sync::Semaphore;

use crate::{Channel, Frames, Limits, ShellGate, SubscriberId};

/// What a message costs beside its bytes, so that small ones are bounded in number too: who comes
/// late waits behind all of them.
const MESSAGE_COST: usize = 8 << 10;
/// So many arrivals go before the shell's in a row; then it is its turn, lest a flood on control
/// keep everybody's cells waiting for ever.
const AHEAD_OF_SHELL: usize = 64;
const FRAME_COST: usize = size_of::<Bytes>();
/// A queue that grew beyond this many places gives them back when it is empty.
const KEPT_PLACES: usize = 1024;

/// A subscriber wants more or less.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TopicChange {
    pub(crate) subscriber: SubscriberId,
    pub(crate) topic: Bytes,
    pub(crate) wanted: bool,
}

/// Something received.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    Message(Channel, Frames),
    TopicChange(TopicChange),
    /// The peer of control with this identity.
    Gone(Bytes),
}

/// Nothing is received any more.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Closed;

#[derive(Debug)]
pub(crate) struct Inbox {
    queues: Mutex<Queues>,
    /// How much may still be put into each queue, in bytes. First come, first served.
    room: Room,
    incoming_bytes: usize,
}

#[derive(Debug)]
struct Room {
    shell: Semaphore,
    control: Semaphore,
    stdin: Semaphore,
    topics: Semaphore,
}

/// What stands in a channel's queue.
#[derive(Debug)]
enum Entry {
    Message(Frames),
    /// Behind the last message of this peer.
    Gone(Bytes),
}

#[derive(Debug, Default)]
struct Queues {
    shell: VecDeque<Entry>,
    control: VecDeque<Entry>,
    stdin: VecDeque<Entry>,
    topics: VecDeque<TopicChange>,
    /// Arrivals received since shell has something that waits.
    ahead_of_shell: usize,
    receiver: Option<(Waker, ShellGate)>,
    closed: bool,
}

impl Inbox {
    pub(crate) fn new(limits: &Limits) -> Self {
        let incoming_bytes = limits.incoming_bytes.min(u32::MAX as usize);
        let room = || Semaphore::new(incoming_bytes);
        Self {
            queues: Mutex::default(),
            room: Room {
                shell: room(),
                control: room(),
                stdin: room(),
                topics: room(),
            },
            incoming_bytes,
        }
    }

    fn queues(&self) -> MutexGuard<'_, Queues> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for room, then queues a message.
    pub(crate) async fn message(&self, channel: Channel, frames: Frames) -> Result<(), Closed> {
        let cost = self.cost(&frames);
        self.room(channel)
            .acquire_many(cost)
            .await
            .map_err(|_| Closed)?
            .forget();
        let mut queues = self.queues();
        queues.of(channel).push_back(Entry::Message(frames));
        queues.wake(channel == Channel::Shell);
        Ok(())
    }

    /// Queues the end of a peer of control. It needs no room: there were no more of them at once
    /// than connections, and who accepts those is who takes this out.
    pub(crate) fn gone(&self, identity: Bytes) {
        let mut queues = self.queues();
        if !queues.closed {
            queues.control.push_back(Entry::Gone(identity));
            queues.wake(false);
        }
    }

    /// Waits for room, then queues a change of topics.
    pub(crate) async fn topic_change(&self, change: TopicChange) -> Result<(), Closed> {
        let cost = self.cost(std::slice::from_ref(&change.topic));
        self.room
            .topics
            .acquire_many(cost)
            .await
            .map_err(|_| Closed)?
            .forget();
        let mut queues = self.queues();
        queues.topics.push_back(change);
        queues.wake(false);
        Ok(())
    }

    /// The next arrival: control and stdin before topics before shell, which is never left out.
    pub(crate) fn poll(&self, context: &mut Context<'_>, gate: ShellGate) -> Poll<Option<Arrival>> {
        let mut queues = self.queues();
        if queues.closed {
            return Poll::Ready(None);
        }
        if gate == ShellGate::Open
            && queues.ahead_of_shell >= AHEAD_OF_SHELL
            && let Some(entry) = pop(&mut queues.shell)
        {
            queues.ahead_of_shell = 0;
            return Poll::Ready(Some(self.release(Channel::Shell, entry)));
        }
        if queues.shell.is_empty() {
            queues.ahead_of_shell = 0;
        } else {
            queues.ahead_of_shell += 1;
        }
        for channel in [Channel::Control, Channel::Stdin] {
            if let Some(entry) = pop(queues.of(channel)) {
                return Poll::Ready(Some(self.release(channel, entry)));
            }
        }
        if let Some(change) = pop(&mut queues.topics) {
            let cost = self.cost(std::slice::from_ref(&change.topic));
            self.room.topics.add_permits(cost as usize);
            return Poll::Ready(Some(Arrival::TopicChange(change)));
        }
        if gate == ShellGate::Open
            && let Some(entry) = pop(&mut queues.shell)
        {
            queues.ahead_of_shell = 0;
            return Poll::Ready(Some(self.release(Channel::Shell, entry)));
        }
        match &mut queues.receiver {
            Some((waker, at)) if waker.will_wake(context.waker()) => *at = gate,
            receiver => *receiver = Some((context.waker().clone(), gate)),
        }
        Poll::Pending
    }

    /// Whoever wants to put something in is turned away, and what is there is forgotten.
    pub(crate) fn close(&self) {
        let mut queues = self.queues();
        for room in [
            &self.room.shell,
            &self.room.control,
            &self.room.stdin,
            &self.room.topics,
        ] {
            room.close();
        }
        let receiver = queues.receiver.take();
        *queues = Queues {
            closed: true,
            ..Queues::default()
        };
        if let Some((waker, _)) = receiver {
            waker.wake();
        }
    }

    fn room(&self, channel: Channel) -> &Semaphore {
        match channel {
            Channel::Shell => &self.room.shell,
            Channel::Control => &self.room.control,
            Channel::Stdin => &self.room.stdin,
        }
    }

    fn release(&self, channel: Channel, entry: Entry) -> Arrival {
        match entry {
            Entry::Message(frames) => {
                self.room(channel).add_permits(self.cost(&frames) as usize);
                Arrival::Message(channel, frames)
            }
            Entry::Gone(identity) => Arrival::Gone(identity),
        }
    }

    /// Never more than a whole queue, which one message may fill and exceed.
    fn cost(&self, frames: &[Bytes]) -> u32 {
        let bytes: usize = frames.iter().map(|frame| frame.len() + FRAME_COST).sum();
        (bytes + MESSAGE_COST).min(self.incoming_bytes) as u32
    }
}

impl Queues {
    fn of(&mut self, channel: Channel) -> &mut VecDeque<Entry> {
        match channel {
            Channel::Shell => &mut self.shell,
            Channel::Control => &mut self.control,
            Channel::Stdin => &mut self.stdin,
        }
    }

    fn wake(&mut self, shell: bool) {
        if let Some((waker, gate)) = &self.receiver
            && (!shell || *gate == ShellGate::Open)
        {
            waker.wake_by_ref();
        }
    }
}

fn pop<T>(queue: &mut VecDeque<T>) -> Option<T> {
    let item = queue.pop_front();
    if queue.is_empty() && queue.capacity() > KEPT_PLACES {
        *queue = VecDeque::new();
    }
    item
}

#[cfg(test)]
mod tests;
