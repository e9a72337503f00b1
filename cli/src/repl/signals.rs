use anyhow::{Context, Result};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that a person or a system sends to a session.
#[derive(Debug)]
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// SIGINT, which is Ctrl-C: the cell shall stop.
    Interrupt,
    /// SIGTERM: everything shall end.
    Terminate,
    /// SIGHUP: the terminal is gone.
    HangUp,
}

impl Signals {
    /// Listens from now on.
    ///
    /// # Errors
    ///
    /// When the operating system refuses.
    pub fn listen() -> Result<Self> {
        let listen = |kind| signal(kind).context("listening for signals");
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            hang_up: listen(SignalKind::hangup())?,
        })
    }

    /// The next signal. Cancel safe.
    pub async fn next(&mut self) -> Asked {
        tokio::select! {
            Some(()) = self.terminate.recv() => Asked::Terminate,
            Some(()) = self.hang_up.recv() => Asked::HangUp,
            Some(()) = self.interrupt.recv() => Asked::Interrupt,
            else => std::future::pending().await,
        }
    }
}
