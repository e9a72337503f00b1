//! Peers that mean no good, or have lost their way. The others are served all the same.

use std::time::Duration;

use perilune_transport::{Channel, Incoming, Limits, ShellGate, Transport};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::peer::{Peer, command, greeting, message, ready};
use crate::support::{bind_tcp, echo, frames, local, soon};

/// A client that is served says so.
async fn is_served(port: u16) {
    let mut client = Peer::connect(port, "DEALER", b"").await;
    client.send(&message(&[b"still there?"])).await;
    assert_eq!(client.message().await.expect("a reply"), [b"still there?"]);
}

#[tokio::test]
async fn a_frame_that_claims_to_be_endless_ends_its_own_connection_only() {
    let (kernel, ports) = bind_tcp(Limits::default());
    let _echo = echo(kernel);
    for claim in [1_u64 << 40, 1 << 62, 1 << 63, u64::MAX] {
        for flags in [2, 3, 6] {
            let mut header = vec![flags];
            header.extend(claim.to_be_bytes());
            for port in [ports.shell, ports.control, ports.stdin, ports.hb] {
                let mut peer = Peer::connect(port, "DEALER", b"").await;
                peer.send(&header).await;
                peer.closed().await;
            }
            let mut subscriber = Peer::connect(ports.iopub, "SUB", b"").await;
            subscriber.send(&header).await;
            subscriber.closed().await;
        }
    }
    is_served(ports.shell).await;
}

#[tokio::test]
async fn it_may_claim_so_before_its_handshake_is_done() {
    let (kernel, ports) = bind_tcp(Limits::default());
    let _echo = echo(kernel);
    let mut bytes = greeting();
    bytes.push(6);
    bytes.extend((1_u64 << 62).to_be_bytes());
    let stream = TcpStream::connect(local(ports.shell))
        .await
        .expect("connect");
    let mut peer = Peer { stream };
    peer.send(&bytes).await;
    peer.closed().await;
    is_served(ports.shell).await;
}

#[tokio::test]
async fn garbage_instead_of_a_greeting_is_closed_at_once() {
    let (kernel, ports) = bind_tcp(Limits::default());
    let _echo = echo(kernel);
    for garbage in [
        &b"GET / HTTP/1.1\r\n\r\n"[..],
        &[0; 64],
        &[0xff; 64],
        b"\x16\x03\x01",
    ] {
        let stream = TcpStream::connect(local(ports.shell))
            .await
            .expect("connect");
        let mut peer = Peer { stream };
        peer.send(garbage).await;
        peer.closed().await;
    }
    is_served(ports.shell).await;
}

#[tokio::test]
async fn garbage_after_the_handshake_ends_the_connection() {
    let (kernel, ports) = bind_tcp(Limits::default());
    let _echo = echo(kernel);
    let too_many_frames = [1, 0].repeat(1025);
    for garbage in [&b"\xff\xff\xff"[..], &command(b"\xff"), &too_many_frames] {
        let mut peer = Peer::connect(ports.shell, "DEALER", b"").await;
        peer.send(garbage).await;
        peer.closed().await;
    }
    let mut subscriber = Peer::connect(ports.iopub, "SUB", b"").await;
    let mut long_topic = vec![2, 0, 0, 0, 0, 0, 0, 8, 0, 1];
    long_topic.resize(9 + 2048, b't');
    subscriber.send(&long_topic).await;
    subscriber.closed().await;
    is_served(ports.shell).await;
}

#[tokio::test]
async fn who_never_introduces_itself_is_closed_in_time() {
    let limits = Limits {
        handshake_time: Duration::from_millis(50),
        ..Limits::default()
    };
    let (kernel, ports) = bind_tcp(limits);
    let _echo = echo(kernel);
    for sent in [
        &b""[..],
        &greeting()[..30],
        &greeting(),
        &ready("DEALER", b"")[..9],
    ] {
        let stream = TcpStream::connect(local(ports.shell))
            .await
            .expect("connect");
        let mut peer = Peer { stream };
        peer.send(sent).await;
        peer.closed().await;
    }
    is_served(ports.shell).await;
}

#[tokio::test]
async fn silent_connections_make_way_for_those_that_introduce_themselves() {
    let (kernel, ports) = bind_tcp(Limits {
        handshakes: 4,
        ..Limits::default()
    });
    let _echo = echo(kernel);
    let mut silent = Vec::new();
    for _ in 0..50 {
        silent.push(
            TcpStream::connect(local(ports.shell))
                .await
                .expect("connect"),
        );
    }
    is_served(ports.shell).await;
    Peer {
        stream: silent.remove(0),
    }
    .closed()
    .await;
}

#[tokio::test]
async fn many_that_come_at_once_are_all_let_in() {
    let (kernel, ports) = bind_tcp(Limits {
        handshakes: 4,
        ..Limits::default()
    });
    let _echo = echo(kernel);
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..50 {
        clients.spawn(is_served(ports.shell));
    }
    while let Some(client) = soon(clients.join_next()).await {
        client.expect("each is served");
    }
}

