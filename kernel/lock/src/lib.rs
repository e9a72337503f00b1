//! A locked file whose lock ends with the process that took it, whatever that has forked.

use std::fs::File;
use std::ops::Deref;
use std::os::fd::AsRawFd;
use std::sync::Once;
use std::sync::atomic::{AtomicI32, Ordering};

use nix::libc;

/// A locked file whose lock is this process's alone.
///
/// The system gives a lock back when the last descriptor of its file is closed, and what C code
/// forks has them all: such a process could keep a name long after its kernel was killed. So it
/// loses this one as it begins. Programs that it executes never have it.
#[derive(Debug)]
pub struct OwnLock(File);

const NONE: i32 = -1;
/// The descriptors. A kernel has one; what finds no place is only not closed.
static HELD: [AtomicI32; 64] = [const { AtomicI32::new(NONE) }; 64];
static PREPARED: Once = Once::new();

impl OwnLock {
    /// Of a file that is locked.
    pub fn of(file: File) -> Self {
        PREPARED.call_once(|| {
            // SAFETY: the handler does what a forked process may. That there is no memory to note
            // it leaves all as it would be without.
            let _ = unsafe { libc::pthread_atfork(None, None, Some(close_all)) };
        });
        replace_one(NONE, file.as_raw_fd());
        Self(file)
    }
}

impl Deref for OwnLock {
    type Target = File;

    fn deref(&self) -> &File {
        &self.0
    }
}

impl Drop for OwnLock {
    fn drop(&mut self) {
        // Before the number is another file's.
        replace_one(self.0.as_raw_fd(), NONE);
    }
}

fn replace_one(old: i32, new: i32) {
    let is_done = |place: &AtomicI32| {
        place
            .compare_exchange(old, new, Ordering::SeqCst, Ordering::SeqCst)
            .is_ok()
    };
    let _ = HELD.iter().any(is_done);
}

/// In the forked process, before anything else of it.
unsafe extern "C" fn close_all() {
    for place in &HELD {
        let descriptor = place.swap(NONE, Ordering::SeqCst);
        if descriptor != NONE {
            // SAFETY: it is the file of an `OwnLock`, which nobody uses in this process: who held
            // it runs on a thread that was not forked.
            unsafe { libc::close(descriptor) };
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Read, Write};

    use nix::sys::signal::{Signal, kill};
    use nix::sys::wait::waitpid;
    use nix::unistd::{ForkResult, fork, pause};

    use super::*;

    #[test]
    fn a_process_that_was_forked_keeps_no_lock() {
        let folder = tempfile::tempdir().unwrap();
        let open = || File::create(folder.path().join("lock")).unwrap();
        let file = open();
        file.lock().unwrap();
        let lock = OwnLock::of(file);
        let (mut told, mut tell) = io::pipe().unwrap();
        // SAFETY: the child writes a byte and waits for its end.
        let child = match unsafe { fork() }.unwrap() {
            ForkResult::Parent { child } => child,
            ForkResult::Child => {
                let _ = tell.write(b"x");
                loop {
                    pause();
                }
            }
        };
        told.read_exact(&mut [0]).unwrap();
        let held = open().try_lock().is_err();
        drop(lock);
        let given_back = open().try_lock().is_ok();
        kill(child, Signal::SIGKILL).unwrap();
        waitpid(child, None).unwrap();
        assert!(held, "by this process, for as long as it wants");
        assert!(given_back, "while the other one lives");
    }
}
