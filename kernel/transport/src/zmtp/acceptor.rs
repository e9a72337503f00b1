//! One listening socket: lets peers in, and keeps their number bounded.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::{AbortHandle, Id, JoinError, JoinSet};
use tokio::time::{sleep, sleep_until, timeout};

use super::connection::{Peer, serve};
use super::handshake::{HandshakeError, shake_hands};
use super::listener::Listener;
use super::shared::Shared;
use super::socket::Socket;
use super::stream::Stream;

/// How long to wait after the operating system had nothing left for another connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Peers of one socket; dropping it ends their connections.
struct Acceptor {
    socket: Socket,
    shared: Arc<Shared>,
    handshakes: JoinSet<Option<Peer>>,
    /// The same in the order they began, and when.
    oldest: VecDeque<(Instant, AbortHandle)>,
    connections: JoinSet<()>,
}

/// Accepts peers until `closing` says so, then only serves those that are there.
pub(crate) async fn accept(
    listener: Listener,
    socket: Socket,
    shared: Arc<Shared>,
    mut closing: watch::Receiver<bool>,
) {
    let mut acceptor = Acceptor {
        socket,
        shared: shared.clone(),
        handshakes: JoinSet::new(),
        oldest: VecDeque::new(),
        connections: JoinSet::new(),
    };
    let mut listener = Some(listener);
    loop {
        let eviction = acceptor.eviction();
        tokio::select! {
            stream = next(listener.as_ref(), socket, &shared), if eviction.is_none() => {
                acceptor.begin(stream);
            }
            () = until(eviction), if eviction.is_some() => acceptor.evict(),
            Some(ended) = acceptor.handshakes.join_next_with_id() => acceptor.introduced(ended),
            Some(ended) = acceptor.connections.join_next() => acceptor.log_panic(ended.err()),
            _ = closing.wait_for(|closing| *closing), if listener.is_some() => listener = None,
        }
    }
}

async fn next(listener: Option<&Listener>, socket: Socket, shared: &Shared) -> Stream {
    let Some(listener) = listener else {
        return std::future::pending().await;
    };
    loop {
        match listener.accept().await {
            Ok(stream) => return stream,
            Err(error) => {
                turned_away(socket, shared, &error.to_string());
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn until(moment: Option<Instant>) {
    if let Some(moment) = moment {
        sleep_until(moment.into()).await;
    }
}

fn turned_away(socket: Socket, shared: &Shared, reason: &str) {
    if let Some(suppressed) = shared.logs.accept.pass(Instant::now()) {
        tracing::warn!(%socket, reason, suppressed, "turned a peer away");
    }
}

impl Acceptor {
    fn begin(&mut self, stream: Stream) {
        let limits = &self.shared.limits;
        if self.handshakes.len() + self.connections.len() >= limits.connections {
            return turned_away(self.socket, &self.shared, "too many connections");
        }
        let handshake = introduce(stream, self.socket, self.shared.clone());
        self.oldest
            .push_back((Instant::now(), self.handshakes.spawn(handshake)));
    }

    /// When the oldest handshake has had the time that everybody gets, if its place is needed.
    fn eviction(&self) -> Option<Instant> {
        let limits = &self.shared.limits;
        let (began, _) = self
            .oldest
            .front()
            .filter(|_| self.oldest.len() >= limits.handshakes)?;
        Some(*began + limits.handshake_grace)
    }

    /// Who means it is through in no time, so the oldest is the least likely to be missed.
    fn evict(&mut self) {
        if let Some((_, oldest)) = self.oldest.pop_front() {
            oldest.abort();
            turned_away(
                self.socket,
                &self.shared,
                "too many have not introduced themselves",
            );
        }
    }

    fn introduced(&mut self, ended: Result<(Id, Option<Peer>), JoinError>) {
        let id = ended.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
        self.oldest.retain(|(_, handshake)| handshake.id() != id);
        match ended {
            Ok((_, Some(peer))) => {
                self.connections
                    .spawn(serve(peer, self.socket, self.shared.clone()));
            }
            Ok((_, None)) => {}
            Err(error) => self.log_panic(Some(error)),
        }
    }

    fn log_panic(&self, error: Option<JoinError>) {
        if let Some(error) = error.filter(JoinError::is_panic) {
            tracing::error!(socket = %self.socket, %error, "a connection's task panicked");
        }
    }
}

async fn introduce(stream: Stream, socket: Socket, shared: Arc<Shared>) -> Option<Peer> {
    let (mut reader, mut writer) = stream.into_split();
    let limits = shared.frame_limits(socket);
    let hands = shake_hands(&mut reader, &mut writer, socket, limits);
    let reason = match timeout(shared.limits.handshake_time, hands).await {
        Ok(Ok(introduced)) => {
            return Some(Peer {
                reader,
                writer,
                introduced,
            });
        }
        Ok(Err(HandshakeError::Io(error))) => {
            // Port scanners and clients that change their mind.
            tracing::debug!(%socket, %error, "a peer left during its handshake");
            return None;
        }
        Ok(Err(error)) => error.to_string(),
        Err(_) => "it did not introduce itself in time".to_owned(),
    };
    if let Some(suppressed) = shared.logs.refused.pass(Instant::now()) {
        tracing::warn!(%socket, reason, suppressed, "refused a peer");
    }
    None
}
