//! The embedded kernel's transport.

use std::time::Duration;

use bytes::Bytes;
use perilune_transport::{
    Channel, Incoming, Limits, ShellGate, Source, TimedOut, Transport, Weight, in_process,
    in_process_with,
};

use crate::support::{frames, message, soon, subscription};

#[tokio::test]
async fn the_client_is_subscribed_once_and_gets_everything_in_the_order_sent() {
    let (mut kernel, client) = in_process();
    let (subscriber, topic) = subscription(&mut kernel).await;
    assert_eq!(topic, "");
    client.send(Channel::Shell, frames(["one", "two"]));
    let (channel, request) = message(&mut kernel).await;
    assert_eq!(
        (channel, &request[1..]),
        (Channel::Shell, &frames(["one", "two"])[..])
    );

    kernel.publish_to(subscriber, frames(["", "welcome"]));
    kernel.publish(frames(["status", "busy"]), Weight::Essential);
    kernel.reply(Channel::Stdin, vec![request[0].clone(), "name?".into()]);
    kernel.publish(frames(["stream", "hello"]), Weight::Output);
    kernel.reply(Channel::Shell, vec![request[0].clone(), "done".into()]);
    kernel.reply(Channel::Control, vec![request[0].clone(), "and".into()]);
    kernel.reply(Channel::Control, frames(["somebody else", "what"]));
    let expected = [
        (Source::Iopub, frames(["", "welcome"])),
        (Source::Iopub, frames(["status", "busy"])),
        (Source::Stdin, frames(["name?"])),
        (Source::Iopub, frames(["stream", "hello"])),
        (Source::Shell, frames(["done"])),
        (Source::Control, frames(["and"])),
    ];
    for message in expected {
        assert_eq!(soon(client.recv()).await, Some(message));
    }
    assert_eq!(client.recv_timeout(Duration::ZERO), Err(TimedOut));
}

#[tokio::test]
async fn control_comes_before_shell_which_waits_at_the_gate() {
    let (mut kernel, client) = in_process();
    subscription(&mut kernel).await;
    client.send(Channel::Shell, frames(["work"]));
    client.send(Channel::Control, frames(["stop"]));
    client.send(Channel::Stdin, frames(["answer"]));
    for expected in [Channel::Control, Channel::Stdin] {
        match soon(kernel.recv(ShellGate::Closed)).await {
            Some(Incoming::Message { channel, .. }) => assert_eq!(channel, expected),
            other => panic!("{other:?}"),
        }
    }
    let nothing = tokio::time::timeout(Duration::ZERO, kernel.recv(ShellGate::Closed)).await;
    assert!(nothing.is_err());
    assert_eq!(message(&mut kernel).await.0, Channel::Shell);
}

#[tokio::test]
async fn each_end_learns_that_the_other_is_gone_after_the_last_message() {
    let (mut kernel, client) = in_process();
    subscription(&mut kernel).await;
    client.send(Channel::Shell, frames(["last"]));
    drop(client);
    assert_eq!(message(&mut kernel).await.0, Channel::Shell);
    assert_eq!(soon(kernel.recv(ShellGate::Open)).await, None);
    soon(kernel.flush(Duration::from_secs(10))).await;

    let (mut kernel, client) = in_process();
    subscription(&mut kernel).await;
    kernel.publish(frames(["status", "idle"]), Weight::Essential);
    drop(kernel);
    assert_eq!(
        soon(client.recv()).await,
        Some((Source::Iopub, frames(["status", "idle"])))
    );
    assert_eq!(soon(client.recv()).await, None);
}

#[tokio::test]
async fn a_thread_without_a_runtime_can_be_the_client() {
    let (mut kernel, client) = in_process();
    let client = std::thread::spawn(move || {
        client.send(Channel::Shell, frames(["ping"]));
        client.recv_timeout(Duration::from_secs(20))
    });
    subscription(&mut kernel).await;
    let (channel, request) = message(&mut kernel).await;
    kernel.reply(channel, request);
    soon(kernel.flush(Duration::from_secs(20))).await;
    let got = client.join().expect("no panic");
    assert_eq!(got, Ok(Some((Source::Shell, frames(["ping"])))));
}

#[tokio::test]
async fn output_for_a_client_that_does_not_read_is_bounded_and_status_is_not_lost() {
    let (mut kernel, client) = in_process_with(Limits {
        outgoing_bytes: 1000,
        ..Limits::default()
    });
    let (subscriber, _) = subscription(&mut kernel).await;
    let output = || vec![Bytes::from_static(b"stream"), Bytes::from(vec![b'x'; 600])];
    let gaps: Vec<_> = (0..5)
        .map(|_| kernel.publish(output(), Weight::Output))
        .collect();
    assert_eq!(gaps, [vec![], vec![], vec![subscriber], vec![], vec![]]);
    kernel.publish(frames(["status", "idle"]), Weight::Essential);
    for topic in ["stream", "stream", "status"] {
        let (source, parts) = soon(client.recv()).await.expect("a message");
        assert_eq!((source, &parts[0][..]), (Source::Iopub, topic.as_bytes()));
    }
    assert_eq!(kernel.publish(output(), Weight::Output), []);
}
