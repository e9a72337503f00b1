use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The wish that running code should look at what its debugger wants.
///
/// Raised from any thread, seen by the language's thread between two instructions. Unlike an
/// [`Interrupt`](crate::Interrupt) it ends nothing.
#[derive(Clone, Default)]
pub struct Attention(Arc<Inner>);

#[derive(Default)]
struct Inner {
    raised: AtomicBool,
    kick: Mutex<Option<Box<dyn Fn() + Send>>>,
}

impl Attention {
    /// Raises it. Raising it twice is raising it once.
    pub fn raise(&self) {
        self.0.raised.store(true, Ordering::SeqCst);
        let kick = self.0.kick.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kick) = kick.as_ref() {
            kick();
        }
    }

    /// Whether it was raised since it was taken last. For the language's thread.
    pub fn take(&self) -> bool {
        self.0.raised.swap(false, Ordering::SeqCst)
    }

    /// Whether it is raised.
    pub fn is_raised(&self) -> bool {
        self.0.raised.load(Ordering::SeqCst)
    }

    /// Sets what makes running code look: called on the raising thread, after the flag is set.
    pub fn on_raise(&self, kick: impl Fn() + Send + 'static) {
        *self.0.kick.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(kick));
    }

    /// Forgets what [`Attention::on_raise`] set, when the language's thread ends.
    pub fn forget_kick(&self) {
        *self.0.kick.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl fmt::Debug for Attention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attention")
            .field("raised", &self.is_raised())
            .finish_non_exhaustive()
    }
}
