use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use perilune_health::OwnSocket;

use super::address::Address;
use super::connection;
use super::session::Door;
use crate::standard;

/// How many clients there may be at once.
const MOST: usize = 64;
/// How long to wait when the system has no connection to give, such as for want of files.
const PAUSE: Duration = Duration::from_millis(100);

/// A place where clients are listened for.
pub struct Listening {
    listener: Arc<Listener>,
    address: Address,
    /// Goes with us.
    _socket: Option<OwnSocket>,
}

enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Listening {
    /// Begins to listen there.
    ///
    /// # Errors
    ///
    /// When it cannot be listened there.
    pub fn begin(address: &Address) -> Result<Self> {
        match address {
            Address::Tcp(wished) => {
                let listener =
                    TcpListener::bind(wished).with_context(|| format!("listening on {address}"))?;
                let bound = listener.local_addr().context("finding the port")?;
                Ok(Self {
                    listener: Arc::new(Listener::Tcp(listener)),
                    address: Address::Tcp(bound),
                    _socket: None,
                })
            }
            Address::Unix(path) => {
                check_folder(path)?;
                let (listener, socket) =
                    OwnSocket::bind(path).with_context(|| format!("listening on {address}"))?;
                Ok(Self {
                    listener: Arc::new(Listener::Unix(listener)),
                    address: address.clone(),
                    _socket: Some(socket),
                })
            }
        }
    }

    /// Where it is, with the port that was found.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Begins to serve who comes, each on a thread of its own, for as long as the process lives.
    ///
    /// # Errors
    ///
    /// When the system has no thread left.
    pub fn start(&self, door: Door) -> Result<()> {
        let listener = Arc::clone(&self.listener);
        thread::Builder::new()
            .name("dap-listener".to_owned())
            .spawn(move || listener.serve(&door))
            .context("starting a thread that listens")?;
        Ok(())
    }
}

/// A client's place among those there may be.
struct Seat(Arc<AtomicUsize>);

impl Seat {
    fn take(clients: &Arc<AtomicUsize>) -> Self {
        clients.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(clients))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Listener {
    fn serve(&self, door: &Door) {
        let clients = Arc::new(AtomicUsize::new(0));
        loop {
            let stream = match self.accept() {
                Ok(stream) => stream,
                Err(error) => {
                    standard::say(&format!("perilune: a client could not come in: {error}"));
                    thread::sleep(PAUSE);
                    continue;
                }
            };
            if clients.load(Ordering::Relaxed) >= MOST {
                standard::say(&format!(
                    "perilune: a client was sent away: there are {MOST} already"
                ));
                continue;
            }
            let seat = Seat::take(&clients);
            let door = door.clone();
            let serve = move || {
                let _seat = seat;
                if let Err(error) = stream.converse(door) {
                    // Before the client knows: it may end this process then.
                    standard::say(&format!("perilune: {error:#}"));
                }
                stream.close();
            };
            if let Err(error) = thread::Builder::new().name("dap".to_owned()).spawn(serve) {
                standard::say(&format!("perilune: a client could not be served: {error}"));
            }
        }
    }

    fn accept(&self) -> io::Result<Stream> {
        match self {
            Self::Tcp(listener) => {
                let (stream, _) = listener.accept()?;
                // Messages are written whole.
                stream.set_nodelay(true)?;
                Ok(Stream::Tcp(stream))
            }
            Self::Unix(listener) => Ok(Stream::Unix(listener.accept()?.0)),
        }
    }
}

impl Stream {
    fn converse(&self, door: Door) -> Result<()> {
        match self {
            Self::Tcp(stream) => connection::serve(stream.try_clone()?, stream.try_clone()?, door),
            Self::Unix(stream) => connection::serve(stream.try_clone()?, stream.try_clone()?, door),
        }
    }

    /// Closes it, though the thread that reads has its own hold on it.
    fn close(&self) {
        let _ = match self {
            Self::Tcp(stream) => stream.shutdown(Shutdown::Both),
            Self::Unix(stream) => stream.shutdown(Shutdown::Both),
        };
    }
}

/// Who may enter the folder could put a socket of their own in our socket's place.
fn check_folder(socket: &Path) -> Result<()> {
    use std::os::unix::fs::MetadataExt;
    let folder = crate::atomic_file::folder_of(socket);
    let metadata = std::fs::metadata(&folder)
        .with_context(|| format!("looking at the folder {}", folder.display()))?;
    let is_ours = metadata.uid() == nix::unistd::geteuid().as_raw();
    if !is_ours || metadata.mode() & 0o077 != 0 {
        bail!(
            "{} is not for its owner alone, so others could put a socket in place of this one: use \
             a folder of yours with mode 700, such as one in $XDG_RUNTIME_DIR",
            folder.display()
        );
    }
    Ok(())
}
