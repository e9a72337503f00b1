//! A client of the kernel's own process, beside those of its sockets.

use std::time::Duration;

use perilune_transport::{
    Channel, Limits, ShellGate, Source, SubscriberId, Transport, Weight, joinable,
};

use crate::peer::{Peer, message};
use crate::support::{bind_tcp, frames, gone, soon, subscription};

#[tokio::test]
async fn who_joins_is_heard_answered_and_told_what_is_published() {
    let (sockets, ports) = bind_tcp(Limits::default());
    let (mut kernel, invitation) = joinable(sockets, Limits::default());
    let mut iopub = Peer::connect(ports.iopub, "SUB", b"").await;
    iopub.send(&message(&[b"\x01"])).await;
    let (outside, _) = subscription(&mut kernel).await;
    kernel.publish(frames(["stream", "before"]), Weight::Output);

    let guest = invitation.join();
    let (inside, topic) = subscription(&mut kernel).await;
    assert_eq!(topic, "");
    assert_ne!(inside, outside);
    kernel.publish_to(inside, frames(["", "welcome"]));
    kernel.publish(frames(["stream", "for both"]), Weight::Output);
    guest.send(Channel::Shell, frames(["from within"]));
    let (channel, request) = crate::support::message(&mut kernel).await;
    assert_eq!(
        (channel, &request[1..]),
        (Channel::Shell, &frames(["from within"])[..])
    );
    kernel.reply(Channel::Shell, vec![request[0].clone(), "done".into()]);

    let mut shell = Peer::connect(ports.shell, "DEALER", b"ada").await;
    shell.send(&message(&[b"from without"])).await;
    let (_, request) = crate::support::message(&mut kernel).await;
    kernel.reply(Channel::Shell, request);

    for expected in [
        (Source::Iopub, frames(["", "welcome"])),
        (Source::Iopub, frames(["stream", "for both"])),
        (Source::Shell, frames(["done"])),
    ] {
        assert_eq!(soon(guest.recv()).await, Some(expected));
    }
    let received = shell.message().await.expect("a reply");
    assert_eq!(received, [b"from without"]);
    for expected in [&b"before"[..], b"for both"] {
        let received = iopub.message().await.expect("a publication");
        assert_eq!(received, [b"stream", expected]);
    }
}

#[tokio::test]
async fn who_leaves_again_or_never_comes_takes_nobody_along() {
    for comes in [true, false] {
        let (sockets, ports) = bind_tcp(Limits::default());
        let (mut kernel, invitation) = joinable(sockets, Limits::default());
        if comes {
            let guest = invitation.join();
            subscription(&mut kernel).await;
            guest.send(Channel::Control, frames(["last"]));
            drop(guest);
            assert_eq!(
                crate::support::message(&mut kernel).await.0,
                Channel::Control
            );
        } else {
            drop(invitation);
        }
        let mut ada = Peer::connect(ports.control, "DEALER", b"ada").await;
        ada.send(&message(&[b"still there"])).await;
        let sent = crate::support::message(&mut kernel).await;
        assert_eq!(sent, (Channel::Control, frames(["ada", "still there"])));
        drop(ada);
        assert_eq!(gone(&mut kernel).await, "ada");
        soon(kernel.flush(Duration::from_secs(10))).await;
    }
}

#[tokio::test]
async fn who_joins_and_does_not_read_is_told_once_that_output_is_missing() {
    let (sockets, _) = bind_tcp(Limits::default());
    let limits = Limits {
        outgoing_bytes: 10,
        ..Limits::default()
    };
    let (mut kernel, invitation) = joinable(sockets, limits);
    let _guest = invitation.join();
    let (inside, _) = subscription(&mut kernel).await;
    let told: Vec<Vec<SubscriberId>> = (0..4)
        .map(|_| kernel.publish(frames(["stream", "some text"]), Weight::Output))
        .collect();
    assert_eq!(told.concat(), [inside]);
}

#[tokio::test]
async fn who_joins_what_has_ended_finds_the_end() {
    let (sockets, _) = bind_tcp(Limits::default());
    let (mut kernel, invitation) = joinable(sockets, Limits::default());
    let nothing = tokio::time::timeout(Duration::ZERO, kernel.recv(ShellGate::Open)).await;
    assert!(nothing.is_err());
    drop(kernel);
    assert_eq!(soon(invitation.join().recv()).await, None);
}
