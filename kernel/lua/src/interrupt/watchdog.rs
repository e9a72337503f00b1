use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use nix::sys::pthread::{Pthread, pthread_kill, pthread_self};
use nix::sys::signal::Signal;
use perilune_language::Interrupt;

/// How often the thread that runs Lua is reminded until its cell has ended.
///
/// One signal may come in vain: Lua disables hooks for each `__gc` metamethod anew, and C code
/// may have caught the error.
const PERIOD: Duration = Duration::from_millis(5);

/// Kicks the thread that runs Lua.
///
/// Its own thread is started when it is needed first; most kernels are never interrupted.
pub(crate) struct Watchdog(Arc<Shared>);

struct Shared {
    lua: Pthread,
    running: AtomicBool,
    armed: AtomicBool,
    thread: Mutex<Thread>,
    changed: Condvar,
}

#[derive(Default)]
struct Thread {
    handle: Option<JoinHandle<()>>,
    stopped: bool,
}

impl Watchdog {
    /// The watchdog of the thread that calls.
    pub(crate) fn of_this_thread() -> Self {
        Self(Arc::new(Shared {
            lua: pthread_self(),
            running: AtomicBool::new(false),
            armed: AtomicBool::new(false),
            thread: Mutex::default(),
            changed: Condvar::new(),
        }))
    }

    /// Kicks whenever `interrupt` is raised while something runs.
    pub(crate) fn watch(&self, interrupt: &Interrupt) {
        let shared = Arc::clone(&self.0);
        interrupt.on_raise(move || {
            if shared.running.load(Ordering::SeqCst) {
                shared.kick();
                Shared::arm(&shared);
            }
        });
    }

    /// Something is about to run.
    pub(crate) fn begin(&self, interrupt: &Interrupt) {
        self.0.running.store(true, Ordering::SeqCst);
        // Who raised it just before has seen nothing running.
        if interrupt.is_raised() {
            self.arm();
        }
    }

    /// Begins to kick.
    pub(crate) fn arm(&self) {
        Shared::arm(&self.0);
    }

    /// What ran has ended.
    pub(crate) fn end(&self) {
        self.0.running.store(false, Ordering::SeqCst);
        self.0.armed.store(false, Ordering::SeqCst);
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        let handle = {
            let mut thread = self.0.lock();
            thread.stopped = true;
            self.0.changed.notify_all();
            thread.handle.take()
        };
        if let Some(handle) = handle
            && handle.join().is_err()
        {
            tracing::error!("the watchdog panicked");
        }
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, Thread> {
        self.thread.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn kick(&self) {
        // The thread lives: its interpreter stops the watchdog, and takes it from the interrupt,
        // before it ends.
        if let Err(error) = pthread_kill(self.lua, Signal::SIGURG) {
            tracing::error!(%error, "the language's thread cannot be signalled");
        }
    }

    fn arm(self: &Arc<Self>) {
        self.armed.store(true, Ordering::SeqCst);
        let mut thread = self.lock();
        if thread.handle.is_none() && !thread.stopped {
            let shared = Arc::clone(self);
            let spawned = Builder::new()
                .name("lua-watchdog".to_owned())
                .stack_size(128 * 1024)
                .spawn(move || shared.work());
            match spawned {
                Ok(handle) => thread.handle = Some(handle),
                Err(error) => tracing::error!(%error, "there is no thread for the watchdog"),
            }
        }
        self.changed.notify_all();
    }

    fn work(&self) {
        let mut thread = self.lock();
        while !thread.stopped {
            if self.armed.load(Ordering::SeqCst) {
                self.kick();
                thread = self
                    .changed
                    .wait_timeout(thread, PERIOD)
                    .unwrap_or_else(PoisonError::into_inner)
                    .0;
            } else {
                thread = self
                    .changed
                    .wait(thread)
                    .unwrap_or_else(PoisonError::into_inner);
            }
        }
    }
}
