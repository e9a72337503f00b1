use std::collections::{HashSet, VecDeque};

use crate::{Signature, WireError};

/// Remembers the signatures seen of late, so that a recorded message cannot be sent again.
///
/// Ask it only about signatures that were verified: others must not push true ones out.
#[derive(Debug)]
pub struct ReplayGuard {
    // Eight bytes of each: nobody without the key can choose them, and by chance two among
    // 65,536 messages meet once in 2^48 sessions.
    seen: HashSet<u64>,
    order: VecDeque<u64>,
    capacity: usize,
}

impl ReplayGuard {
    /// As many as the reference implementation remembers.
    const CAPACITY: usize = 65_536;

    /// A guard that has seen nothing.
    pub fn new() -> Self {
        Self::with_capacity(Self::CAPACITY)
    }

    fn with_capacity(capacity: usize) -> Self {
        Self {
            seen: HashSet::new(),
            order: VecDeque::new(),
            capacity,
        }
    }

    /// Remembers a signature.
    ///
    /// # Errors
    ///
    /// [`WireError::Replayed`] when it is remembered already.
    pub fn admit(&mut self, signature: Signature) -> Result<(), WireError> {
        let mut short = [0; 8];
        short.copy_from_slice(&signature.0[..8]);
        let short = u64::from_ne_bytes(short);
        if !self.seen.insert(short) {
            return Err(WireError::Replayed);
        }
        if self.order.len() == self.capacity
            && let Some(oldest) = self.order.pop_front()
        {
            self.seen.remove(&oldest);
        }
        self.order.push_back(short);
        Ok(())
    }
}

impl Default for ReplayGuard {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signature(n: u8) -> Signature {
        Signature([n; 32])
    }

    #[test]
    fn refuses_what_it_has_seen() {
        let mut guard = ReplayGuard::new();
        guard.admit(signature(1)).unwrap();
        guard.admit(signature(2)).unwrap();
        assert!(matches!(
            guard.admit(signature(1)),
            Err(WireError::Replayed)
        ));
    }

    #[test]
    fn forgets_the_oldest_first_and_stays_bounded() {
        let mut guard = ReplayGuard::with_capacity(2);
        for n in 1..=3 {
            guard.admit(signature(n)).unwrap();
        }
        assert_eq!(guard.seen.len(), 2);
        assert!(guard.admit(signature(3)).is_err());
        assert!(guard.admit(signature(1)).is_ok());
    }
}
