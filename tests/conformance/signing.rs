use bytes::Bytes;
use perilune_tests::Request;
use serde_json::json;

use crate::kernel;

#[test]
fn what_is_not_signed_by_the_key_has_no_effect() {
    let (_kernel, mut client) = kernel();
    let (frames, _) = client.frames("execute_request", json!({"code": "x = 1"}));
    for (at, bytes) in [(1, "00"), (1, ""), (5, r#"{"code":"x = 2"}"#), (2, "{}")] {
        let mut damaged = frames.clone();
        damaged[at] = Bytes::from_static(bytes.as_bytes());
        client.send_raw(damaged);
    }
    client.send_raw(frames[..4].to_vec());
    client.send_raw(frames[..1].to_vec());
    client.send_raw(vec![Bytes::from_static(b"garbage")]);
    client.silence();
    assert_eq!(client.value("x == nil", 1), "true");
}

#[test]
fn a_message_that_was_received_before_is_refused() {
    let (_kernel, mut client) = kernel();
    let (frames, request) = client.frames("execute_request", json!({"code": "n = (n or 0) + 1"}));
    client.send_raw(frames.clone());
    client.begins(&request, "n = (n or 0) + 1", 1);
    client.ends(&request, 1);
    client.send_raw(frames);
    client.silence();
    assert_eq!(client.value("n", 2), "1");
}

#[test]
fn buffers_are_outside_the_signature() {
    let (_kernel, mut client) = kernel();
    let (mut frames, request) = client.frames("kernel_info_request", json!({}));
    frames.push(Bytes::from_static(b"\xff\x00 not signed"));
    client.send_raw(frames);
    client.status(&request, "busy");
    client.status(&request, "idle");
    client.shell(&request, "kernel_info_reply");
}

#[test]
fn the_parent_header_is_echoed_byte_for_byte() {
    let (_kernel, mut client) = kernel();
    let (mut frames, _) = client.frames("kernel_info_request", json!({}));
    let header = br#"{ "future" : [1e3, "\u00e9"],"msg_type":"kernel_info_request", "msg_id":"odd",
        "session":"s","username":null,"date":"yesterday","version":"9" }"#;
    frames[2] = Bytes::from_static(header);
    frames[1] = client
        .key()
        .sign([&frames[2], &frames[3], &frames[4], &frames[5]])
        .into();
    client.send_raw(frames);
    let request = Request("odd".to_owned());
    let busy = client.iopub(&request, "status");
    assert_eq!(busy.message.raw_parent.as_ref(), header);
    let idle = client.iopub(&request, "status");
    assert_eq!(idle.message.raw_parent.as_ref(), header);
    let reply = client.shell(&request, "kernel_info_reply");
    assert_eq!(reply.message.raw_parent.as_ref(), header);
}
