//! The life of one connection after its handshake.

use std::future::pending;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use bytes::{BufMut, Bytes, BytesMut};
use tokio::io::AsyncReadExt;

use super::command::Command;
use super::frame::{Decoder, FrameError, Item};
use super::handshake::Introduced;
use super::inbox::{Closed, TopicChange};
use super::outbound::Outbound;
use super::shared::{Shared, Unfinished};
use super::socket::Socket;
use super::stream::{Reader, Writer};
use crate::{Channel, Frames, SubscriberId};

/// A peer and what is known of it.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) reader: Reader,
    pub(crate) writer: Writer,
    pub(crate) introduced: Introduced,
}

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
enum End {
    #[error("the peer closed it")]
    Eof,
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error("too much of unfinished messages is held for all peers together")]
    TooMuchUnfinished,
    #[error("a malformed command")]
    MalformedCommand,
    #[error("a topic of {0} bytes")]
    TopicTooLong(usize),
}

/// Serves a peer until either side ends it.
pub(crate) async fn serve(peer: Peer, socket: Socket, shared: Arc<Shared>) {
    let end = match socket {
        Socket::Shell => serve_router(peer, Channel::Shell, &shared).await,
        Socket::Control => serve_router(peer, Channel::Control, &shared).await,
        Socket::Stdin => serve_router(peer, Channel::Stdin, &shared).await,
        Socket::Iopub => serve_subscriber(peer, &shared).await,
        Socket::Heartbeat => serve_heartbeat(peer, &shared).await,
    };
    match end {
        End::Eof | End::Io(_) => tracing::debug!(%socket, reason = %end, "connection ended"),
        _ => {
            if let Some(suppressed) = shared.logs.broken.pass(Instant::now()) {
                tracing::warn!(%socket, reason = %end, suppressed, "disconnected a peer");
            }
        }
    }
}

async fn serve_router(peer: Peer, channel: Channel, shared: &Shared) -> End {
    let Peer {
        reader,
        mut writer,
        introduced,
    } = peer;
    let router = shared.router(channel);
    let outbound = Arc::new(Outbound::new());
    let identity = router.enter(introduced.identity, outbound.clone());
    let _leaving = Leaving(|| {
        if router.leave(&identity, &outbound) && channel == Channel::Control {
            shared.inbox.gone(identity.clone());
        }
        outbound.abandon();
    });
    let mut incoming = Incoming::new(reader, introduced.decoder, shared);
    let read = async {
        loop {
            let mut frames = incoming.message(&outbound).await?;
            frames.insert(0, identity.clone());
            if let Err(Closed) = shared.inbox.message(channel, frames).await {
                return incoming.discard().await;
            }
        }
    };
    either(read, write(&outbound, &mut writer)).await
}

async fn serve_subscriber(peer: Peer, shared: &Shared) -> End {
    let Peer {
        reader,
        mut writer,
        introduced,
    } = peer;
    let outbound = Arc::new(Outbound::new());
    let subscriber = shared.publisher.enter(outbound.clone());
    let _leaving = Leaving(|| {
        shared.publisher.leave(subscriber);
        outbound.abandon();
    });
    let mut incoming = Incoming::new(reader, introduced.decoder, shared);
    let read = async {
        loop {
            let Some(change) = topic_change(subscriber, incoming.item(&outbound).await?)? else {
                continue;
            };
            if change.topic.len() > shared.limits.topic_bytes {
                return Err(End::TopicTooLong(change.topic.len()));
            }
            if let Err(Closed) = shared.inbox.topic_change(change).await {
                return incoming.discard().await;
            }
        }
    };
    either(read, write(&outbound, &mut writer)).await
}

/// Echoes; what waits is written before more is read, so nothing piles up.
async fn serve_heartbeat(peer: Peer, shared: &Shared) -> End {
    let Peer {
        reader,
        mut writer,
        introduced,
    } = peer;
    let outbound = Outbound::new();
    let mut incoming = Incoming::new(reader, introduced.decoder, shared);
    let echo = async {
        loop {
            while let Some(item) = incoming.ready_item(&outbound)? {
                if let Item::Message(frames) = item {
                    outbound.push(&frames);
                }
            }
            outbound.drain_to(&mut writer).await?;
            incoming.fill().await?;
        }
    };
    never(echo.await)
}

