//! Unix signals, from their arrival to the I/O thread, which takes them as it takes what comes on
//! control.
//!
//! The handler counts the signal and writes a byte into a pipe that the I/O thread waits for: no
//! more than a handler may do, and no later than the next turn of that thread. A handler and not a
//! mask (as signalfd wants it), since masks and ignored signals are inherited by whatever C code
//! forks and executes, and handlers are not.

mod handler;

use std::fs::File;
use std::io::{PipeReader, Read};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use tokio::io::unix::AsyncFd;

use crate::error::EngineError;

pub(crate) use handler::Arrived;

/// The code that a process exits with that was forced to end: 128 and the number of SIGTERM, as a
/// shell says it.
pub const FORCED: i32 = 128 + libc::SIGTERM;

/// The signals of this process, caught from now on and kept until a kernel takes them.
#[derive(Debug)]
pub struct CaughtSignals {
    pipe: PipeReader,
    hangup: Hangup,
}

/// What SIGHUP does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hangup {
    /// The terminal that the kernel was started from has gone, and the kernel goes too.
    Ends,
    /// Nothing: there is no terminal.
    Survived,
}

/// What a Unix signal asks of the kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    /// SIGTERM, or SIGHUP when the terminal goes: end, and save what there is to save.
    Terminate,
    /// SIGTERM once more: end at once.
    Force,
    /// SIGINT: stop what runs.
    Interrupt,
    /// SIGUSR2: write down what the kernel is at.
    Dump,
    /// SIGUSR1: read the configuration anew.
    Reload,
}

/// The signals of a process that is a kernel; none in a process that is something else too.
pub(crate) struct Signals(Option<Listening>);

struct Listening {
    pipe: AsyncFd<PipeReader>,
    hangup: Hangup,
    is_ending: bool,
}

impl CaughtSignals {
    /// Catches SIGTERM, SIGINT, SIGHUP, SIGUSR1 and SIGUSR2, so that from now on none of them ends
    /// the process by itself. To be called first thing by a process that is to be a kernel, and
    /// after it was forked.
    ///
    /// SIGXFSZ is caught too, and does nothing: what is written beyond a limit on files' sizes fails
    /// with an error.
    ///
    /// SIGHUP stays ignored where it is (as nohup(1) makes it) in a process with a terminal.
    ///
    /// # Errors
    ///
    /// When the operating system refuses.
    pub fn catch() -> Result<Self, EngineError> {
        let failed = || EngineError::system("signals could not be caught");
        let has_terminal = File::open("/dev/tty").is_ok();
        let pipe = handler::install(has_terminal).map_err(failed())?;
        let hangup = if has_terminal {
            Hangup::Ends
        } else {
            Hangup::Survived
        };
        Ok(Self { pipe, hangup })
    }
}

impl Signals {
    /// Listens to those that were caught, of which some may have come already. In a runtime.
    pub(crate) fn listen(caught: Option<CaughtSignals>) -> Result<Self, EngineError> {
        let Some(CaughtSignals { pipe, hangup }) = caught else {
            return Ok(Self(None));
        };
        let listening = || {
            fcntl(&pipe, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
            // SAFETY: the descriptor is owned, so it stays open and the same while it is registered.
            Ok(unsafe { AsyncFd::register(pipe) }?)
        };
        let pipe = listening().map_err(EngineError::system("signals could not be listened for"))?;
        Ok(Self(Some(Listening {
            pipe,
            hangup,
            is_ending: false,
        })))
    }

    /// The next one. Cancel safe.
    pub(crate) async fn next(&mut self) -> Wish {
        let Some(listening) = &mut self.0 else {
            return std::future::pending().await;
        };
        loop {
            if let Some(wish) = listening.take() {
                return wish;
            }
            listening.wait().await;
        }
    }
}

impl Listening {
    fn take(&mut self) -> Option<Wish> {
        Some(match handler::take()? {
            Arrived::Terminate if std::mem::replace(&mut self.is_ending, true) => Wish::Force,
            Arrived::Terminate => Wish::Terminate,
            Arrived::Interrupt => Wish::Interrupt,
            Arrived::User2 => Wish::Dump,
            Arrived::User1 => Wish::Reload,
            Arrived::Hangup if self.hangup == Hangup::Ends => {
                // Not counted as a first SIGTERM: a second sign of the same end is nobody's wish.
                Wish::Terminate
            }
            Arrived::Hangup => {
                tracing::info!("SIGHUP came, and the kernel goes on: it has no terminal");
                return self.take();
            }
        })
    }

    async fn wait(&self) {
        match self.pipe.readable().await {
            Ok(mut ready) => {
                let mut bytes = [0; 64];
                // What a signal asks for is counted beside; the bytes only wake.
                while let Ok(Ok(1..)) = ready.try_io(|pipe| pipe.get_ref().read(&mut bytes)) {}
            }
            Err(error) => {
                tracing::error!(%error, "signals are not heard any more");
                std::future::pending().await
            }
        }
    }
}
