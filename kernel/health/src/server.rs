use std::fmt;
use std::fs;
use std::io::{self, PipeReader, PipeWriter};
use std::net::TcpListener;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use axum::middleware;
use nix::sys::stat::{Mode, umask};
use perilune_engine::Vitals;
use tokio::net::unix::pipe;

use crate::connections::{self, Listener};
use crate::error::HealthError;
use crate::token::Token;
use crate::{Address, Surroundings, guard, routes};

/// What is served, where, and for whom.
pub struct Options {
    /// Where it is served.
    pub address: Address,
    /// What whoever asks over TCP must know. Who may open a Unix socket needs none.
    pub token: Token,
    /// The kernel's figures.
    pub vitals: Arc<Vitals>,
    /// The rest of them, asked for each time.
    pub surroundings: Arc<dyn Fn() -> Surroundings + Send + Sync>,
}

/// A thread that serves health until this is dropped.
pub struct Server {
    address: Address,
    stop: Option<PipeWriter>,
    thread: Option<JoinHandle<()>>,
    socket: Option<Socket>,
}

impl Server {
    /// Begins to serve.
    ///
    /// # Errors
    ///
    /// [`HealthError`], when it cannot be served there.
    pub fn start(options: &Options) -> Result<Self, HealthError> {
        let system = |source| HealthError::System {
            address: options.address.clone(),
            source,
        };
        let mut router = routes::router(options);
        let mut socket = None;
        let (listener, address) = match &options.address {
            Address::Tcp(address) if !address.ip().is_loopback() => {
                return Err(HealthError::NotLocal(options.address.clone()));
            }
            Address::Tcp(address) => {
                let token = Arc::new(options.token.clone());
                router = router.layer(middleware::from_fn_with_state(token, guard::check));
                let listener = TcpListener::bind(address).map_err(system)?;
                listener.set_nonblocking(true).map_err(system)?;
                let bound = listener.local_addr().map_err(system)?;
                (Listener::Tcp(listener), Address::Tcp(bound))
            }
            Address::Unix(path) => {
                make_room(path).map_err(|reason| match reason {
                    NoRoom::Because(reason) => HealthError::Occupied {
                        address: options.address.clone(),
                        reason,
                    },
                    NoRoom::System(error) => system(error),
                })?;
                let listener = bind_for_owner(path).map_err(system)?;
                listener.set_nonblocking(true).map_err(system)?;
                socket = Socket::of(path);
                (Listener::Unix(listener), options.address.clone())
            }
        };
        let (stopped, stop) = io::pipe().map_err(system)?;
        let thread = thread::Builder::new()
            .name("health".to_owned())
            .stack_size(512 << 10)
            .spawn(move || serve(listener, router, stopped))
            .map_err(system)?;
        Ok(Self {
            address,
            stop: Some(stop),
            thread: Some(thread),
            socket,
        })
    }

    /// Where it is served; a port that was to be a free one is the one that was found.
    pub fn address(&self) -> &Address {
        &self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        if let Some(socket) = self.socket.take() {
            socket.remove();
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut about = formatter.debug_struct("Server");
        about
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

fn serve(listener: Listener, router: axum::Router, stopped: PipeReader) {
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "health is not served");
            return;
        }
    };
    let served = runtime.block_on(async {
        let mut stopped = pipe::Receiver::from_owned_fd(stopped.into())?;
        tokio::select! {
            served = connections::serve(listener, router) => served,
            // Its other end is dropped.
            _ = tokio::io::AsyncReadExt::read_u8(&mut stopped) => Ok(()),
        }
    });
    if let Err(error) = served {
        tracing::error!(%error, "health is served no more");
    }
}

enum NoRoom {
    Because(&'static str),
    System(io::Error),
}

/// Removes a socket that a process left which was killed; nothing else.
fn make_room(path: &Path) -> Result<(), NoRoom> {
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(NoRoom::System(error)),
    };
    if !metadata.file_type().is_socket() {
        return Err(NoRoom::Because("there is something that is no socket"));
    }
    match UnixStream::connect(path) {
        Ok(_) => Err(NoRoom::Because("somebody listens there already")),
        Err(_) => fs::remove_file(path).map_err(NoRoom::System),
    }
}

/// Binds a socket that nobody else can open, not even for a moment.
fn bind_for_owner(path: &Path) -> io::Result<UnixListener> {
    // The mask is the process's. What other threads make in this moment is private too, at worst.
    let before = umask(Mode::S_IRWXG | Mode::S_IRWXO);
    let bound = UnixListener::bind(path);
    umask(before);
    let bound = bound?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    Ok(bound)
}

/// A socket's file that is ours.
struct Socket {
    path: PathBuf,
    id: (u64, u64),
}

impl Socket {
    fn of(path: &Path) -> Option<Self> {
        let id = id_of(path)?;
        Some(Self {
            path: path.to_owned(),
            id,
        })
    }

    /// Removes it, unless another is in its place.
    fn remove(self) {
        if id_of(&self.path) == Some(self.id) {
            let _ = fs::remove_file(self.path);
        }
    }
}

fn id_of(path: &Path) -> Option<(u64, u64)> {
    let metadata = fs::symlink_metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}
