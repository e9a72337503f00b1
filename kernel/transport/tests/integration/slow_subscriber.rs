//! Subscribers that do not keep up.

use std::time::Duration;

use bytes::Bytes;
use perilune_transport::{Limits, SubscriberId, Transport, Weight, ZeroMq};

use crate::peer::{Peer, command, message};
use crate::support::{bind_tcp, frames, soon, subscription};

const LIMITS: fn() -> Limits = || Limits {
    outgoing_bytes: 1 << 20,
    essential_bytes: 1 << 20,
    ..Limits::default()
};

async fn subscriber(kernel: &mut ZeroMq, port: u16) -> (Peer, SubscriberId) {
    let mut peer = Peer::connect(port, "SUB", b"").await;
    peer.send(&message(&[b"\x01"])).await;
    let (id, _) = subscription(kernel).await;
    (peer, id)
}

fn output(bytes: usize) -> Vec<Bytes> {
    vec![
        Bytes::from_static(b"stream"),
        Bytes::from(vec![b'x'; bytes]),
    ]
}

#[tokio::test]
async fn one_that_never_reads_has_a_gap_and_the_others_get_everything() {
    let (mut kernel, ports) = bind_tcp(LIMITS());
    let (mut stuck, stuck_id) = subscriber(&mut kernel, ports.iopub).await;
    let (mut reading, _) = subscriber(&mut kernel, ports.iopub).await;
    let mut gaps = Vec::new();
    for _ in 0..500 {
        gaps.extend(kernel.publish(output(100_000), Weight::Output));
        assert_eq!(reading.message().await.expect("output")[1].len(), 100_000);
    }
    assert_eq!(gaps, [stuck_id]);
    kernel.publish_to(stuck_id, frames(["notice", "something is missing"]));
    kernel.publish(frames(["status", "idle"]), Weight::Essential);
    assert_eq!(
        reading.message().await.expect("status"),
        [&b"status"[..], b"idle"]
    );

    // When it reads at last, it gets what was kept, the notice and the status, in order.
    let mut kept = 0;
    let notice = loop {
        let parts = stuck.message().await.expect("what was kept");
        if parts[0] != b"stream" {
            break parts;
        }
        kept += parts[1].len();
    };
    assert!(
        (1 << 20..32 << 20).contains(&kept),
        "{kept} bytes were kept"
    );
    assert_eq!(notice, [&b"notice"[..], b"something is missing"]);
    assert_eq!(
        stuck.message().await.expect("status"),
        [&b"status"[..], b"idle"]
    );
    // And it is like the others again.
    assert_eq!(kernel.publish(output(10), Weight::Output), []);
    assert_eq!(stuck.message().await.expect("output")[0], b"stream");
}

#[tokio::test]
async fn one_that_cannot_even_take_status_is_cut_off() {
    let (mut kernel, ports) = bind_tcp(LIMITS());
    let (mut stuck, _) = subscriber(&mut kernel, ports.iopub).await;
    let (mut reading, _) = subscriber(&mut kernel, ports.iopub).await;
    let status = [
        Bytes::from_static(b"status"),
        Bytes::from(vec![b'x'; 100_000]),
    ];
    for _ in 0..500 {
        kernel.publish(status.to_vec(), Weight::Essential);
        assert_eq!(reading.message().await.expect("status"), status);
    }
    stuck.closed().await;
}

#[tokio::test]
async fn a_display_far_larger_than_the_bound_arrives_whole_and_the_status_behind_it() {
    let (mut kernel, ports) = bind_tcp(LIMITS());
    let (mut reading, _) = subscriber(&mut kernel, ports.iopub).await;
    kernel.publish(frames(["status", "busy"]), Weight::Essential);
    assert_eq!(kernel.publish(output(50 << 20), Weight::Output), []);
    kernel.publish(frames(["status", "idle"]), Weight::Essential);
    assert_eq!(reading.message().await.expect("busy")[1], b"busy");
    assert_eq!(reading.message().await.expect("display")[1].len(), 50 << 20);
    assert_eq!(reading.message().await.expect("idle")[1], b"idle");
}

#[tokio::test]
async fn each_subscription_is_told_by_message_and_by_command_and_again() {
    let (mut kernel, ports) = bind_tcp(Limits::default());
    let (mut peer, id) = subscriber(&mut kernel, ports.iopub).await;
    peer.send(&message(&[b"\x01"])).await;
    assert_eq!(subscription(&mut kernel).await, (id, Bytes::new()));
    peer.send(&command(b"\x09SUBSCRIBEstatus")).await;
    assert_eq!(
        subscription(&mut kernel).await,
        (id, Bytes::from_static(b"status"))
    );

    // Without the empty topic only status is left.
    peer.send(&command(b"\x06CANCEL")).await;
    peer.send(&message(&[b"\x01last"])).await;
    assert_eq!(
        subscription(&mut kernel).await,
        (id, Bytes::from_static(b"last"))
    );
    kernel.publish(output(1), Weight::Output);
    kernel.publish(frames(["status.kernel", "idle"]), Weight::Essential);
    assert_eq!(
        peer.message().await.expect("status"),
        [&b"status.kernel"[..], b"idle"]
    );
}

#[tokio::test]
async fn flushing_hands_over_everything_then_says_goodbye() {
    let (mut kernel, ports) = bind_tcp(Limits::default());
    let (mut reading, _) = subscriber(&mut kernel, ports.iopub).await;
    // Something the kernel has not read must not reset the connection.
    reading.send(&message(&[b"\x01more"])).await;
    for _ in 0..100 {
        kernel.publish(output(100_000), Weight::Output);
    }
    kernel.publish(frames(["status", "idle"]), Weight::Essential);
    let receiving = async {
        for _ in 0..100 {
            assert_eq!(reading.message().await.expect("output")[1].len(), 100_000);
        }
        assert_eq!(reading.message().await.expect("status")[1], b"idle");
        let end = reading.message().await.expect_err("the end");
        assert_eq!(end.kind(), std::io::ErrorKind::UnexpectedEof);
    };
    let flushing = async {
        kernel.flush(Duration::from_secs(10)).await;
        drop(kernel);
    };
    soon(async { tokio::join!(receiving, flushing) }).await;
}

#[tokio::test]
async fn flushing_does_not_wait_longer_than_asked_for_one_that_does_not_read() {
    let (mut kernel, ports) = bind_tcp(Limits::default());
    let (_stuck, _) = subscriber(&mut kernel, ports.iopub).await;
    kernel.publish(output(50 << 20), Weight::Output);
    soon(kernel.flush(Duration::from_millis(20))).await;
}
