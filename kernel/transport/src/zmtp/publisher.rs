//! The subscribers of iopub.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use super::inbox::TopicChange;
use super::outbound::Outbound;
use crate::admission::{Admission, Verdict};
use crate::{Limits, SubscriberId, Weight};

/// Who was treated otherwise than by giving it the message.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Exceptions {
    /// For these a gap begins.
    pub(crate) gap_begins: Vec<SubscriberId>,
    /// These were disconnected.
    pub(crate) cut_off: Vec<SubscriberId>,
    /// So many went without it.
    pub(crate) left_out: u64,
}

#[derive(Debug)]
pub(crate) struct Publisher {
    subscribers: Mutex<Subscribers>,
    left_out: AtomicU64,
    limits: Limits,
}

#[derive(Debug, Default)]
struct Subscribers {
    by_id: BTreeMap<SubscriberId, Subscriber>,
    next: u64,
}

#[derive(Debug)]
struct Subscriber {
    /// As in libzmq's XPUB, a topic is wanted or not, however often it was asked for.
    topics: Vec<Bytes>,
    outbound: Arc<Outbound>,
    admission: Admission,
}

impl Publisher {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            subscribers: Mutex::default(),
            left_out: AtomicU64::new(0),
            limits: *limits,
        }
    }

    fn subscribers(&self) -> MutexGuard<'_, Subscribers> {
        self.subscribers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn enter(&self, outbound: Arc<Outbound>) -> SubscriberId {
        let mut subscribers = self.subscribers();
        let id = SubscriberId(subscribers.next);
        subscribers.next += 1;
        let admission = Admission::default();
        subscribers.by_id.insert(
            id,
            Subscriber {
                topics: Vec::new(),
                outbound,
                admission,
            },
        );
        id
    }

    pub(crate) fn leave(&self, id: SubscriberId) {
        self.subscribers().by_id.remove(&id);
    }

    /// From now on the subscriber gets what it wants. Whether it is to be told, which it is each
    /// time it subscribes.
    pub(crate) fn apply(&self, change: &TopicChange) -> bool {
        let mut subscribers = self.subscribers();
        let Some(subscriber) = subscribers.by_id.get_mut(&change.subscriber) else {
            return false;
        };
        let known = subscriber
            .topics
            .iter()
            .position(|topic| *topic == change.topic);
        match (known, change.wanted) {
            (Some(at), false) => {
                subscriber.topics.swap_remove(at);
            }
            (None, true) if subscriber.topics.len() >= self.limits.topics => {
                subscriber.outbound.cut();
                subscribers.by_id.remove(&change.subscriber);
                return false;
            }
            (None, true) => subscriber.topics.push(change.topic.clone()),
            (Some(_), true) | (None, false) => {}
        }
        change.wanted
    }

    /// Queues a message for all who want its topic.
    pub(crate) fn publish(&self, frames: &[Bytes], weight: Weight) -> Exceptions {
        let mut exceptions = Exceptions::default();
        let Some(topic) = frames.first() else {
            return exceptions;
        };
        let size = frames.iter().map(Bytes::len).sum();
        let mut subscribers = self.subscribers();
        for (id, subscriber) in &mut subscribers.by_id {
            if subscriber
                .topics
                .iter()
                .any(|wanted| topic.starts_with(wanted))
            {
                subscriber.give(*id, frames, size, weight, &self.limits, &mut exceptions);
            }
        }
        if exceptions.left_out > 0 {
            self.left_out
                .fetch_add(exceptions.left_out, Ordering::Relaxed);
        }
        for id in &exceptions.cut_off {
            subscribers.by_id.remove(id);
        }
        exceptions
    }

    /// Queues a message for one, whatever it wants.
    pub(crate) fn publish_to(&self, id: SubscriberId, frames: &[Bytes]) -> Exceptions {
        let mut exceptions = Exceptions::default();
        let size = frames.iter().map(Bytes::len).sum();
        let mut subscribers = self.subscribers();
        if let Some(subscriber) = subscribers.by_id.get_mut(&id) {
            let weight = Weight::Essential;
            subscriber.give(id, frames, size, weight, &self.limits, &mut exceptions);
        }
        for id in &exceptions.cut_off {
            subscribers.by_id.remove(id);
        }
        exceptions
    }

    /// Those who subscribed to anything.
    pub(crate) fn census(&self) -> Vec<crate::Subscriber> {
        let subscribers = self.subscribers();
        let listening = subscribers.by_id.iter();
        listening
            .filter(|(_, subscriber)| !subscriber.topics.is_empty())
            .map(|(id, subscriber)| crate::Subscriber {
                id: *id,
                queued: subscriber.outbound.queued(),
            })
            .collect()
    }

    /// Publications that were left out, counted for each subscriber.
    pub(crate) fn left_out(&self) -> u64 {
        self.left_out.load(Ordering::Relaxed)
    }

    pub(crate) fn outbounds(&self) -> Vec<Arc<Outbound>> {
        self.subscribers()
            .by_id
            .values()
            .map(|subscriber| subscriber.outbound.clone())
            .collect()
    }
}

impl Subscriber {
    fn give(
        &mut self,
        id: SubscriberId,
        frames: &[Bytes],
        size: usize,
        weight: Weight,
        limits: &Limits,
        exceptions: &mut Exceptions,
    ) {
        match self
            .admission
            .judge(limits, self.outbound.queued(), size, weight)
        {
            Verdict::Accept => self.outbound.push(frames),
            Verdict::LeaveOut { first } => {
                exceptions.left_out += 1;
                if first {
                    exceptions.gap_begins.push(id);
                }
            }
            Verdict::CutOff => {
                self.outbound.cut();
                exceptions.cut_off.push(id);
            }
        }
    }
}

#[cfg(test)]
mod tests;
