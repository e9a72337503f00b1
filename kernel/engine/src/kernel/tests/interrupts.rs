use perilune_transport::Channel;
use serde_json::json;

use super::client::Kernel;

#[test]
fn an_interrupt_after_a_panic_still_meets_what_runs_and_only_that() {
    let kernel = Kernel::start();
    kernel.execute("panic");
    kernel.hear(4);
    kernel.ask(Channel::Control, "interrupt_request", json!({}));
    kernel.hear(3);
    kernel.execute("unless-interrupted");
    assert_eq!(kernel.hear(5)[3], "shell execute_reply ok");
    kernel.execute("started wait");
    assert_eq!(kernel.hear(3)[2], "iopub stream stdout started");
    kernel.ask(Channel::Control, "interrupt_request", json!({}));
    let mut heard = kernel.hear(6);
    heard.sort();
    assert_eq!(
        heard,
        [
            "control interrupt_reply ok",
            "iopub error Interrupted",
            "iopub status busy",
            "iopub status idle",
            "iopub status idle",
            "shell execute_reply error",
        ]
    );
}

#[test]
fn an_interrupt_that_follows_busy_is_never_in_vain() {
    let kernel = Kernel::start();
    for _ in 0..300 {
        kernel.execute("wait");
        assert_eq!(kernel.hear(1), ["iopub status busy"]);
        kernel.ask(Channel::Control, "interrupt_request", json!({}));
        let heard = kernel.hear(7);
        assert!(
            heard.contains(&"iopub error Interrupted".to_owned()),
            "{heard:?}"
        );
    }
}
