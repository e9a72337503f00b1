//! A kernel's end to talk to, and patience with a limit.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use perilune_transport::{Channel, Frames, Incoming, Limits, ShellGate, Transport, ZeroMq};
use perilune_wire::{Endpoints, Ports};

const PATIENCE: Duration = Duration::from_secs(20);

/// Waits for what must happen soon.
pub async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what)
        .await
        .expect("it did not happen in time")
}

/// Five free TCP ports on this machine.
pub fn tcp() -> Endpoints {
    Endpoints::Tcp(IpAddr::V4(Ipv4Addr::LOCALHOST), Ports::default())
}

pub fn bind_tcp(limits: Limits) -> (ZeroMq, Ports) {
    let (kernel, bound) = ZeroMq::bind_with(&tcp(), limits).expect("free ports");
    (kernel, bound.ports())
}

pub fn local(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

/// As ZeroMQ writes an endpoint.
pub fn address(endpoints: &Endpoints, port: u16) -> String {
    match endpoints {
        Endpoints::Tcp(ip, _) => format!("tcp://{}", SocketAddr::new(*ip, port)),
        Endpoints::Ipc(prefix, _) => format!("ipc://{prefix}-{port}"),
    }
}

pub fn frames<const N: usize>(parts: [&'static str; N]) -> Frames {
    parts
        .into_iter()
        .map(|part| Bytes::from_static(part.as_bytes()))
        .collect()
}

pub async fn message(kernel: &mut impl Transport) -> (Channel, Frames) {
    match soon(kernel.recv(ShellGate::Open)).await {
        Some(Incoming::Message { channel, frames }) => (channel, frames),
        other => panic!("expected a message, not {other:?}"),
    }
}

pub async fn subscription(
    kernel: &mut impl Transport,
) -> (perilune_transport::SubscriberId, Bytes) {
    match soon(kernel.recv(ShellGate::Open)).await {
        Some(Incoming::Subscribed { subscriber, topic }) => (subscriber, topic),
        other => panic!("expected a subscription, not {other:?}"),
    }
}

pub async fn gone(kernel: &mut impl Transport) -> Bytes {
    match soon(kernel.recv(ShellGate::Open)).await {
        Some(Incoming::Gone { identity }) => identity,
        other => panic!("expected a peer's end, not {other:?}"),
    }
}

/// Answers each message with itself, welcomes each subscriber, until it is aborted.
pub fn echo(mut kernel: ZeroMq) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        while let Some(incoming) = kernel.recv(ShellGate::Open).await {
            match incoming {
                Incoming::Message { channel, frames } => kernel.reply(channel, frames),
                Incoming::Subscribed { subscriber, topic } => {
                    kernel.publish_to(subscriber, vec![topic, Bytes::from_static(b"welcome")]);
                }
                Incoming::Gone { .. } => {}
            }
        }
    })
}