/// As a message that starts with 1 or 0, up to ZMTP 3.0, or as a command.
fn topic_change(subscriber: SubscriberId, item: Item) -> Result<Option<TopicChange>, End> {
    let (wanted, topic) = match item {
        Item::Message(frames) => match frames.first().and_then(|frame| frame.split_first()) {
            Some((1, topic)) => (true, Bytes::copy_from_slice(topic)),
            Some((0, topic)) => (false, Bytes::copy_from_slice(topic)),
            // Anything else is a message from an XSUB to the application, which has no use for it.
            _ => return Ok(None),
        },
        Item::Command(body) => match Command::parse(&body).ok_or(End::MalformedCommand)? {
            Command::Subscribe(topic) => (true, Bytes::copy_from_slice(&topic)),
            Command::Cancel(topic) => (false, Bytes::copy_from_slice(&topic)),
            _ => return Ok(None),
        },
    };
    Ok(Some(TopicChange {
        subscriber,
        topic,
        wanted,
    }))
}

/// Ends with an error only; after the last byte of a finished queue there is nothing to do.
async fn write(outbound: &Outbound, writer: &mut Writer) -> Result<Never, End> {
    outbound.write_to(writer).await?;
    pending().await
}

#[derive(Debug)]
enum Never {}

fn never(result: Result<Never, End>) -> End {
    match result {
        Err(end) => end,
    }
}

async fn either(
    read: impl Future<Output = Result<Never, End>>,
    write: impl Future<Output = Result<Never, End>>,
) -> End {
    tokio::select! {
        biased;
        end = read => never(end),
        end = write => never(end),
    }
}

/// Runs when a connection ends, however it does.
struct Leaving<F: FnMut()>(F);

impl<F: FnMut()> Drop for Leaving<F> {
    fn drop(&mut self) {
        self.0();
    }
}

/// What a peer sends, understood.
struct Incoming<'a> {
    reader: Reader,
    decoder: Decoder,
    unfinished: Unfinished<'a>,
    outgoing_bytes: usize,
}

impl<'a> Incoming<'a> {
    fn new(reader: Reader, decoder: Decoder, shared: &'a Shared) -> Self {
        let outgoing_bytes = shared.limits.outgoing_bytes;
        Self {
            reader,
            decoder,
            unfinished: shared.share_of_unfinished(),
            outgoing_bytes,
        }
    }

    /// The next message; commands are dealt with.
    async fn message(&mut self, outbound: &Outbound) -> Result<Frames, End> {
        loop {
            if let Item::Message(frames) = self.item(outbound).await? {
                return Ok(frames);
            }
        }
    }

    async fn item(&mut self, outbound: &Outbound) -> Result<Item, End> {
        loop {
            if let Some(item) = self.ready_item(outbound)? {
                return Ok(item);
            }
            self.fill().await?;
        }
    }

    /// What has come already. A PING is answered.
    fn ready_item(&mut self, outbound: &Outbound) -> Result<Option<Item>, End> {
        let item = self.decoder.next()?;
        if let Some(Item::Command(body)) = &item
            && let Command::Ping { context } = Command::parse(body).ok_or(End::MalformedCommand)?
            && outbound.queued() <= self.outgoing_bytes
        {
            let mut pong = BytesMut::with_capacity(5 + context.len());
            pong.put_slice(b"\x04PONG");
            pong.put_slice(&context);
            outbound.push_command(&pong.freeze());
        }
        Ok(item)
    }

    async fn fill(&mut self) -> Result<(), End> {
        let count = self.reader.read_buf(&mut self.decoder.space()).await?;
        if count == 0 {
            return Err(End::Eof);
        }
        self.decoder.filled(count);
        if self.unfinished.hold(self.decoder.unfinished_bytes()) {
            Ok(())
        } else {
            Err(End::TooMuchUnfinished)
        }
    }

    /// Reads on and forgets: closing a TCP connection with something unread resets it, and the
    /// peer may then lose what we sent last.
    async fn discard(&mut self) -> Result<Never, End> {
        let mut forgotten = [0; 4096];
        loop {
            if self.reader.read(&mut forgotten).await? == 0 {
                return Err(End::Eof);
            }
        }
    }
}