#[tokio::test]
async fn a_connection_too_many_is_closed_and_the_rest_are_not() {
    let (kernel, ports) = bind_tcp(Limits {
        connections: 3,
        ..Limits::default()
    });
    let _echo = echo(kernel);
    let mut peers = Vec::new();
    for _ in 0..3 {
        peers.push(Peer::connect(ports.shell, "DEALER", b"").await);
    }
    Peer {
        stream: TcpStream::connect(local(ports.shell))
            .await
            .expect("connect"),
    }
    .closed()
    .await;
    is_served(ports.control).await;
    drop(peers.pop());
    // Its end is noticed, and then there is room again.
    soon(async {
        loop {
            let mut peer = TcpStream::connect(local(ports.shell))
                .await
                .expect("connect");
            if peer.write_all(&greeting()).await.is_err() {
                continue;
            }
            let mut first = [0];
            if matches!(
                tokio::io::AsyncReadExt::read(&mut peer, &mut first).await,
                Ok(1)
            ) {
                break;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn unfinished_messages_of_all_peers_together_are_bounded() {
    let (mut kernel, ports) = bind_tcp(Limits {
        unfinished_bytes: 1 << 20,
        ..Limits::default()
    });
    let mut half_a_message = vec![2];
    half_a_message.extend((1_u64 << 29).to_be_bytes());
    half_a_message.resize(700_000, 0);
    let mut first = Peer::connect(ports.shell, "DEALER", b"").await;
    first.send(&half_a_message).await;
    // The second is too much, whichever of the two arrives last.
    let mut second = Peer::connect(ports.shell, "DEALER", b"").await;
    second.stream.write_all(&half_a_message).await.ok();
    soon(async {
        tokio::select! {
            () = first.closed() => {}
            () = second.closed() => {}
            it = kernel.recv(ShellGate::Open) => panic!("nothing is complete, but {it:?}"),
        }
    })
    .await;
}

#[tokio::test]
async fn a_flood_on_shell_is_held_back_and_control_answers() {
    let (mut kernel, ports) = bind_tcp(Limits {
        incoming_bytes: 1 << 20,
        ..Limits::default()
    });
    let mut flooding = Peer::connect(ports.shell, "DEALER", b"flood").await;
    let flood = tokio::spawn(async move {
        let body = [b'x'; 200];
        let bytes = message(&[&body]).repeat(1000);
        // Until the kernel is gone; most of the time it does not read.
        let mut sent = 0_usize;
        while flooding.stream.write_all(&bytes).await.is_ok() {
            sent += bytes.len();
        }
        sent
    });
    let mut control = Peer::connect(ports.control, "DEALER", b"ada").await;
    for _ in 0..100 {
        control.send(&message(&[b"stop"])).await;
        // The gate is closed: what is on shell stays there.
        let expected = Incoming::Message {
            channel: Channel::Control,
            frames: frames(["ada", "stop"]),
        };
        assert_eq!(soon(kernel.recv(ShellGate::Closed)).await, Some(expected));
        kernel.reply(Channel::Control, frames(["ada", "stopping"]));
        assert_eq!(control.message().await.expect("a reply"), [b"stopping"]);
    }
    assert!(!flood.is_finished());
    drop(kernel);
    let sent = soon(flood).await.expect("no panic");
    // What the operating system keeps on both sides of a socket, and our queue.
    assert!(sent < 32 << 20, "{sent} bytes were taken");
}

#[tokio::test]
async fn a_peer_that_does_not_read_its_replies_costs_bounded_memory() {
    let limits = Limits {
        outgoing_bytes: 1 << 20,
        ..Limits::default()
    };
    let (mut kernel, ports) = bind_tcp(limits);
    let mut stuck = Peer::connect(ports.shell, "DEALER", b"stuck").await;
    stuck.send(&message(&[b"hello"])).await;
    crate::support::message(&mut kernel).await;
    let body = bytes::Bytes::from(vec![0; 100_000]);
    for _ in 0..1000 {
        kernel.reply(Channel::Shell, vec!["stuck".into(), body.clone()]);
        tokio::task::yield_now().await;
    }
    // Whatever was not dropped arrives whole.
    let mut received = 0;
    let reading = async {
        while let Ok(parts) = stuck.message().await {
            assert_eq!(parts, [&body[..]]);
            received += parts[0].len();
        }
    };
    let flushing = kernel.flush(Duration::from_secs(10));
    soon(async { tokio::join!(reading, flushing) }).await;
    assert!((100_000..32 << 20).contains(&received), "{received} bytes");
}

#[tokio::test]
async fn a_ping_is_answered_with_its_context_on_every_socket() {
    let (_kernel, ports) = bind_tcp(Limits::default());
    for (port, kind) in [
        (ports.shell, "DEALER"),
        (ports.hb, "REQ"),
        (ports.iopub, "SUB"),
    ] {
        let mut peer = Peer::connect(port, kind, b"").await;
        peer.send(&command(b"\x04PING\x00\x0acontext")).await;
        assert_eq!(
            peer.frame().await.expect("a frame"),
            (4, b"\x04PONGcontext".to_vec())
        );
    }
}
