//! How a client's frames travel: over ZeroMQ sockets, or within the process.

mod heart;
mod sockets;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use perilune_transport::{Channel, Frames, Source};
use perilune_wire::Endpoints;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::error::ClientError;
use sockets::Sockets;

pub(crate) use sockets::address;

/// How much of what came may wait for a slow reader, in KiB; then the kernel waits for us.
const ROOM: usize = 1 << 20;

/// The way to a kernel.
#[derive(Debug)]
pub(crate) enum Connection {
    InProcess(Arc<perilune_transport::Client>),
    ZeroMq {
        outgoing: UnboundedSender<(Channel, Frames)>,
        has_beaten: Arc<AtomicBool>,
    },
}

/// What comes from it.
#[derive(Debug)]
pub(crate) enum Inbox {
    InProcess(Arc<perilune_transport::Client>),
    ZeroMq(UnboundedReceiver<Waiting>),
}

/// What came, and the room it takes while it waits.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) news: News,
    pub(crate) _room: Option<OwnedSemaphorePermit>,
}

/// The next thing there is.
#[derive(Debug)]
pub(crate) enum News {
    Message(Source, Frames),
    /// The heart has not beaten for so long.
    Silent(Duration),
    /// The heart beats again.
    Awake,
    /// Nothing more comes.
    Over,
}

impl Connection {
    pub(crate) fn in_process(client: perilune_transport::Client) -> (Self, Inbox) {
        let client = Arc::new(client);
        (Self::InProcess(client.clone()), Inbox::InProcess(client))
    }

    /// Connects all five sockets, on a thread of their own.
    pub(crate) async fn open(
        endpoints: &Endpoints,
        identity: &str,
        patience: Duration,
    ) -> Result<(Self, Inbox), ClientError> {
        let (outgoing, to_send) = unbounded_channel();
        let (found, inbox) = unbounded_channel();
        let (tell, told) = oneshot::channel();
        let has_beaten = Arc::new(AtomicBool::new(false));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|reason| ClientError::System {
                what: "starting the client's I/O runtime",
                reason,
            })?;
        let serve = {
            let (endpoints, identity) = (endpoints.clone(), identity.to_owned());
            let has_beaten = has_beaten.clone();
            let room = Arc::new(Semaphore::new(ROOM));
            move || {
                runtime.block_on(async {
                    match Sockets::connect(&endpoints, &identity, patience).await {
                        Ok(sockets) => {
                            let _ = tell.send(Ok(()));
                            sockets.serve(to_send, found, room, has_beaten).await;
                        }
                        Err(error) => drop(tell.send(Err(error))),
                    }
                });
                // Name servers and the like may still be asked; nobody waits for them.
                runtime.shutdown_background();
            }
        };
        std::thread::Builder::new()
            .name("client".to_owned())
            .spawn(serve)
            .map_err(|reason| ClientError::System {
                what: "starting the client's thread",
                reason,
            })?;
        told.await.unwrap_or(Err(ClientError::Lost))?;
        let connection = Self::ZeroMq {
            outgoing,
            has_beaten,
        };
        Ok((connection, Inbox::ZeroMq(inbox)))
    }

    /// Sends; a connection that is lost says so when something is received.
    pub(crate) fn send(&self, channel: Channel, frames: Frames) {
        match self {
            Self::InProcess(client) => client.send(channel, frames),
            Self::ZeroMq { outgoing, .. } => {
                let _ = outgoing.send((channel, frames));
            }
        }
    }

    pub(crate) fn is_in_process(&self) -> bool {
        matches!(self, Self::InProcess(_))
    }

    /// Whether the kernel has ever echoed a beat.
    pub(crate) fn has_beaten(&self) -> bool {
        match self {
            Self::InProcess(_) => true,
            Self::ZeroMq { has_beaten, .. } => has_beaten.load(Ordering::Relaxed),
        }
    }
}

impl Inbox {
    /// Cancel safe.
    pub(crate) async fn next(&mut self) -> News {
        match self {
            Self::InProcess(client) => match client.recv().await {
                Some((source, frames)) => News::Message(source, frames),
                None => News::Over,
            },
            Self::ZeroMq(inbox) => inbox.recv().await.map_or(News::Over, |it| it.news),
        }
    }
}
