use hashbrown::HashTable;

use crate::{Signature, WireError};

/// Remembers the signatures seen of late, so that a recorded message cannot be sent again.
///
/// Ask it only about signatures that were verified: others must not push true ones out.
#[derive(Debug)]
pub struct ReplayGuard {
    // Eight bytes of each: nobody without the key can choose them, and by chance two among
    // 65,536 messages meet once in 2^48 sessions.
    seen: Vec<u64>,
    // Where in `seen` each stands: two bytes an entry, where a set of its own would take eight.
    places: HashTable<u16>,
    next: usize,
    capacity: usize,
}

impl ReplayGuard {
    /// As many as the reference implementation remembers, and as a `u16` can tell apart.
    const CAPACITY: usize = 1 << 16;

    /// A guard that has seen nothing.
    pub fn new() -> Self {
        Self::with_capacity(Self::CAPACITY)
    }

    fn with_capacity(capacity: usize) -> Self {
        Self {
            // Reserved at once, so that it grows by what is used and never doubles.
            seen: Vec::with_capacity(capacity),
            places: HashTable::new(),
            next: 0,
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
        // A signature's bytes are as good as a hash's.
        let short = u64::from_ne_bytes(short);
        let Self { seen, places, .. } = self;
        let is = |place: &u16, short: u64| seen[usize::from(*place)] == short;
        if places.find(short, |place| is(place, short)).is_some() {
            return Err(WireError::Replayed);
        }
        if let Some(&oldest) = seen.get(self.next)
            && let Ok(entry) = places.find_entry(oldest, |place| is(place, oldest))
        {
            entry.remove();
        }
        match seen.get_mut(self.next) {
            Some(place) => *place = short,
            None => seen.push(short),
        }
        if let Ok(place) = u16::try_from(self.next) {
            places.insert_unique(short, place, |place| seen[usize::from(*place)]);
        }
        self.next = (self.next + 1) % self.capacity;
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

    fn signature(n: u64) -> Signature {
        // Spread as a true signature is.
        let n = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&n.to_ne_bytes());
        Signature(bytes)
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
        assert_eq!((guard.seen.len(), guard.places.len()), (2, 2));
        assert!(guard.admit(signature(3)).is_err());
        assert!(guard.admit(signature(1)).is_ok());
    }

    #[test]
    fn remembers_exactly_the_last_65536() {
        let mut guard = ReplayGuard::new();
        let many = 3 * ReplayGuard::CAPACITY as u64;
        for n in 0..many {
            guard.admit(signature(n)).unwrap();
        }
        assert_eq!(guard.places.len(), ReplayGuard::CAPACITY);
        let oldest = many - ReplayGuard::CAPACITY as u64;
        for n in (oldest..many).step_by(997) {
            assert!(guard.admit(signature(n)).is_err(), "{n}");
        }
        guard.admit(signature(oldest - 1)).unwrap();
    }
}
