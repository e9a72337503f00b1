//! The peers of one ROUTER socket, by identity.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::{BufMut, Bytes, BytesMut};

use super::outbound::Outbound;

/// What becomes of a message to a peer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Routed {
    Queued,
    /// Nobody of that identity is connected.
    Unknown,
    /// The peer has let its queue run full.
    Full,
}

#[derive(Debug)]
pub(crate) struct Router {
    peers: Mutex<Peers>,
    outgoing_bytes: usize,
}

#[derive(Debug)]
struct Peers {
    by_identity: HashMap<Bytes, Arc<Outbound>>,
    held: Option<Held>,
    /// The number in the next identity we make up.
    next: u32,
}

/// A message for a peer that has not connected yet.
#[derive(Debug)]
struct Held {
    identity: Bytes,
    message: Vec<Bytes>,
    until: Instant,
}

/// How long a peer that has connected one of its sockets may take for another.
const LATE: Duration = Duration::from_secs(10);

impl Router {
    pub(crate) fn new(outgoing_bytes: usize) -> Self {
        // Starts anywhere, so that a restarted kernel does not give old identities to new peers.
        let next = RandomState::new().hash_one(0) as u32;
        let by_identity = HashMap::new();
        Self {
            peers: Mutex::new(Peers {
                by_identity,
                held: None,
                next,
            }),
            outgoing_bytes,
        }
    }

    fn peers(&self) -> MutexGuard<'_, Peers> {
        self.peers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Enters a peer under its identity, or one we make up (five bytes, the first zero, as libzmq
    /// does). A peer that is already there under it has lost its connection without noticing: the
    /// newer one takes over.
    pub(crate) fn enter(&self, identity: Bytes, outbound: Arc<Outbound>) -> Bytes {
        let mut peers = self.peers();
        let identity = if identity.is_empty() {
            peers.new_identity()
        } else {
            identity
        };
        let held = peers.held.take_if(|held| held.identity == identity);
        if let Some(held) = held.filter(|held| Instant::now() < held.until) {
            outbound.push(&held.message);
        }
        if let Some(old) = peers.by_identity.insert(identity.clone(), outbound) {
            old.cut();
        }
        identity
    }

    /// Keeps a message for a peer that is about to connect, in place of any that was kept before.
    pub(crate) fn hold(&self, frames: &[Bytes]) {
        if let Some((identity, message)) = frames.split_first() {
            self.peers().held = Some(Held {
                identity: identity.clone(),
                message: message.to_vec(),
                until: Instant::now() + LATE,
            });
        }
    }

    /// Removes a peer, unless another has taken over its identity. Returns whether it did.
    pub(crate) fn leave(&self, identity: &Bytes, outbound: &Arc<Outbound>) -> bool {
        let mut peers = self.peers();
        let was_there = peers
            .by_identity
            .get(identity)
            .is_some_and(|there| Arc::ptr_eq(there, outbound));
        if was_there {
            peers.by_identity.remove(identity);
        }
        was_there
    }

    /// Queues a message for the peer whose identity is the first frame.
    pub(crate) fn route(&self, frames: &[Bytes]) -> Routed {
        let Some((identity, message)) = frames.split_first() else {
            return Routed::Unknown;
        };
        let peers = self.peers();
        let Some(outbound) = peers.by_identity.get(identity) else {
            return Routed::Unknown;
        };
        if outbound.queued() > self.outgoing_bytes {
            return Routed::Full;
        }
        outbound.push(message);
        Routed::Queued
    }

    /// How many are connected.
    pub(crate) fn len(&self) -> usize {
        self.peers().by_identity.len()
    }

    pub(crate) fn outbounds(&self) -> Vec<Arc<Outbound>> {
        self.peers().by_identity.values().cloned().collect()
    }
}

impl Peers {
    fn new_identity(&mut self) -> Bytes {
        loop {
            let mut identity = BytesMut::with_capacity(5);
            identity.put_u8(0);
            identity.put_u32(self.next);
            self.next = self.next.wrapping_add(1);
            let identity = identity.freeze();
            if !self.by_identity.contains_key(&identity) {
                return identity;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer() -> Arc<Outbound> {
        Arc::new(Outbound::new())
    }

    #[test]
    fn a_made_up_identity_is_five_bytes_and_starts_with_zero() {
        let router = Router::new(100);
        let first = router.enter(Bytes::new(), peer());
        let second = router.enter(Bytes::new(), peer());
        assert_eq!((first.len(), first[0]), (5, 0));
        assert_ne!(first, second);
    }

    #[test]
    fn a_message_reaches_its_peer_without_the_identity() {
        let router = Router::new(100);
        let ada = peer();
        router.enter("ada".into(), ada.clone());
        assert_eq!(
            router.route(&["ada".into(), "hello".into()]),
            Routed::Queued
        );
        assert_eq!(ada.queued(), 2 + "hello".len());
        assert_eq!(
            router.route(&["bob".into(), "hello".into()]),
            Routed::Unknown
        );
        assert_eq!(router.route(&[]), Routed::Unknown);
    }

    #[test]
    fn a_message_that_is_held_is_the_first_its_peer_gets() {
        let router = Router::new(100);
        router.hold(&["bob".into(), "forgotten".into()]);
        router.hold(&["ada".into(), "hello".into()]);
        let (bob, ada, again) = (peer(), peer(), peer());
        router.enter("bob".into(), bob.clone());
        router.enter("ada".into(), ada.clone());
        assert_eq!((bob.queued(), ada.queued()), (0, 7));
        router.enter("ada".into(), again.clone());
        assert_eq!(again.queued(), 0);
    }

    #[test]
    fn who_let_its_queue_run_full_gets_no_more() {
        let router = Router::new(10);
        router.enter("ada".into(), peer());
        assert_eq!(
            router.route(&["ada".into(), Bytes::from(vec![0; 11])]),
            Routed::Queued
        );
        assert_eq!(router.route(&["ada".into(), "x".into()]), Routed::Full);
    }

    #[test]
    fn the_end_of_an_old_connection_leaves_its_successor_alone() {
        let router = Router::new(100);
        let (old, new) = (peer(), peer());
        router.enter("ada".into(), old.clone());
        router.enter("ada".into(), new.clone());
        assert!(!router.leave(&"ada".into(), &old));
        assert_eq!(
            router.route(&["ada".into(), "hello".into()]),
            Routed::Queued
        );
        assert_eq!((old.queued(), new.queued()), (0, 7));
        assert!(router.leave(&"ada".into(), &new));
        assert_eq!(
            router.route(&["ada".into(), "hello".into()]),
            Routed::Unknown
        );
    }
}
