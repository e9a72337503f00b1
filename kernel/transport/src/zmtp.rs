//! ZeroMQ sockets, served by ourselves: ROUTER, XPUB and the heartbeat over ZMTP 3.
//!
//! `docs/decisions/0001-zmtp.md` says why. Only what a kernel needs is here: the bound side, the
//! NULL mechanism, TCP and Unix sockets.

mod acceptor;
mod command;
mod connection;
mod frame;
mod handshake;
mod inbox;
mod listener;
mod log_limit;
mod outbound;
mod publisher;
mod router;
mod shared;
mod socket;
mod socket_file;
mod stream;

use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Poll, ready};
use std::time::{Duration, Instant};

use nix::sys::resource::{Resource, getrlimit};
use perilune_wire::{Endpoints, Ports};
use tokio::sync::watch;
use tokio::task::{JoinSet, coop};

use self::acceptor::accept;
use self::inbox::Arrival;
use self::listener::{Bound, Listener};
use self::publisher::Exceptions;
use self::router::Routed;
use self::shared::Shared;
use self::socket::Socket;
use self::socket_file::SocketFile;
use crate::{
    Census, Channel, Frames, Incoming, Limits, ShellGate, SubscriberId, Transport, TransportError,
    Weight,
};

/// The five sockets of a kernel. Dropping it closes them and removes socket files.
#[derive(Debug)]
pub struct ZeroMq {
    shared: Arc<Shared>,
    /// Dropped, they end, and with them every connection.
    _sockets: JoinSet<()>,
    closing: watch::Sender<bool>,
    /// Dropped, they remove themselves.
    _files: Vec<SocketFile>,
}

impl ZeroMq {
    /// Binds all five sockets and begins to listen, with [`Limits::default`]. Returns where they
    /// are, with the ports (or numbers) that were chosen for those that were 0.
    ///
    /// # Errors
    ///
    /// [`TransportError::Bind`] for the first socket that cannot be bound; none is then.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime with I/O and time enabled.
    pub fn bind(endpoints: &Endpoints) -> Result<(Self, Endpoints), TransportError> {
        Self::bind_with(endpoints, Limits::default())
    }

    /// As [`ZeroMq::bind`], with other limits. The process's limit of open files also bounds the
    /// connections, so that peers never take the last file.
    ///
    /// # Errors
    ///
    /// As [`ZeroMq::bind`].
    pub fn bind_with(
        endpoints: &Endpoints,
        limits: Limits,
    ) -> Result<(Self, Endpoints), TransportError> {
        let mut ports = endpoints.ports();
        let mut listeners = Vec::new();
        let mut files = Vec::new();
        let mut order = Socket::ALL;
        // Those with a port of their own first, lest it be chosen for another.
        order.sort_by_key(|socket| *port_of(&mut ports, *socket) == 0);
        for socket in order {
            let port = port_of(&mut ports, socket);
            let bound = bind(endpoints, socket, *port)?;
            *port = bound.port;
            listeners.push((socket, bound.listener));
            files.extend(bound.file);
        }
        let connections = limits.connections.min(affordable_connections());
        let limits = Limits {
            connections,
            ..limits
        };
        let shared = Arc::new(Shared::new(limits));
        let (closing, watch) = watch::channel(false);
        let mut sockets = JoinSet::new();
        for (socket, listener) in listeners {
            sockets.spawn(accept(listener, socket, shared.clone(), watch.clone()));
        }
        let bound = match endpoints {
            Endpoints::Tcp(ip, _) => Endpoints::Tcp(*ip, ports),
            Endpoints::Ipc(prefix, _) => Endpoints::Ipc(prefix.clone(), ports),
        };
        Ok((
            Self {
                shared,
                _sockets: sockets,
                closing,
                _files: files,
            },
            bound,
        ))
    }

    fn report(&self, exceptions: &Exceptions) {
        if exceptions.gap_begins.is_empty() && exceptions.cut_off.is_empty() {
            return;
        }
        if let Some(suppressed) = self.shared.logs.gap.pass(Instant::now()) {
            let Exceptions {
                gap_begins,
                cut_off,
                ..
            } = exceptions;
            tracing::warn!(
                ?gap_begins,
                ?cut_off,
                suppressed,
                "subscribers do not keep up"
            );
        }
    }
}

