use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::in_process::{Client, IDENTITY, InProcess, SUBSCRIBER, in_process_with};
use crate::{
    Census, Channel, Frames, Incoming, Limits, ShellGate, SubscriberId, Transport, Weight,
};

/// What the guest is known by among the subscribers, of whom there are never so many.
const GUEST: SubscriberId = SubscriberId(u64::MAX);

/// A transport that one client of this very process can join, whatever becomes of the ways by which
/// the others come. Until it does it costs nothing. The census leaves it out.
#[derive(Debug)]
pub struct Joinable<T> {
    transport: T,
    guest: Guest,
}

#[derive(Debug)]
enum Guest {
    Expected(oneshot::Receiver<InProcess>),
    Here(InProcess),
    /// It has left, or will not come.
    Nobody,
}

/// By which a client of this process joins.
#[derive(Debug)]
pub struct Invitation {
    door: oneshot::Sender<InProcess>,
    limits: Limits,
}

/// Lets one client of this process join a transport. What waits for it is bounded as for a
/// subscriber with these limits.
pub fn joinable<T: Transport>(transport: T, limits: Limits) -> (Joinable<T>, Invitation) {
    let (door, expected) = oneshot::channel();
    let guest = Guest::Expected(expected);
    (Joinable { transport, guest }, Invitation { door, limits })
}

impl Invitation {
    /// Joins. Where the transport is gone already, that is the first thing the client hears.
    pub fn join(self) -> Client {
        let (kernel, client) = in_process_with(self.limits);
        // A kernel's end that nobody takes is dropped, by which the client knows.
        let _ = self.door.send(kernel);
        client
    }
}

impl<T: Transport> Transport for Joinable<T> {
    async fn recv(&mut self, shell: ShellGate) -> Option<Incoming> {
        loop {
            match &mut self.guest {
                Guest::Nobody => return self.transport.recv(shell).await,
                Guest::Expected(expected) => tokio::select! {
                    incoming = self.transport.recv(shell) => return incoming,
                    guest = expected => self.guest = guest.map_or(Guest::Nobody, Guest::Here),
                },
                Guest::Here(guest) => tokio::select! {
                    incoming = self.transport.recv(shell) => return incoming,
                    incoming = guest.recv(shell) => match incoming {
                        Some(Incoming::Subscribed { topic, .. }) => {
                            let subscriber = GUEST;
                            return Some(Incoming::Subscribed { subscriber, topic });
                        }
                        Some(incoming) => return Some(incoming),
                        None => self.guest = Guest::Nobody,
                    },
                },
            }
        }
    }

    fn reply(&mut self, channel: Channel, frames: Frames) {
        match &mut self.guest {
            Guest::Here(guest) if frames.first() == Some(&IDENTITY) => guest.reply(channel, frames),
            _ => self.transport.reply(channel, frames),
        }
    }

    fn publish(&mut self, frames: Frames, weight: Weight) -> Vec<SubscriberId> {
        let Guest::Here(guest) = &mut self.guest else {
            return self.transport.publish(frames, weight);
        };
        let mut behind = self.transport.publish(frames.clone(), weight);
        let left_out = guest.publish(frames, weight);
        behind.extend(left_out.iter().map(|_| GUEST));
        behind
    }

    fn publish_to(&mut self, subscriber: SubscriberId, frames: Frames) {
        match &mut self.guest {
            Guest::Here(guest) if subscriber == GUEST => guest.publish_to(SUBSCRIBER, frames),
            _ => self.transport.publish_to(subscriber, frames),
        }
    }

    fn census(&self) -> Arc<dyn Census> {
        self.transport.census()
    }

    async fn flush(&mut self, limit: Duration) {
        match &mut self.guest {
            Guest::Here(guest) => {
                tokio::join!(self.transport.flush(limit), guest.flush(limit));
            }
            _ => self.transport.flush(limit).await,
        }
    }
}
