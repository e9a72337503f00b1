//! With the `zeromq` crate as the client, over TCP and over Unix sockets.

use bytes::Bytes;
use perilune_transport::{Channel, Frames, Transport, Weight, ZeroMq};
use perilune_wire::Endpoints;
use zeromq::{
    DealerSocket, ReqSocket, Socket, SocketOptions, SocketRecv, SocketSend, SubSocket, ZmqMessage,
    util::PeerIdentity,
};

use crate::support::{address, echo, frames, message, soon, subscription, tcp};

fn to_zeromq(parts: &[&'static str]) -> ZmqMessage {
    let parts: Vec<Bytes> = parts
        .iter()
        .map(|part| Bytes::from_static(part.as_bytes()))
        .collect();
    ZmqMessage::try_from(parts).expect("not empty")
}

async fn received(client: &mut impl SocketRecv) -> Frames {
    soon(client.recv()).await.expect("a message").into_vec()
}

fn with_identity(identity: &str) -> SocketOptions {
    let mut options = SocketOptions::default();
    options.peer_identity(identity.parse::<PeerIdentity>().expect("an identity"));
    options
}

/// Both families, with what keeps the socket files' folder.
fn both() -> Vec<(Endpoints, Option<tempfile::TempDir>)> {
    let folder = tempfile::tempdir().expect("a folder");
    let prefix = folder
        .path()
        .join("kernel")
        .to_str()
        .expect("unicode")
        .to_owned();
    vec![
        (tcp(), None),
        (
            Endpoints::Ipc(prefix, perilune_wire::Ports::default()),
            Some(folder),
        ),
    ]
}

#[tokio::test]
async fn a_dealer_gets_its_own_reply() {
    for (wanted, _folder) in both() {
        let (mut kernel, bound) = ZeroMq::bind(&wanted).expect("free");
        let mut ada = DealerSocket::with_options(with_identity("ada"));
        let mut bob = DealerSocket::new();
        for client in [&mut ada, &mut bob] {
            client
                .connect(&address(&bound, bound.ports().shell))
                .await
                .expect("connect");
        }
        ada.send(to_zeromq(&["", "from ada"])).await.expect("send");
        let (channel, from_ada) = message(&mut kernel).await;
        assert_eq!(
            (channel, from_ada),
            (Channel::Shell, frames(["ada", "", "from ada"]))
        );
        bob.send(to_zeromq(&["from bob"])).await.expect("send");
        let (_, mut from_bob) = message(&mut kernel).await;
        assert_eq!(
            (from_bob.len(), from_bob[0].len(), from_bob[0][0]),
            (2, 5, 0)
        );

        kernel.reply(Channel::Shell, frames(["ada", "for ada"]));
        from_bob[1] = Bytes::from_static(b"for bob");
        kernel.reply(Channel::Shell, from_bob);
        assert_eq!(received(&mut ada).await, frames(["for ada"]));
        assert_eq!(received(&mut bob).await, frames(["for bob"]));
    }
}

#[tokio::test]
async fn control_and_stdin_are_channels_of_their_own() {
    for (wanted, _folder) in both() {
        let (mut kernel, bound) = ZeroMq::bind(&wanted).expect("free");
        let ports = bound.ports();
        let mut clients = Vec::new();
        for (port, channel) in [
            (ports.control, Channel::Control),
            (ports.stdin, Channel::Stdin),
        ] {
            let mut client = DealerSocket::with_options(with_identity("ada"));
            client
                .connect(&address(&bound, port))
                .await
                .expect("connect");
            client.send(to_zeromq(&["question"])).await.expect("send");
            assert_eq!(
                message(&mut kernel).await,
                (channel, frames(["ada", "question"]))
            );
            kernel.reply(channel, frames(["ada", "answer"]));
            assert_eq!(received(&mut client).await, frames(["answer"]));
            clients.push(client);
        }
    }
}

#[tokio::test]
async fn the_heartbeat_answers_without_the_kernel() {
    for (wanted, _folder) in both() {
        let (_kernel, bound) = ZeroMq::bind(&wanted).expect("free");
        let mut client = ReqSocket::new();
        client
            .connect(&address(&bound, bound.ports().hb))
            .await
            .expect("connect");
        for beat in ["ping", "", "pong"] {
            client.send(to_zeromq(&[beat, "more"])).await.expect("send");
            assert_eq!(received(&mut client).await, frames([beat, "more"]));
        }
    }
}

#[tokio::test]
async fn a_subscriber_gets_its_welcome_and_then_everything_on_its_topics() {
    for (wanted, _folder) in both() {
        let (mut kernel, bound) = ZeroMq::bind(&wanted).expect("free");
        let mut client = SubSocket::new();
        client
            .connect(&address(&bound, bound.ports().iopub))
            .await
            .expect("connect");
        client.subscribe("kernel.").await.expect("subscribe");
        let (subscriber, topic) = subscription(&mut kernel).await;
        assert_eq!(topic, "kernel.");
        kernel.publish_to(subscriber, frames(["", "welcome"]));
        for weight in [Weight::Essential, Weight::Output] {
            assert_eq!(kernel.publish(frames(["kernel.x", "wanted"]), weight), []);
            assert_eq!(kernel.publish(frames(["kernel", "not wanted"]), weight), []);
        }
        for expected in [
            ["", "welcome"],
            ["kernel.x", "wanted"],
            ["kernel.x", "wanted"],
        ] {
            assert_eq!(received(&mut client).await, frames(expected));
        }
    }
}

#[tokio::test]
async fn large_messages_arrive_whole_in_both_directions() {
    for (wanted, _folder) in both() {
        let (kernel, bound) = ZeroMq::bind(&wanted).expect("free");
        let echo = echo(kernel);
        let mut client = DealerSocket::new();
        client
            .connect(&address(&bound, bound.ports().shell))
            .await
            .expect("connect");
        for megabytes in [1, 50] {
            let body: Vec<u8> = (0..megabytes << 20)
                .map(|at: usize| (at / 251) as u8)
                .collect();
            let parts = vec![Bytes::from_static(b"small"), body.into(), Bytes::new()];
            let sent = ZmqMessage::try_from(parts).expect("not empty");
            client.send(sent.clone()).await.expect("send");
            assert!(received(&mut client).await == sent.into_vec());
        }
        echo.abort();
    }
}
