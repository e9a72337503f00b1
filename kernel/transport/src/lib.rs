//! How frames travel between a kernel and its clients.
//!
//! One trait, [`Transport`], and what implements it: ZeroMQ sockets, channels inside one process,
//! and both at once. A transport moves frames and knows nothing of what they say.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

mod admission;
mod census;
mod error;
mod in_process;
mod joinable;
mod limits;
mod zmtp;

pub use census::{Census, Peers, Subscriber};
pub use error::{BindError, TransportError};
pub use in_process::{Client, InProcess, Source, TimedOut, in_process, in_process_with};
pub use joinable::{Invitation, Joinable, joinable};
pub use limits::Limits;
pub use zmtp::ZeroMq;

/// The parts of one message, as they travel.
pub type Frames = Vec<Bytes>;

/// A channel on which each peer is answered by itself (ROUTER). The first frame of a message is
/// its peer's identity, the same in both directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Channel {
    /// Work for the language, in order.
    Shell,
    /// What must be answered at once.
    Control,
    /// Questions to the person in front, and the answers.
    Stdin,
}

/// One subscriber of iopub, for as long as it is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SubscriberId(pub u64);

/// What comes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    /// A peer's message, its identity first.
    Message {
        /// The channel it came by.
        channel: Channel,
        /// At least the identity and one frame more.
        frames: Frames,
    },
    /// Somebody subscribed to a topic of iopub; what is published from now on reaches it.
    Subscribed {
        /// Who.
        subscriber: SubscriberId,
        /// The topics wanted start with this.
        topic: Bytes,
    },
    /// A peer of [`Channel::Control`] has gone. It comes behind all that the peer had sent there,
    /// and not if the peer has connected anew before its old connection ended.
    Gone {
        /// What stood in front of its messages.
        identity: Bytes,
    },
}

/// Whether shell messages are wanted just now.
///
/// While they are not, their senders are slowed down by the transport; nothing is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShellGate {
    /// Shell messages are delivered.
    Open,
    /// Only the other channels are.
    Closed,
}

/// What may happen to a publication when a subscriber does not keep up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// Output: left out for a subscriber whose queue is full.
    Output,
    /// Status and the like: never left out. A subscriber that cannot even take these is cut off.
    Essential,
}

/// The kernel's end of a transport. Sending never waits: what a peer does not take at once waits
/// in that peer's own queue, which is bounded in bytes.
pub trait Transport: Send {
    /// The next thing that comes in: control and stdin before subscriptions before shell.
    /// `None` when nothing can ever come again. Cancel safe. A subscription takes effect when it is
    /// returned from here, so that what is published next is the first the subscriber gets.
    fn recv(&mut self, shell: ShellGate) -> impl Future<Output = Option<Incoming>> + Send;

    /// Sends to the peer whose identity is the first frame. A peer that is gone, or has let its
    /// queue run full, is not told.
    fn reply(&mut self, channel: Channel, frames: Frames);

    /// Sends to all who subscribed to a prefix of the first frame, the topic. Returns those for
    /// whom an [`Weight::Output`] was left out, and for whom the one before it was not.
    fn publish(&mut self, frames: Frames, weight: Weight) -> Vec<SubscriberId>;

    /// Sends to one subscriber, whatever its topics, as [`Weight::Essential`].
    fn publish_to(&mut self, subscriber: SubscriberId, frames: Frames);

    /// Who can tell any thread who is connected, for as long as it likes.
    fn census(&self) -> Arc<dyn Census>;

    /// Waits until everything sent has been taken over by the operating system or its peer is
    /// gone, at most for `limit`. The last thing done: nothing is received or sent afterwards.
    fn flush(&mut self, limit: Duration) -> impl Future<Output = ()> + Send;
}
