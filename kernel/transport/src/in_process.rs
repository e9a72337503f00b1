//! A transport inside one process: the command line's embedded kernel, and tests.

mod queue;

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Poll, ready};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::task::coop;

use self::queue::Queue;
use crate::admission::{Admission, Verdict};
use crate::{
    Census, Channel, Frames, Incoming, Limits, Peers, ShellGate, Subscriber, SubscriberId,
    Transport, Weight,
};

/// What the kernel sees as its only client's identity.
pub(crate) const IDENTITY: Bytes = Bytes::from_static(b"in-process");
pub(crate) const SUBSCRIBER: SubscriberId = SubscriberId(0);

/// Where a message for the client came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// A reply on shell.
    Shell,
    /// A reply on control.
    Control,
    /// A question.
    Stdin,
    /// A publication, its topic first.
    Iopub,
}

/// The kernel's end, with exactly one client that subscribed to everything.
#[derive(Debug)]
pub struct InProcess {
    requests: Requests,
    to_client: Arc<Queue<(Source, Frames)>>,
    subscribed: bool,
    admission: Admission,
    limits: Limits,
    left_out: Arc<AtomicU64>,
}

/// The one client, as the kernel sees it.
struct OnlyClient {
    to_client: Arc<Queue<(Source, Frames)>>,
    left_out: Arc<AtomicU64>,
}

/// The client's end. Dropping it tells the kernel that nothing more comes.
#[derive(Debug)]
pub struct Client {
    requests: Requests,
    from_kernel: Arc<Queue<(Source, Frames)>>,
}

/// What the client sent, by channel. The kernel waits on all three with one waker.
#[derive(Debug, Clone)]
struct Requests {
    shell: Arc<Queue<Frames>>,
    control: Arc<Queue<Frames>>,
    stdin: Arc<Queue<Frames>>,
}

/// Two ends that are connected. What waits for the client is bounded as for a ZeroMQ subscriber,
/// with [`Limits::default`].
pub fn in_process() -> (InProcess, Client) {
    in_process_with(Limits::default())
}

/// As [`in_process`], with other limits.
pub fn in_process_with(limits: Limits) -> (InProcess, Client) {
    let requests = Requests {
        shell: Arc::default(),
        control: Arc::default(),
        stdin: Arc::default(),
    };
    let to_client = Arc::new(Queue::default());
    let client = Client {
        requests: requests.clone(),
        from_kernel: to_client.clone(),
    };
    let admission = Admission::default();
    (
        InProcess {
            requests,
            to_client,
            subscribed: false,
            admission,
            limits,
            left_out: Arc::default(),
        },
        client,
    )
}

impl Client {
    /// Sends a message, without an identity in front.
    pub fn send(&self, channel: Channel, mut frames: Frames) {
        frames.insert(0, IDENTITY);
        self.requests.of(channel).push(frames, 0);
    }

    /// The next message from the kernel, in the order it sent them. `None` when the kernel is gone
    /// and all was received. Cancel safe.
    pub async fn recv(&self) -> Option<(Source, Frames)> {
        poll_fn(|context| {
            let turn = ready!(coop::poll_proceed(context));
            let next = ready!(self.from_kernel.poll(context));
            turn.made_progress();
            Poll::Ready(next)
        })
        .await
    }

    /// As [`Client::recv`], for callers outside of a runtime.
    ///
    /// # Errors
    ///
    /// [`TimedOut`] when nothing came for `limit`.
    pub fn recv_timeout(&self, limit: Duration) -> Result<Option<(Source, Frames)>, TimedOut> {
        self.from_kernel
            .wait(Instant::now() + limit)
            .ok_or(TimedOut)
    }
}

/// Nothing came in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("nothing came in time")]
pub struct TimedOut;

impl Drop for Client {
    fn drop(&mut self) {
        for queue in self.requests.all() {
            queue.close();
        }
        self.from_kernel.close();
    }
}

impl Drop for InProcess {
    fn drop(&mut self) {
        self.to_client.close();
    }
}

