use super::*;

fn limits() -> Limits {
    Limits {
        outgoing_bytes: 100,
        essential_bytes: 50,
        topics: 2,
        ..Limits::default()
    }
}

fn change(subscriber: SubscriberId, topic: &'static str, wanted: bool) -> TopicChange {
    TopicChange {
        subscriber,
        topic: Bytes::from_static(topic.as_bytes()),
        wanted,
    }
}

fn subscriber(publisher: &Publisher, topic: &'static str) -> (SubscriberId, Arc<Outbound>) {
    let outbound = Arc::new(Outbound::new());
    let id = publisher.enter(outbound.clone());
    assert!(publisher.apply(&change(id, topic, true)));
    (id, outbound)
}

fn frames(topic: &'static str, length: usize) -> Vec<Bytes> {
    vec![
        Bytes::from_static(topic.as_bytes()),
        Bytes::from(vec![0; length]),
    ]
}

#[test]
fn a_topic_reaches_those_who_want_a_prefix_of_it_once() {
    let publisher = Publisher::new(&limits());
    let (id, all) = subscriber(&publisher, "");
    assert!(publisher.apply(&change(id, "kernel", true)));
    let (_, kernel) = subscriber(&publisher, "kernel");
    let (_, longer) = subscriber(&publisher, "kernel.x.y");
    publisher.publish(&frames("kernel.x", 1), Weight::Essential);
    let queued = [&all, &kernel, &longer].map(|outbound| outbound.queued());
    let once = 2 + "kernel.x".len() + 2 + 1;
    assert_eq!(queued, [once, once, 0]);
}

#[test]
fn who_subscribes_again_is_told_again() {
    let publisher = Publisher::new(&limits());
    let (id, outbound) = subscriber(&publisher, "a");
    assert!(publisher.apply(&change(id, "a", true)));
    publisher.publish(&frames("a", 0), Weight::Essential);
    assert_eq!(outbound.queued(), 5);
    assert!(!publisher.apply(&change(id, "a", false)));
    publisher.publish(&frames("a", 0), Weight::Essential);
    assert_eq!(outbound.queued(), 5);
}

#[test]
fn a_change_of_somebody_who_is_gone_is_nothing() {
    let publisher = Publisher::new(&limits());
    let (id, _) = subscriber(&publisher, "");
    publisher.leave(id);
    assert!(!publisher.apply(&change(id, "a", true)));
    assert_eq!(
        publisher.publish_to(id, &frames("a", 0)),
        Exceptions::default()
    );
}

#[test]
fn a_slow_subscriber_has_a_gap_and_the_others_have_none() {
    let publisher = Publisher::new(&limits());
    let (slow, queue) = subscriber(&publisher, "");
    publisher.publish(&frames("", 200), Weight::Output);
    let (_, other) = subscriber(&publisher, "");
    let first = publisher.publish(&frames("", 10), Weight::Output);
    assert_eq!(
        first,
        Exceptions {
            gap_begins: vec![slow],
            cut_off: vec![],
            left_out: 1,
        }
    );
    let second = publisher.publish(&frames("", 10), Weight::Output);
    assert_eq!((second.gap_begins, second.left_out), (vec![], 1));
    assert_eq!(publisher.left_out(), 2);
    assert_eq!((queue.queued(), other.queued()), (204, 28));
    // Status and the like still reach it, and a word only for it does.
    publisher.publish(&frames("", 1), Weight::Essential);
    publisher.publish_to(slow, &frames("", 1));
    assert_eq!((queue.queued(), other.queued()), (214, 33));
}

#[test]
fn who_cannot_even_take_essentials_is_cut_off() {
    let publisher = Publisher::new(&limits());
    let (stuck, queue) = subscriber(&publisher, "");
    publisher.publish(&frames("", 200), Weight::Output);
    publisher.publish(&frames("", 50), Weight::Essential);
    let end = publisher.publish(&frames("", 1), Weight::Essential);
    assert_eq!(
        end,
        Exceptions {
            gap_begins: vec![],
            cut_off: vec![stuck],
            left_out: 0,
        }
    );
    assert_eq!(queue.queued(), 0);
    assert!(publisher.outbounds().is_empty());
}

#[test]
fn a_topic_too_many_ends_the_subscriber() {
    let publisher = Publisher::new(&limits());
    let (id, _) = subscriber(&publisher, "a");
    assert!(publisher.apply(&change(id, "b", true)));
    assert!(!publisher.apply(&change(id, "c", true)));
    assert!(publisher.outbounds().is_empty());
}
