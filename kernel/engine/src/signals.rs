use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::error::EngineError;

/// What a Unix signal asks of the kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    /// SIGINT.
    Interrupt,
    /// SIGTERM, or SIGHUP when the terminal goes.
    Terminate,
}

/// The signals of a process that is a kernel; none in a process that is something else too.
pub(crate) struct Signals(Option<[Signal; 3]>);

impl Signals {
    pub(crate) fn listen() -> Result<Self, EngineError> {
        let signal =
            |kind| signal(kind).map_err(EngineError::system("signals could not be listened for"));
        Ok(Self(Some([
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
            signal(SignalKind::hangup())?,
        ])))
    }

    pub(crate) fn none() -> Self {
        Self(None)
    }

    /// The next one. Cancel safe.
    pub(crate) async fn next(&mut self) -> Wish {
        let Some([interrupt, terminate, hangup]) = &mut self.0 else {
            return std::future::pending().await;
        };
        tokio::select! {
            Some(()) = interrupt.recv() => Wish::Interrupt,
            Some(()) = terminate.recv() => Wish::Terminate,
            Some(()) = hangup.recv() => Wish::Terminate,
            else => std::future::pending().await,
        }
    }
}
