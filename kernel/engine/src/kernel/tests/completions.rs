use std::time::Duration;

use perilune_transport::Channel;
use serde_json::{Value, json};

use super::client::{Kernel, summary};

#[test]
fn completion_is_answered_while_a_cell_runs_and_the_cell_stays_busy() {
    let kernel = Kernel::start();
    kernel.execute("started wait");
    let busy = kernel.next().1;
    assert_eq!(kernel.hear(2)[1], "iopub stream stdout started");
    for (channel, reply) in [
        (Channel::Shell, "shell complete_reply ok"),
        (Channel::Control, "control complete_reply ok"),
    ] {
        kernel.ask(channel, "complete_request", json!({"code": "w"}));
        assert_eq!(
            kernel.hear(3),
            ["iopub status busy", reply, "iopub status idle"]
        );
        let still_busy = kernel.next();
        assert_eq!(summary(&still_busy), "iopub status busy");
        assert_eq!(still_busy.1.raw_parent, busy.raw_parent);
    }
    kernel.ask(Channel::Control, "interrupt_request", json!({}));
    kernel.hear(6);
}

#[test]
fn names_are_noted_at_the_start_and_when_nothing_is_to_be_done_after_a_cell() {
    let kernel = Kernel::start();
    let noted = || kernel.names_noted.recv_timeout(Duration::from_secs(30));
    noted().unwrap();
    kernel.execute("one two");
    kernel.hear_turn();
    noted().unwrap();
    kernel.execute("started wait");
    assert_eq!(kernel.hear(3)[2], "iopub stream stdout started");
    kernel.ask(Channel::Shell, "complete_request", json!({"code": ""}));
    kernel.hear(1);
    let (_, reply) = kernel.next();
    let content: Value = reply.content().unwrap();
    assert_eq!(content["matches"], json!(["one", "two"]));
    assert_eq!(kernel.hear(2), ["iopub status idle", "iopub status busy"]);
    kernel.ask(Channel::Control, "interrupt_request", json!({}));
    kernel.hear(6);
}

#[test]
fn a_completion_that_panics_while_a_cell_runs_ends_neither_the_cell_nor_the_kernel() {
    let kernel = Kernel::start();
    kernel.execute("started wait");
    assert_eq!(kernel.hear(3)[2], "iopub stream stdout started");
    kernel.ask(Channel::Shell, "complete_request", json!({"code": "panic"}));
    assert_eq!(
        kernel.hear(4),
        [
            "iopub status busy",
            "shell complete_reply error",
            "iopub status idle",
            "iopub status busy",
        ]
    );
    kernel.ask(Channel::Control, "interrupt_request", json!({}));
    assert!(
        kernel
            .hear(6)
            .contains(&"iopub error Interrupted".to_owned())
    );
}
