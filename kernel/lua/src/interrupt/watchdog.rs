use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

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
    /// When what runs is to be ended, in milliseconds since `began`; 0 if it may go on for ever.
    limit: AtomicU64,
    over_limit: AtomicBool,
    /// Whether the thread looks at the limit again before long, without being woken.
    looks_at_limit: AtomicBool,
    began: Instant,
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
            limit: AtomicU64::new(0),
            over_limit: AtomicBool::new(false),
            looks_at_limit: AtomicBool::new(false),
            began: Instant::now(),
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

    /// Ends what runs when it takes longer than this.
    pub(crate) fn limit(&self, time: Duration) {
        let shared = &self.0;
        let limit = (shared.began.elapsed() + time).as_millis();
        let limit = u64::try_from(limit).unwrap_or(u64::MAX).max(1);
        shared.limit.store(limit, Ordering::SeqCst);
        // Who limits a thousand things in a row is not to wake it a thousand times.
        if !shared.looks_at_limit.swap(true, Ordering::SeqCst) {
            shared.wake();
        }
    }

    /// What was limited is over.
    pub(crate) fn lift_limit(&self, interrupt: &Interrupt) {
        self.0.limit.store(0, Ordering::SeqCst);
        self.0.over_limit.store(false, Ordering::SeqCst);
        if !interrupt.is_raised() {
            self.0.armed.store(false, Ordering::SeqCst);
            // Who raised it just now may have armed it before it was disarmed.
            if interrupt.is_raised() {
                self.arm();
            }
        }
    }

    /// Whether what runs took longer than its limit.
    pub(crate) fn is_over_limit(&self) -> bool {
        self.0.over_limit.load(Ordering::SeqCst)
    }

    /// Ends to kick what runs.
    pub(crate) fn disarm(&self) {
        self.0.armed.store(false, Ordering::SeqCst);
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
        self.wake();
    }

    /// Lets the thread look, and starts it if there is none yet.
    fn wake(self: &Arc<Self>) {
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

    /// How long what runs may still take; nothing if it may take as long as it likes, or took too
    /// long and is kicked from now on.
    fn until_limit(&self) -> Option<Duration> {
        let mut limit = self.limit.load(Ordering::SeqCst);
        if limit == 0 {
            self.looks_at_limit.store(false, Ordering::SeqCst);
            // Who has set one just before believes that it is looked at.
            limit = self.limit.load(Ordering::SeqCst);
            if limit == 0 {
                return None;
            }
            self.looks_at_limit.store(true, Ordering::SeqCst);
        }
        let now = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        if now < limit {
            return Some(Duration::from_millis(limit - now));
        }
        self.over_limit.store(true, Ordering::SeqCst);
        // It may have been lifted, or set anew, meanwhile.
        if self.limit.load(Ordering::SeqCst) == limit {
            self.armed.store(true, Ordering::SeqCst);
        } else {
            self.over_limit.store(false, Ordering::SeqCst);
        }
        None
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
            } else if let Some(time) = self.until_limit() {
                thread = self
                    .changed
                    .wait_timeout(thread, time)
                    .unwrap_or_else(PoisonError::into_inner)
                    .0;
            } else if !self.armed.load(Ordering::SeqCst) {
                thread = self
                    .changed
                    .wait(thread)
                    .unwrap_or_else(PoisonError::into_inner);
            }
        }
    }
}