fn bind(endpoints: &Endpoints, socket: Socket, port: u16) -> Result<Bound, TransportError> {
    let bound = match endpoints {
        Endpoints::Tcp(ip, _) => Listener::tcp(*ip, port),
        Endpoints::Ipc(prefix, _) => Listener::ipc(prefix, port),
    };
    bound.map_err(|reason| TransportError::Bind {
        channel: socket.to_string(),
        address: match endpoints {
            Endpoints::Tcp(ip, _) => format!("tcp://{}", SocketAddr::new(*ip, port)),
            Endpoints::Ipc(prefix, _) => format!("ipc://{prefix}-{port}"),
        },
        reason,
    })
}

/// For each of the five sockets a sixth of the files this process may open.
fn affordable_connections() -> usize {
    let files = getrlimit(Resource::RLIMIT_NOFILE).map_or(1024, |(soft, _)| soft);
    usize::try_from(files / 6).unwrap_or(usize::MAX)
}

fn port_of(ports: &mut Ports, socket: Socket) -> &mut u16 {
    match socket {
        Socket::Shell => &mut ports.shell,
        Socket::Iopub => &mut ports.iopub,
        Socket::Stdin => &mut ports.stdin,
        Socket::Control => &mut ports.control,
        Socket::Heartbeat => &mut ports.hb,
    }
}

impl Transport for ZeroMq {
    async fn recv(&mut self, shell: ShellGate) -> Option<Incoming> {
        poll_fn(|context| {
            // Somebody who is never kept waiting must let the connections have their turn.
            let turn = ready!(coop::poll_proceed(context));
            loop {
                let arrival = ready!(self.shared.inbox.poll(context, shell));
                turn.made_progress();
                match arrival {
                    None => return Poll::Ready(None),
                    Some(Arrival::Message(channel, frames)) => {
                        return Poll::Ready(Some(Incoming::Message { channel, frames }));
                    }
                    Some(Arrival::Gone(identity)) => {
                        return Poll::Ready(Some(Incoming::Gone { identity }));
                    }
                    Some(Arrival::TopicChange(change)) => {
                        if self.shared.publisher.apply(&change) {
                            return Poll::Ready(Some(Incoming::Subscribed {
                                subscriber: change.subscriber,
                                topic: change.topic,
                            }));
                        }
                    }
                }
            }
        })
        .await
    }

    fn reply(&mut self, channel: Channel, frames: Frames) {
        match self.shared.router(channel).route(&frames) {
            Routed::Queued => {}
            // Clients connect their sockets one after the other, and a cell may ask before the
            // last of them is there.
            Routed::Unknown if channel == Channel::Stdin => {
                self.shared.router(channel).hold(&frames)
            }
            Routed::Unknown => tracing::debug!(?channel, "a reply to a peer that is gone"),
            Routed::Full => {
                self.shared.replies_dropped.fetch_add(1, Ordering::Relaxed);
                if let Some(suppressed) = self.shared.logs.reply.pass(Instant::now()) {
                    tracing::warn!(
                        ?channel,
                        suppressed,
                        "dropped a reply: its peer does not read"
                    );
                }
            }
        }
    }

    fn publish(&mut self, frames: Frames, weight: Weight) -> Vec<SubscriberId> {
        let exceptions = self.shared.publisher.publish(&frames, weight);
        self.report(&exceptions);
        exceptions.gap_begins
    }

    fn publish_to(&mut self, subscriber: SubscriberId, frames: Frames) {
        let exceptions = self.shared.publisher.publish_to(subscriber, &frames);
        self.report(&exceptions);
    }

    fn census(&self) -> Arc<dyn Census> {
        Arc::clone(&self.shared) as Arc<dyn Census>
    }

    async fn flush(&mut self, limit: Duration) {
        self.closing.send_replace(true);
        self.shared.inbox.close();
        let mut outbounds = self.shared.publisher.outbounds();
        for channel in [Channel::Shell, Channel::Control, Channel::Stdin] {
            outbounds.extend(self.shared.router(channel).outbounds());
        }
        for outbound in &outbounds {
            outbound.finish();
        }
        let all_over = async {
            for outbound in &outbounds {
                outbound.over().await;
            }
        };
        if tokio::time::timeout(limit, all_over).await.is_err() {
            let bytes: usize = outbounds.iter().map(|outbound| outbound.queued()).sum();
            tracing::warn!(bytes, "not everything could be sent in time");
        }
    }
}