impl Requests {
    fn of(&self, channel: Channel) -> &Queue<Frames> {
        match channel {
            Channel::Shell => &self.shell,
            Channel::Control => &self.control,
            Channel::Stdin => &self.stdin,
        }
    }

    fn all(&self) -> [&Queue<Frames>; 3] {
        [&self.shell, &self.control, &self.stdin]
    }
}

impl InProcess {
    fn send(&mut self, source: Source, frames: Frames) {
        let size = frames.iter().map(Bytes::len).sum();
        self.to_client.push((source, frames), size);
    }
}

impl Census for OnlyClient {
    fn take(&self) -> Peers {
        let connected = usize::from(!self.to_client.is_over());
        let subscriber = Subscriber {
            id: SUBSCRIBER,
            queued: self.to_client.queued(),
        };
        Peers {
            subscribers: vec![subscriber; connected],
            shell: connected,
            control: connected,
            stdin: connected,
            left_out: self.left_out.load(Ordering::Relaxed),
            replies_dropped: 0,
        }
    }
}

impl Transport for InProcess {
    async fn recv(&mut self, shell: ShellGate) -> Option<Incoming> {
        poll_fn(|context| {
            let turn = ready!(coop::poll_proceed(context));
            let mut all_closed = true;
            for channel in [Channel::Control, Channel::Stdin] {
                match self.requests.of(channel).poll(context) {
                    Poll::Ready(Some(frames)) => {
                        turn.made_progress();
                        return Poll::Ready(Some(Incoming::Message { channel, frames }));
                    }
                    Poll::Ready(None) => {}
                    Poll::Pending => all_closed = false,
                }
            }
            if !std::mem::replace(&mut self.subscribed, true) {
                let topic = Bytes::new();
                return Poll::Ready(Some(Incoming::Subscribed {
                    subscriber: SUBSCRIBER,
                    topic,
                }));
            }
            if shell == ShellGate::Closed {
                // What waits behind the gate can still come.
                all_closed &= self.requests.shell.is_over();
            } else {
                match self.requests.shell.poll(context) {
                    Poll::Ready(Some(frames)) => {
                        turn.made_progress();
                        let channel = Channel::Shell;
                        return Poll::Ready(Some(Incoming::Message { channel, frames }));
                    }
                    Poll::Ready(None) => {}
                    Poll::Pending => all_closed = false,
                }
            }
            if all_closed {
                Poll::Ready(None)
            } else {
                Poll::Pending
            }
        })
        .await
    }

    fn reply(&mut self, channel: Channel, mut frames: Frames) {
        if frames.first() != Some(&IDENTITY) {
            return;
        }
        frames.remove(0);
        let source = match channel {
            Channel::Shell => Source::Shell,
            Channel::Control => Source::Control,
            Channel::Stdin => Source::Stdin,
        };
        self.send(source, frames);
    }

    fn publish(&mut self, frames: Frames, weight: Weight) -> Vec<SubscriberId> {
        if !self.subscribed {
            return Vec::new();
        }
        let size = frames.iter().map(Bytes::len).sum();
        match self
            .admission
            .judge(&self.limits, self.to_client.queued(), size, weight)
        {
            // There is no other way to reach this client, and it is ourselves.
            Verdict::Accept | Verdict::CutOff => {
                self.send(Source::Iopub, frames);
                Vec::new()
            }
            Verdict::LeaveOut { first } => {
                self.left_out.fetch_add(1, Ordering::Relaxed);
                first.then_some(SUBSCRIBER).into_iter().collect()
            }
        }
    }

    fn publish_to(&mut self, subscriber: SubscriberId, frames: Frames) {
        if subscriber == SUBSCRIBER {
            self.send(Source::Iopub, frames);
        }
    }

    fn census(&self) -> Arc<dyn Census> {
        Arc::new(OnlyClient {
            to_client: Arc::clone(&self.to_client),
            left_out: Arc::clone(&self.left_out),
        })
    }

    async fn flush(&mut self, limit: Duration) {
        let taken = poll_fn(|context| self.to_client.poll_empty(context));
        // A client that does not read has been waited for as long as was asked.
        tokio::time::timeout(limit, taken).await.ok();
    }
}
