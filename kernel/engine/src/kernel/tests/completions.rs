use std::time::Duration;

use perilune_transport::Channel;
use serde_json::{Value, json};

use super::client::{Kernel, summary};
use crate::completer::{MOST_THREADS, MOST_WAITING};

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

#[test]
fn a_completion_that_is_stuck_holds_up_nothing_and_is_answered_when_it_can_be() {
    let kernel = Kernel::start();
    kernel.execute("started wait");
    assert_eq!(kernel.hear(3)[2], "iopub stream stdout started");
    kernel.complete_from_folder();

    kernel.ask(Channel::Control, "kernel_info_request", json!({}));
    assert_eq!(
        kernel.hear(3),
        [
            "iopub status busy",
            "control kernel_info_reply ok",
            "iopub status idle",
        ]
    );
    kernel.ask(Channel::Shell, "complete_request", json!({"code": "w"}));
    assert_eq!(
        kernel.hear(4),
        [
            "iopub status busy",
            "shell complete_reply ok",
            "iopub status idle",
            "iopub status busy",
        ]
    );
    kernel.ask(Channel::Control, "interrupt_request", json!({}));
    assert_eq!(
        kernel.hear(6),
        [
            "iopub status busy",
            "control interrupt_reply ok",
            "iopub status idle",
            "iopub error Interrupted",
            "shell execute_reply error",
            "iopub status idle",
        ]
    );
    let ran = |word: &str| {
        [
            "iopub status busy".to_owned(),
            "iopub execute_input".to_owned(),
            format!("iopub stream stdout {word}"),
            "shell execute_reply ok".to_owned(),
            "iopub status idle".to_owned(),
        ]
    };
    kernel.execute("one");
    assert_eq!(kernel.hear_turn(), ran("one"));

    kernel.folder.answer();
    assert_eq!(
        kernel.hear(3),
        [
            "iopub status busy",
            "shell complete_reply ok",
            "iopub status idle",
        ]
    );
    // Nothing runs, so nothing is busy still.
    kernel.execute("two");
    assert_eq!(kernel.hear_turn(), ran("two"));
}

#[test]
fn of_many_completions_that_wait_the_oldest_are_refused() {
    let kernel = Kernel::start();
    kernel.execute("started wait");
    let running = kernel.next().1;
    assert_eq!(kernel.hear(2)[1], "iopub stream stdout started");
    for _ in 0..MOST_THREADS {
        kernel.complete_from_folder();
    }
    let complete = |code: String| {
        kernel.ask(Channel::Shell, "complete_request", json!({"code": code}));
    };
    for number in 0..=MOST_WAITING {
        complete("w".repeat(number + 1));
    }
    assert_eq!(kernel.hear(1), ["iopub status busy"]);
    let refused = kernel.next();
    assert_eq!(summary(&refused), "shell complete_reply error");
    let content: Value = refused.1.content().unwrap();
    assert_eq!(content["ename"], "TooManyRequests");
    assert_eq!(kernel.hear(1), ["iopub status idle"]);
    assert_eq!(kernel.next().1.raw_parent, running.raw_parent);

    kernel.folder.answer();
    let mut ends: Vec<u64> = Vec::new();
    for _ in 0..MOST_THREADS + MOST_WAITING {
        assert_eq!(kernel.hear(1), ["iopub status busy"]);
        let (_, reply) = kernel.next();
        let content: Value = reply.content().unwrap();
        assert_eq!(content["status"], "ok");
        ends.push(content["cursor_end"].as_u64().unwrap());
        assert_eq!(kernel.hear(1), ["iopub status idle"]);
        assert_eq!(kernel.next().1.raw_parent, running.raw_parent);
    }
    assert!(!ends.contains(&1), "the oldest had its answer: {ends:?}");
    assert!(
        ends.contains(&(MOST_WAITING as u64 + 1)),
        "the newest has one: {ends:?}"
    );
}

#[test]
fn a_shutdown_waits_for_no_completion_and_answers_those_that_are_stuck() {
    let kernel = Kernel::start();
    kernel.execute("started wait");
    assert_eq!(kernel.hear(3)[2], "iopub stream stdout started");
    kernel.complete_from_folder();
    kernel.ask(
        Channel::Control,
        "shutdown_request",
        json!({"restart": false}),
    );
    assert_eq!(
        kernel.hear(10),
        [
            "iopub error Interrupted",
            "shell execute_reply error",
            "iopub status idle",
            "iopub status busy",
            "shell complete_reply error",
            "iopub status idle",
            "iopub status busy",
            "iopub shutdown_reply ok",
            "control shutdown_reply ok",
            "iopub status idle",
        ]
    );
    assert_eq!(kernel.exit_code(), 0);
}
