//! Having running code look at what its debugger wants, without asking it all the time.
//!
//! The debugger raises its [`Attention`], which sends Lua's thread a signal of its own. The
//! handler gives the coroutine that runs the hook, for its next instruction. System calls that
//! wait go on waiting.
//!
//! [`Attention`]: perilune_language::debug::Attention

use std::ffi::c_int;
use std::ptr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Once};

use perilune_language::debug::Debugger;

use super::hook;
use super::tracer::{Tracer, hot};
use crate::interrupt;

/// A signal that nobody else uses: a real-time one, where there are some.
#[cfg(target_os = "linux")]
fn signal() -> c_int {
    libc::SIGRTMIN() + 5
}

#[cfg(not(target_os = "linux"))]
fn signal() -> c_int {
    libc::SIGIO
}

/// Makes this thread hear the signal, and the debugger send it.
pub(super) fn listen(tracer: &Tracer, debugger: &Arc<dyn Debugger>) {
    static HANDLER: Once = Once::new();
    HANDLER.call_once(|| {
        // SAFETY: the record is filled; the handler only touches what may be touched then.
        unsafe {
            let mut action = std::mem::zeroed::<libc::sigaction>();
            action.sa_sigaction = on_signal as extern "C" fn(c_int) as usize;
            action.sa_flags = libc::SA_RESTART | libc::SA_ONSTACK;
            libc::sigfillset(&raw mut action.sa_mask);
            if libc::sigaction(signal(), &raw const action, ptr::null_mut()) != 0 {
                tracing::error!("running code cannot be paused");
            }
        }
    });
    // SAFETY: the set is filled before it is read.
    let thread = unsafe {
        let mut signals = std::mem::zeroed::<libc::sigset_t>();
        libc::sigemptyset(&raw mut signals);
        libc::sigaddset(&raw mut signals, signal());
        libc::pthread_sigmask(libc::SIG_UNBLOCK, &raw const signals, ptr::null_mut());
        libc::pthread_self()
    };
    let running = Arc::clone(&tracer.running);
    debugger.attention().on_raise(move || {
        if running.load(Ordering::SeqCst) {
            // SAFETY: the thread lives: its interpreter takes this from the attention first.
            unsafe { libc::pthread_kill(thread, signal()) };
        }
    });
}

extern "C" fn on_signal(_: c_int) {
    let Some(state) = interrupt::running() else {
        return;
    };
    hot(|hot| {
        hot.kicked.store(true, Ordering::Relaxed);
        if hot.context().is_none() || hot.quiet.get() || interrupt::is_due() {
            // It is looked at when code goes on.
            return;
        }
        // SAFETY: this is the thread of the state that runs.
        unsafe { hook::set_for_a_look(state) };
    });
}
