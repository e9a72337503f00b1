use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::StreamExt;
use futures::channel::mpsc::Receiver;
use futures::stream::{SelectAll, select_all};
use perilune_transport::{Channel, Frames, Source};
use perilune_wire::Endpoints;
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};
use zeromq::util::PeerIdentity;
use zeromq::{
    DealerSocket, Socket, SocketEvent, SocketOptions, SocketRecv, SocketSend, SubSocket, ZmqError,
    ZmqMessage,
};

use super::heart::{BEAT, Heart};
use super::{News, Waiting};
use crate::error::ClientError;

/// When one socket has closed, how long the others may be silent before all is over. What they
/// hold was sent before, and is on this machine already or nearly so.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// A client's five sockets.
pub(crate) struct Sockets {
    shell: DealerSocket,
    control: DealerSocket,
    stdin: DealerSocket,
    iopub: SubSocket,
    // Not a REQ socket: one whose beat is lost can never send another.
    heartbeat: DealerSocket,
    /// Says when one of them has lost its peer. The sockets themselves are silent then; all but
    /// iopub stay so for ever, and iopub connects anew and is silent of what it missed.
    losses: SelectAll<Receiver<SocketEvent>>,
}

impl Sockets {
    /// # Errors
    ///
    /// [`ClientError::NobodyThere`], [`ClientError::Silent`], [`ClientError::NoKernel`].
    pub(crate) async fn connect(
        endpoints: &Endpoints,
        identity: &str,
        patience: Duration,
    ) -> Result<Self, ClientError> {
        let ports = endpoints.ports();
        let shell_address = address(endpoints, ports.shell);
        let silent = |_| ClientError::Silent {
            address: shell_address.clone(),
            after: patience,
        };
        timeout(patience, Self::connect_all(endpoints, identity))
            .await
            .unwrap_or_else(|elapsed| Err(silent(elapsed)))
    }

    async fn connect_all(endpoints: &Endpoints, identity: &str) -> Result<Self, ClientError> {
        let ports = endpoints.ports();
        // The sockets would try again and again where nobody is.
        find(endpoints, ports.hb).await?;
        let dealer = || {
            // Jupyter's clients use one identity on shell and stdin, so that a question finds the
            // one who asked for the code.
            let mut options = SocketOptions::default();
            if let Ok(identity) = identity.parse::<PeerIdentity>() {
                options.peer_identity(identity);
            }
            DealerSocket::with_options(options)
        };
        let (mut shell, mut control, mut stdin) = (dealer(), dealer(), dealer());
        let (mut iopub, mut heartbeat) = (SubSocket::new(), DealerSocket::new());
        let losses = select_all([
            shell.monitor(),
            control.monitor(),
            stdin.monitor(),
            iopub.monitor(),
        ]);
        iopub
            .subscribe("")
            .await
            .map_err(no_kernel(endpoints, ports.iopub))?;
        join(&mut iopub, endpoints, ports.iopub).await?;
        join(&mut shell, endpoints, ports.shell).await?;
        join(&mut control, endpoints, ports.control).await?;
        join(&mut stdin, endpoints, ports.stdin).await?;
        join(&mut heartbeat, endpoints, ports.hb).await?;
        Ok(Self {
            shell,
            control,
            stdin,
            iopub,
            heartbeat,
            losses,
        })
    }

    /// Carries messages until the client is gone, or the kernel is.
    pub(crate) async fn serve(
        mut self,
        mut to_send: UnboundedReceiver<(Channel, Frames)>,
        found: UnboundedSender<Waiting>,
        room: Arc<Semaphore>,
        has_beaten: Arc<AtomicBool>,
    ) {
        let mut heart = Heart::new();
        let mut ticks = interval(BEAT);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut seat: Option<OwnedSemaphorePermit> = None;
        let mut over: Option<Instant> = None;
        let tell = |news| {
            let _ = found.send(Waiting { news, _room: None });
        };
        loop {
            tokio::select! {
                biased;
                message = to_send.recv() => match message {
                    Some((channel, frames)) => self.send(channel, frames).await,
                    None => return,
                },
                Some(event) = self.losses.next(), if over.is_none() => {
                    if let SocketEvent::Disconnected(_) = event {
                        over = Some(Instant::now() + LAST_WORDS);
                    }
                }
                taken = room.clone().acquire_owned(), if seat.is_none() => seat = taken.ok(),
                _ = ticks.tick() => {
                    if let Some(beat) = heart.beat() {
                        // Whether it went out, its echo tells.
                        let _ = self.heartbeat.send(beat).await;
                    }
                    if let Some(since) = heart.silence() {
                        tell(News::Silent(since));
                    }
                }
                echo = self.heartbeat.recv() => {
                    if echo.is_ok() {
                        has_beaten.store(true, Ordering::Relaxed);
                        heart.echo();
                        if heart.hears() {
                            tell(News::Awake);
                        }
                    }
                }
                (source, message) = receive(
                    &mut self.shell, &mut self.control, &mut self.stdin, &mut self.iopub,
                ), if seat.is_some() => match message {
                    Ok(message) => {
                        if heart.hears() {
                            tell(News::Awake);
                        }
                        if let Some(over) = &mut over {
                            *over = Instant::now() + LAST_WORDS;
                        }
                        let frames = message.into_vec();
                        let _room = seat.take().map(|seat| widen(seat, &room, &frames));
                        let _ = found.send(Waiting { news: News::Message(source, frames), _room });
                    }
                    Err(_) => over = over.or(Some(Instant::now() + LAST_WORDS)),
                },
                () = until(over), if seat.is_some() => return,
            }
        }
    }

