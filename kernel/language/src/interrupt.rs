use std::fmt;
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The wish that what runs should stop.
///
/// Raised from any thread, seen by the language's thread: by its own means where code runs (see
/// [`Interrupt::on_raise`]), and as a readable descriptor where it waits for something. It stays
/// raised until it has ended what it was for, and then the executor clears it for the next cell.
#[derive(Clone)]
pub struct Interrupt(Arc<Inner>);

struct Inner {
    raised: AtomicBool,
    // Whether it stays raised for ever. Changed with the pipe locked.
    is_final: AtomicBool,
    // The pipe holds one byte while the interrupt is raised, so that it can be polled.
    // The lock keeps flag and byte in step.
    pipe: Mutex<PipeWriter>,
    reader: PipeReader,
    kick: Mutex<Option<Box<dyn Fn() + Send>>>,
}

/// What a blocking call polls beside what it waits for.
pub struct InterruptWaiter<'a>(&'a PipeReader);

impl Interrupt {
    /// An interrupt that nobody has raised.
    ///
    /// # Errors
    ///
    /// When the process has no file descriptors left.
    pub fn new() -> io::Result<Self> {
        let (reader, writer) = io::pipe()?;
        Ok(Self(Arc::new(Inner {
            raised: AtomicBool::new(false),
            is_final: AtomicBool::new(false),
            pipe: Mutex::new(writer),
            reader,
            kick: Mutex::new(None),
        })))
    }

    /// Raises it. Raising it twice is raising it once.
    pub fn raise(&self) {
        {
            let mut pipe = self.0.pipe.lock().unwrap_or_else(PoisonError::into_inner);
            if !self.0.raised.swap(true, Ordering::SeqCst) {
                // An empty pipe takes one byte at once.
                let _ = pipe.write_all(&[0]);
            }
        }
        // Kicked each time: the first kick may have met code that could not be stopped just then.
        let kick = self.0.kick.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kick) = kick.as_ref() {
            kick();
        }
    }

    /// Raises it for ever: whatever runs from now on should stop.
    pub fn raise_for_good(&self) {
        {
            let _pipe = self.0.pipe.lock().unwrap_or_else(PoisonError::into_inner);
            self.0.is_final.store(true, Ordering::SeqCst);
        }
        self.raise();
    }

    /// Forgets it, when it has ended what it was for; unless it was raised for good.
    pub fn clear(&self) {
        let _pipe = self.0.pipe.lock().unwrap_or_else(PoisonError::into_inner);
        if self.0.is_final.load(Ordering::SeqCst) {
            return;
        }
        if self.0.raised.swap(false, Ordering::SeqCst) {
            let mut byte = [0];
            let _ = (&self.0.reader).read_exact(&mut byte);
        }
    }

    /// Whether it is raised.
    pub fn is_raised(&self) -> bool {
        self.0.raised.load(Ordering::SeqCst)
    }

    /// What to poll for reading: ready while the interrupt is raised.
    pub fn waiter(&self) -> InterruptWaiter<'_> {
        InterruptWaiter(&self.0.reader)
    }

    /// Sets what makes running code look: called on the raising thread, after the flag is set.
    pub fn on_raise(&self, kick: impl Fn() + Send + 'static) {
        *self.0.kick.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(kick));
    }

    /// Forgets what [`Interrupt::on_raise`] set, when the language's thread ends.
    pub fn forget_kick(&self) {
        *self.0.kick.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl AsFd for InterruptWaiter<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl fmt::Debug for Interrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interrupt")
            .field("raised", &self.is_raised())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raising_twice_and_clearing_once_leaves_nothing_behind() {
        let interrupt = Interrupt::new().unwrap();
        interrupt.raise();
        interrupt.raise();
        assert!(interrupt.is_raised());
        interrupt.clear();
        assert!(!interrupt.is_raised());
        interrupt.raise();
        interrupt.clear();
        interrupt.clear();
        assert!(!interrupt.is_raised());
    }

    #[test]
    fn what_is_raised_for_good_stays_raised() {
        let interrupt = Interrupt::new().unwrap();
        interrupt.raise();
        interrupt.raise_for_good();
        interrupt.clear();
        assert!(interrupt.is_raised());
    }

    #[test]
    fn every_raise_kicks_whoever_runs() {
        let interrupt = Interrupt::new().unwrap();
        let (sent, kicked) = std::sync::mpsc::channel();
        interrupt.on_raise(move || sent.send(()).unwrap());
        interrupt.raise();
        interrupt.raise();
        assert_eq!(kicked.try_iter().count(), 2);
    }
}
