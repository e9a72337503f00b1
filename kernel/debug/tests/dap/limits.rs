use std::sync::mpsc::channel;

use serde_json::json;
use serde_json::value::RawValue;

use crate::bench::{Bench, answered};

#[test]
fn a_request_that_is_too_long_is_refused() {
    let bench = Bench::attached();
    let long = format!(
        r#"{{"command": "dumpCell", "arguments": {{"code": "{}"}}}}"#,
        "-".repeat(16 << 20)
    );
    let long = RawValue::from_string(long).unwrap();
    let refused = answered(&bench.send_raw("client", &long));
    let message = refused["message"].as_str().unwrap();
    assert!(message.contains("may have 16777216 bytes"), "{message}");
}

#[test]
fn only_so_many_requests_wait() {
    let bench = Bench::attached();
    let (hold, held) = channel::<()>();
    bench.hold(held);
    let waiting: Vec<_> = (0..1500)
        .map(|_| {
            bench.send(
                "client",
                "evaluate",
                json!({"expression": "x", "context": "watch"}),
            )
        })
        .collect();
    // Those beyond are answered at once, and so is who asks something else later.
    let refused = answered(&waiting[1499]);
    let message = refused["message"].as_str().unwrap();
    assert!(message.starts_with("too many requests wait"), "{message}");
    drop(hold);
    let done = waiting[..1499]
        .iter()
        .filter(|it| answered(it)["success"] == true);
    // One may have been on its way between two queues.
    assert!((1000..=1001).contains(&done.count()));
    bench.ok("client", "threads", json!({}));
}

#[test]
fn only_so_many_bytes_wait() {
    let bench = Bench::attached();
    let (hold, held) = channel::<()>();
    bench.hold(held);
    let expression = "-".repeat(15 << 20);
    let request = json!({"command": "evaluate", "arguments": {"expression": expression}});
    let request = RawValue::from_string(request.to_string()).unwrap();
    let waiting: Vec<_> = (0..5).map(|_| bench.send_raw("client", &request)).collect();
    let message = answered(&waiting[4])["message"].clone();
    assert!(
        message
            .as_str()
            .unwrap()
            .starts_with("too many requests wait"),
        "{message}"
    );
    drop(hold);
    for response in &waiting[..4] {
        assert_eq!(answered(response)["success"], true);
    }
    bench.ok("client", "evaluate", json!({"expression": "x"}));
}

#[test]
fn only_so_many_clients_debug() {
    let bench = Bench::new();
    for number in 0..64 {
        bench.attach(&number.to_string(), json!({}));
    }
    let message = bench.refused("one more", "initialize", json!({}));
    assert_eq!(
        message,
        "64 clients debug this kernel already; disconnect one of them"
    );
    bench.ok("7", "disconnect", json!({}));
    bench.attach("one more", json!({}));
}

#[test]
fn clients_that_only_look_in_do_not_keep_others_out() {
    let bench = Bench::new();
    for number in 0..1000 {
        bench.ok(&number.to_string(), "initialize", json!({}));
    }
    bench.attach("client", json!({}));
}
