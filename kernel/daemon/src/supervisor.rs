use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use sd_notify::NotifyState;

/// The service manager that started this process and wants to hear how it is: systemd, or what
/// speaks as it does (sd_notify(3)).
#[derive(Debug)]
pub struct Supervisor {
    address: SocketAddr,
    watchdog: Option<Duration>,
}

/// What a supervisor is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tidings<'a> {
    /// The process, which is this one, does what it is there for. Also after reloading.
    Ready,
    /// What the process is at, for a person.
    Status(&'a str),
    /// The configuration is read anew.
    Reloading,
    /// The end has begun.
    Stopping,
    /// All is well; not saying it in time means that nothing is.
    Alive,
}

/// Where the service manager listens.
const SOCKET: &str = "NOTIFY_SOCKET";
const VARIABLES: [&str; 3] = [SOCKET, "WATCHDOG_PID", "WATCHDOG_USEC"];

impl Supervisor {
    /// The one that the environment names, if it names one. Takes it out of the environment: what
    /// this process starts is not what is supervised.
    ///
    /// # Errors
    ///
    /// When the name is no socket's.
    ///
    /// # Safety
    ///
    /// The process must have one thread: the environment is everybody's.
    pub unsafe fn take_from_environment() -> io::Result<Option<Self>> {
        let socket = std::env::var_os(SOCKET).filter(|socket| !socket.is_empty());
        // Nothing where it is meant for another process.
        let watchdog = sd_notify::watchdog_enabled();
        for name in VARIABLES {
            // SAFETY: there is one thread, as the caller vouches.
            unsafe { std::env::remove_var(name) };
        }
        let Some(socket) = socket else {
            return Ok(None);
        };
        let address = match socket.as_bytes() {
            #[cfg(target_os = "linux")]
            [b'@', name @ ..] => {
                use std::os::linux::net::SocketAddrExt;
                SocketAddr::from_abstract_name(name)?
            }
            [b'/', ..] => SocketAddr::from_pathname(&socket)?,
            _ => {
                let reason = format!("{SOCKET} names no Unix socket: {}", socket.display());
                return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
            }
        };
        Ok(Some(Self { address, watchdog }))
    }

    /// The one that listens at this address, and waits for [`Tidings::Alive`] so long, if at all.
    pub fn at(address: SocketAddr, watchdog: Option<Duration>) -> Self {
        Self { address, watchdog }
    }

    /// After which silence of [`Tidings::Alive`] the supervisor takes this process for dead.
    pub fn watchdog(&self) -> Option<Duration> {
        self.watchdog
    }

    /// Tells it, all in one.
    ///
    /// # Errors
    ///
    /// When it does not listen.
    pub fn tell(&self, tidings: &[Tidings]) -> io::Result<()> {
        let mut message = String::new();
        for it in tidings {
            for state in it.states()? {
                message += &format!("{state}\n");
            }
        }
        let socket = UnixDatagram::unbound()?;
        // A supervisor that does not read must not hold us up.
        socket.set_nonblocking(true)?;
        socket.send_to_addr(message.as_bytes(), &self.address)?;
        Ok(())
    }
}

impl<'a> Tidings<'a> {
    fn states(&self) -> io::Result<Vec<NotifyState<'a>>> {
        Ok(match self {
            Self::Ready => vec![NotifyState::Ready, NotifyState::MainPid(std::process::id())],
            Self::Status(status) => vec![NotifyState::Status(status)],
            // The time is how a manager knows this reload from the one before (systemd 253).
            Self::Reloading => vec![NotifyState::Reloading, NotifyState::monotonic_usec_now()?],
            Self::Stopping => vec![NotifyState::Stopping],
            Self::Alive => vec![NotifyState::Watchdog],
        })
    }
}
