use std::fmt;
use std::io::{self, PipeReader, PipeWriter};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use axum::middleware;
use perilune_engine::Vitals;
use tokio::net::unix::pipe;

use crate::connections::{self, Listener};
use crate::error::HealthError;
use crate::socket::{OwnSocket, SocketError};
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
    _socket: Option<OwnSocket>,
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
                let (listener, bound) = OwnSocket::bind(path).map_err(|reason| match reason {
                    SocketError::Occupied(reason) => HealthError::Occupied {
                        address: options.address.clone(),
                        reason,
                    },
                    SocketError::System(error) => system(error),
                })?;
                listener.set_nonblocking(true).map_err(system)?;
                socket = Some(bound);
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
            _socket: socket,
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
