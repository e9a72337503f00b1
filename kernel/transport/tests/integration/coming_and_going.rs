//! Clients that come, go, and come back.

use perilune_transport::{Channel, Limits, Transport, Weight};

use crate::peer::{Peer, message};
use crate::support::{bind_tcp, echo, frames, gone, soon, subscription};

#[tokio::test]
async fn two_hundred_clients_come_and_go() {
    let (kernel, ports) = bind_tcp(Limits::default());
    let _echo = echo(kernel);
    let mut clients = tokio::task::JoinSet::new();
    for number in 0..200_u8 {
        if clients.len() == 50 {
            soon(clients.join_next())
                .await
                .expect("fifty")
                .expect("each is served");
        }
        clients.spawn(async move {
            let mut iopub = Peer::connect(ports.iopub, "SUB", b"").await;
            iopub.send(&message(&[&[1, number]])).await;
            assert_eq!(
                iopub.message().await.expect("welcome"),
                [&[number][..], b"welcome"]
            );
            let mut shell = Peer::connect(ports.shell, "DEALER", b"").await;
            shell.send(&message(&[&[number]])).await;
            // Half of them do not wait for the reply.
            if number % 2 == 0 {
                assert_eq!(shell.message().await.expect("reply"), [[number]]);
            }
        });
    }
    while let Some(client) = soon(clients.join_next()).await {
        client.expect("each is served");
    }
}

#[tokio::test]
async fn who_comes_back_under_its_identity_takes_over_at_once() {
    let (mut kernel, ports) = bind_tcp(Limits::default());
    let mut before = Peer::connect(ports.shell, "DEALER", b"ada").await;
    before.send(&message(&[b"one"])).await;
    crate::support::message(&mut kernel).await;

    let mut after = Peer::connect(ports.shell, "DEALER", b"ada").await;
    after.send(&message(&[b"two"])).await;
    let two = crate::support::message(&mut kernel).await;
    assert_eq!(two, (Channel::Shell, frames(["ada", "two"])));
    before.closed().await;
    // The end of the one before has not taken the entry of the one after with it.
    kernel.reply(Channel::Shell, frames(["ada", "for the one after"]));
    assert_eq!(
        after.message().await.expect("reply"),
        [b"for the one after"]
    );
}

#[tokio::test]
async fn the_kernel_learns_who_of_control_is_gone_behind_all_that_it_sent() {
    let (mut kernel, ports) = bind_tcp(Limits::default());
    let mut ada = Peer::connect(ports.control, "DEALER", b"ada").await;
    for part in [b"one", b"two"] {
        ada.send(&message(&[part])).await;
    }
    drop(ada);
    for part in ["one", "two"] {
        let sent = crate::support::message(&mut kernel).await;
        assert_eq!(sent, (Channel::Control, frames(["ada", part])));
    }
    assert_eq!(gone(&mut kernel).await, "ada");
}

#[tokio::test]
async fn who_has_come_back_is_not_gone() {
    let (mut kernel, ports) = bind_tcp(Limits::default());
    let mut before = Peer::connect(ports.control, "DEALER", b"ada").await;
    let mut after = Peer::connect(ports.control, "DEALER", b"ada").await;
    before.closed().await;
    after.send(&message(&[b"still here"])).await;
    let sent = crate::support::message(&mut kernel).await;
    assert_eq!(sent, (Channel::Control, frames(["ada", "still here"])));
    drop(after);
    assert_eq!(gone(&mut kernel).await, "ada");
}

#[tokio::test]
async fn a_reply_to_somebody_who_is_gone_is_nothing() {
    let (mut kernel, ports) = bind_tcp(Limits::default());
    let mut gone = Peer::connect(ports.shell, "DEALER", b"gone").await;
    gone.send(&message(&[b"hello"])).await;
    crate::support::message(&mut kernel).await;
    drop(gone);
    for _ in 0..100 {
        kernel.reply(Channel::Shell, frames(["gone", "anybody?"]));
        kernel.reply(Channel::Shell, frames(["never was", "anybody?"]));
        tokio::task::yield_now().await;
    }
    let mut next = Peer::connect(ports.shell, "REQ", b"").await;
    next.send(&message(&[b"", b"question"])).await;
    let (_, mut question) = crate::support::message(&mut kernel).await;
    assert_eq!(question[1..], frames(["", "question"]));
    question[2] = "answer".into();
    kernel.reply(Channel::Shell, question);
    assert_eq!(next.message().await.expect("reply"), [&b""[..], b"answer"]);
}

#[tokio::test]
async fn a_subscriber_that_vanishes_is_no_trouble_to_the_next() {
    let (mut kernel, ports) = bind_tcp(Limits::default());
    let mut ids = Vec::new();
    for _ in 0..20 {
        let mut peer = Peer::connect(ports.iopub, "SUB", b"").await;
        peer.send(&message(&[b"\x01"])).await;
        ids.push(subscription(&mut kernel).await.0);
        kernel.publish(frames(["status", "idle"]), Weight::Essential);
        assert_eq!(peer.message().await.expect("status")[1], b"idle");
    }
    ids.dedup();
    assert_eq!(ids.len(), 20);
}
