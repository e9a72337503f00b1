//! What was written to descriptors 1 and 2 last, for a process that dies with it.
//!
//! What C's `abort` or Rust's runtime says last goes into the pipes that are captured, and would
//! end with them. A signal's handler finds it here: no lock is taken and nothing is allocated.

use std::os::fd::{AsRawFd, RawFd};
use std::sync::atomic::{AtomicI32, AtomicU8, AtomicUsize, Ordering};

use libc::c_int;

/// How many bytes are remembered.
const LENGTH: usize = 4096;
static LAST: [AtomicU8; LENGTH] = [const { AtomicU8::new(0) }; LENGTH];
/// How many bytes there were in all.
static WRITTEN: AtomicUsize = AtomicUsize::new(0);
/// The pipes' ends to read from.
static READERS: [AtomicI32; 2] = [AtomicI32::new(NONE), AtomicI32::new(NONE)];
const NONE: RawFd = -1;

/// Hands over, piece by piece, what C code, children and the runtime wrote to standard output and
/// error last, the pipes' contents included. May be called by a signal's handler; `buffer` is used
/// for it.
pub fn last_words(buffer: &mut [u8], take: &mut dyn FnMut(&[u8])) {
    let written = WRITTEN.load(Ordering::Acquire);
    let mut next = written.saturating_sub(LENGTH);
    while next < written && !buffer.is_empty() {
        let length = buffer.len().min(written - next);
        for (place, index) in buffer[..length].iter_mut().zip(next..) {
            *place = LAST[index % LENGTH].load(Ordering::Relaxed);
        }
        take(&buffer[..length]);
        next += length;
    }
    for reader in &READERS {
        let reader = reader.load(Ordering::Acquire);
        // A writer that never stops must not keep a process from its end.
        for _ in 0..LENGTH {
            match read(reader, buffer) {
                0 => break,
                length => take(&buffer[..length]),
            }
        }
    }
}

/// Remembers what was read.
pub(super) fn remember(bytes: &[u8]) {
    let last = &bytes[bytes.len().saturating_sub(LENGTH)..];
    let skipped = bytes.len() - last.len();
    let from = WRITTEN.load(Ordering::Relaxed) + skipped;
    for (byte, index) in last.iter().zip(from..) {
        LAST[index % LENGTH].store(*byte, Ordering::Relaxed);
    }
    WRITTEN.store(from + last.len(), Ordering::Release);
}

/// Says where to read what nobody has read yet.
pub(super) fn watch(readers: [&impl AsRawFd; 2]) {
    for (place, reader) in READERS.iter().zip(readers) {
        place.store(reader.as_raw_fd(), Ordering::Release);
    }
}

/// Says that there is nowhere to read any more.
pub(super) fn unwatch() {
    for place in &READERS {
        place.store(NONE, Ordering::Release);
    }
}

/// Gives this thread a stack for its signals' handlers that has room for them all: Rust's own says
/// there that the thread's stack is full, and then aborts, which is one more signal on top of it.
/// The usual 8 KiB are not enough for that.
pub(crate) fn make_room_for_handlers() {
    const LENGTH: usize = 64 << 10;
    let access = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANON;
    // SAFETY: it asks for new memory, which nobody else has, and which is never given back.
    let memory = unsafe { libc::mmap(std::ptr::null_mut(), LENGTH, access, flags, -1, 0) };
    if memory == libc::MAP_FAILED {
        return;
    }
    let stack = libc::stack_t {
        ss_sp: memory,
        ss_flags: 0,
        ss_size: LENGTH,
    };
    // SAFETY: the memory is there for as long as the thread is. What was set before is its owner's
    // to give back.
    unsafe { libc::sigaltstack(&raw const stack, std::ptr::null_mut()) };
}

/// How many bytes could be read at once; none where there is nothing.
fn read(descriptor: c_int, buffer: &mut [u8]) -> usize {
    if descriptor == NONE {
        return 0;
    }
    // SAFETY: the buffer is there for as many bytes as is said; the pipe does not block.
    let length = unsafe { libc::read(descriptor, buffer.as_mut_ptr().cast(), buffer.len()) };
    usize::try_from(length).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_that_was_written_is_remembered_however_much_it_was() {
        let told = || {
            let mut told = Vec::new();
            last_words(&mut [0; 1000], &mut |piece| told.extend(piece));
            told
        };
        remember(b"first, ");
        remember(b"second");
        assert_eq!(told(), b"first, second");
        remember(&[b'x'; LENGTH - 3]);
        let all = told();
        assert_eq!(all.len(), LENGTH);
        assert!(all.starts_with(b"ondx"));
        remember(&[b'y'; 3 * LENGTH]);
        assert_eq!(told(), [b'y'; LENGTH]);
    }
}