    async fn send(&mut self, channel: Channel, frames: Frames) {
        let socket = match channel {
            Channel::Shell => &mut self.shell,
            Channel::Control => &mut self.control,
            Channel::Stdin => &mut self.stdin,
        };
        if let Ok(message) = ZmqMessage::try_from(frames) {
            // Where it cannot be sent the connection is lost, which is told by itself.
            let _ = socket.send(message).await;
        }
    }
}

/// The next message of any channel. Cancel safe, as receiving from each is.
async fn receive(
    shell: &mut DealerSocket,
    control: &mut DealerSocket,
    stdin: &mut DealerSocket,
    iopub: &mut SubSocket,
) -> (Source, Result<ZmqMessage, ZmqError>) {
    tokio::select! {
        message = shell.recv() => (Source::Shell, message),
        message = control.recv() => (Source::Control, message),
        message = stdin.recv() => (Source::Stdin, message),
        message = iopub.recv() => (Source::Iopub, message),
    }
}

/// As much room as the message takes, or as there is.
fn widen(
    mut seat: OwnedSemaphorePermit,
    room: &Arc<Semaphore>,
    frames: &Frames,
) -> OwnedSemaphorePermit {
    let kib = frames.iter().map(bytes::Bytes::len).sum::<usize>() >> 10;
    let wanted = u32::try_from(kib.min(room.available_permits())).unwrap_or(u32::MAX);
    if let Ok(more) = room.clone().try_acquire_many_owned(wanted) {
        seat.merge(more);
    }
    seat
}

async fn until(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => std::future::pending().await,
    }
}

/// Finds out whether anybody listens there.
async fn find(endpoints: &Endpoints, port: u16) -> Result<(), ClientError> {
    let result = match endpoints {
        Endpoints::Tcp(ip, _) => TcpStream::connect((reachable(*ip), port)).await.map(drop),
        Endpoints::Ipc(prefix, _) => UnixStream::connect(format!("{prefix}-{port}"))
            .await
            .map(drop),
    };
    let address = address(endpoints, port);
    result.map_err(|reason| match reason.kind() {
        ErrorKind::ConnectionRefused | ErrorKind::NotFound => ClientError::NobodyThere { address },
        _ => ClientError::NoKernel {
            address,
            reason: Box::new(reason.into()),
        },
    })
}

async fn join(
    socket: &mut impl Socket,
    endpoints: &Endpoints,
    port: u16,
) -> Result<(), ClientError> {
    socket
        .connect(&address(endpoints, port))
        .await
        .map_err(no_kernel(endpoints, port))
}

fn no_kernel(endpoints: &Endpoints, port: u16) -> impl Fn(ZmqError) -> ClientError {
    move |reason| ClientError::NoKernel {
        address: address(endpoints, port),
        reason: Box::new(reason),
    }
}

/// The address of one channel, as ZeroMQ writes it.
pub(crate) fn address(endpoints: &Endpoints, port: u16) -> String {
    match endpoints {
        Endpoints::Tcp(ip, _) => match reachable(*ip) {
            IpAddr::V4(ip) => format!("tcp://{ip}:{port}"),
            IpAddr::V6(ip) => format!("tcp://[{ip}]:{port}"),
        },
        Endpoints::Ipc(prefix, _) => format!("ipc://{prefix}-{port}"),
    }
}

/// Who listens on all addresses is reached on this machine's own.
fn reachable(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    }
}
