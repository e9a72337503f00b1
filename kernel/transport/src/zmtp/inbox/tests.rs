use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::*;

const SOON: Duration = Duration::from_secs(10);

fn inbox(incoming_bytes: usize) -> Arc<Inbox> {
    Arc::new(Inbox::new(&Limits {
        incoming_bytes,
        ..Limits::default()
    }))
}

fn one(text: &'static str) -> Frames {
    vec![Bytes::from_static(text.as_bytes())]
}

fn topic(text: &'static str) -> TopicChange {
    let topic = Bytes::from_static(text.as_bytes());
    TopicChange {
        subscriber: SubscriberId(7),
        topic,
        wanted: true,
    }
}

async fn next(inbox: &Inbox, gate: ShellGate) -> Option<Arrival> {
    timeout(SOON, poll_fn(|context| inbox.poll(context, gate)))
        .await
        .expect("an arrival")
}

/// Whether nothing is there to be received.
async fn nothing(inbox: &Inbox, gate: ShellGate) -> bool {
    poll_fn(|context| Poll::Ready(inbox.poll(context, gate).is_pending())).await
}

#[tokio::test]
async fn control_and_stdin_come_before_topics_before_shell() {
    let inbox = inbox(1 << 20);
    inbox.message(Channel::Shell, one("shell")).await.unwrap();
    inbox.topic_change(topic("a")).await.unwrap();
    inbox.message(Channel::Stdin, one("stdin")).await.unwrap();
    inbox
        .message(Channel::Control, one("control"))
        .await
        .unwrap();
    let expected = [
        Arrival::Message(Channel::Control, one("control")),
        Arrival::Message(Channel::Stdin, one("stdin")),
        Arrival::TopicChange(topic("a")),
        Arrival::Message(Channel::Shell, one("shell")),
    ];
    for arrival in expected {
        assert_eq!(next(&inbox, ShellGate::Open).await, Some(arrival));
    }
    assert!(nothing(&inbox, ShellGate::Open).await);
}

#[tokio::test]
async fn a_peer_of_control_is_gone_behind_all_that_it_sent() {
    let inbox = inbox(1 << 20);
    for text in ["one", "two"] {
        inbox.message(Channel::Control, one(text)).await.unwrap();
    }
    inbox.gone("ada".into());
    let expected = [
        Arrival::Message(Channel::Control, one("one")),
        Arrival::Message(Channel::Control, one("two")),
        Arrival::Gone("ada".into()),
    ];
    for arrival in expected {
        assert_eq!(next(&inbox, ShellGate::Closed).await, Some(arrival));
    }
    assert!(nothing(&inbox, ShellGate::Open).await);
}

#[tokio::test]
async fn a_flood_on_control_leaves_shell_its_turn() {
    let inbox = inbox(1 << 24);
    inbox.message(Channel::Shell, one("shell")).await.unwrap();
    for _ in 0..1000 {
        inbox
            .message(Channel::Control, one("control"))
            .await
            .unwrap();
    }
    let mut before = 0;
    while next(&inbox, ShellGate::Open).await
        != Some(Arrival::Message(Channel::Shell, one("shell")))
    {
        before += 1;
    }
    assert_eq!(before, AHEAD_OF_SHELL);
}

#[tokio::test]
async fn small_messages_are_bounded_in_number() {
    let inbox = inbox(1 << 20);
    let mut put = 0;
    let flood = async {
        while put < 1000 {
            inbox.message(Channel::Shell, one("x")).await.unwrap();
            put += 1;
        }
    };
    assert!(timeout(Duration::from_millis(20), flood).await.is_err());
    assert!(put < (1 << 20) / MESSAGE_COST + 1, "{put}");
}

#[tokio::test]
async fn a_closed_gate_leaves_shell_messages_where_they_are() {
    let inbox = inbox(1 << 20);
    inbox.message(Channel::Shell, one("first")).await.unwrap();
    inbox.message(Channel::Shell, one("second")).await.unwrap();
    assert!(nothing(&inbox, ShellGate::Closed).await);
    for text in ["first", "second"] {
        let arrival = Arrival::Message(Channel::Shell, one(text));
        assert_eq!(next(&inbox, ShellGate::Open).await, Some(arrival));
    }
}

#[tokio::test]
async fn a_full_queue_holds_its_senders_back_and_nobody_else() {
    let inbox = inbox(1000);
    let mut put = 0;
    let flood = async {
        loop {
            inbox
                .message(Channel::Shell, vec![Bytes::new()])
                .await
                .unwrap();
            put += 1;
        }
    };
    assert!(timeout(Duration::from_millis(10), flood).await.is_err());
    assert!((1..=15).contains(&put), "{put} empty messages are not free");
    timeout(SOON, inbox.message(Channel::Control, one("stop")))
        .await
        .unwrap()
        .unwrap();
    assert!(matches!(
        next(&inbox, ShellGate::Open).await,
        Some(Arrival::Message(Channel::Control, _))
    ));
}

#[tokio::test]
async fn who_waits_for_room_gets_it_when_something_was_received() {
    let inbox = inbox(1000);
    // Larger than all the room there is: taken when nothing else is there.
    inbox
        .message(Channel::Shell, vec![Bytes::from(vec![0; 5000])])
        .await
        .unwrap();
    let waiting = tokio::spawn({
        let inbox = inbox.clone();
        async move { inbox.message(Channel::Shell, one("next")).await }
    });
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    next(&inbox, ShellGate::Open).await;
    timeout(SOON, waiting).await.unwrap().unwrap().unwrap();
    let arrival = Arrival::Message(Channel::Shell, one("next"));
    assert_eq!(next(&inbox, ShellGate::Open).await, Some(arrival));
}

#[tokio::test]
async fn closing_ends_whoever_waits_on_either_side() {
    let inbox = inbox(1000);
    inbox
        .message(Channel::Shell, vec![Bytes::from(vec![0; 5000])])
        .await
        .unwrap();
    let sender = tokio::spawn({
        let inbox = inbox.clone();
        async move { inbox.message(Channel::Shell, one("late")).await }
    });
    let receiver = tokio::spawn({
        let inbox = inbox.clone();
        async move { next(&inbox, ShellGate::Closed).await }
    });
    tokio::task::yield_now().await;
    inbox.close();
    assert_eq!(timeout(SOON, sender).await.unwrap().unwrap(), Err(Closed));
    assert_eq!(timeout(SOON, receiver).await.unwrap().unwrap(), None);
    assert_eq!(
        inbox.message(Channel::Control, one("later")).await,
        Err(Closed)
    );
}
