use std::sync::Arc;
use std::time::Duration;

use perilune_transport::Channel;
use serde_json::json;

use super::client::Kernel;
use crate::options::Options;
use crate::shutdown::{Deadlines, ShutdownPolicy};

#[test]
fn a_cell_that_asks_for_the_end_is_answered_before_it() {
    let kernel = Kernel::start();
    kernel.execute("exit");
    assert_eq!(
        kernel.hear(5),
        [
            "iopub status busy",
            "iopub execute_input",
            "shell execute_reply ok",
            "iopub status idle",
            "iopub shutdown_reply ok",
        ]
    );
    assert_eq!(kernel.exit_code(), 7);
}

#[test]
fn a_shutdown_answers_all_that_runs_and_waits() {
    let kernel = Kernel::start();
    kernel.execute("started wait");
    assert_eq!(kernel.hear(3)[2], "iopub stream stdout started");
    kernel.execute("never");
    kernel.ask(
        Channel::Control,
        "shutdown_request",
        json!({"restart": true}),
    );
    assert_eq!(
        kernel.hear(10),
        [
            "iopub error Interrupted",
            "shell execute_reply error",
            "iopub status idle",
            "iopub status busy",
            "shell execute_reply aborted",
            "iopub status idle",
            "iopub status busy",
            "iopub shutdown_reply ok",
            "control shutdown_reply ok",
            "iopub status idle",
        ]
    );
    assert_eq!(kernel.exit_code(), 0);
}

#[test]
fn nothing_runs_after_a_cell_that_asked_for_the_end() {
    let kernel = Kernel::start();
    kernel.ask(
        Channel::Shell,
        "execute_request",
        json!({"code": "started wait", "stop_on_error": false}),
    );
    assert_eq!(kernel.hear(3)[2], "iopub stream stdout started");
    kernel.execute("exit");
    kernel.execute("never");
    // On shell, so that it comes behind them.
    kernel.ask(Channel::Shell, "interrupt_request", json!({}));
    assert_eq!(kernel.exit_code(), 7);
    let heard = kernel.hear(14);
    assert!(
        heard.contains(&"shell execute_reply aborted".to_owned()),
        "{heard:?}"
    );
    assert_eq!(heard[13], "iopub shutdown_reply ok");
}

fn draining() -> Kernel {
    let deadlines = Deadlines {
        drain_when_asked: Duration::from_secs(3600),
        ..Deadlines::default()
    };
    let kernel = Kernel::start_with(Options {
        shutdown: Arc::new(ShutdownPolicy::new(deadlines)),
        ..Options::default()
    });
    kernel.execute("started wait");
    assert_eq!(kernel.hear(3)[2], "iopub stream stdout started");
    kernel.ask(Channel::Control, "shutdown_request", json!({}));
    kernel
}

#[test]
fn what_comes_while_a_cell_drains_is_refused_and_what_ends_it_is_not() {
    let kernel = draining();
    // Sent until it is refused: what comes before the end is known of is aborted, later.
    loop {
        kernel.ask(Channel::Control, "inspect_request", json!({"code": "a"}));
        kernel.ask(Channel::Control, "kernel_info_request", json!({}));
        let heard = kernel.hear_turn();
        if heard.contains(&"control inspect_reply error".to_owned()) {
            break;
        }
    }
    assert!(
        kernel
            .hear_turn()
            .contains(&"control kernel_info_reply ok".to_owned())
    );
    kernel.ask(Channel::Control, "interrupt_request", json!({}));
    assert_eq!(kernel.exit_code(), 0);
}

#[test]
fn a_second_request_for_the_end_is_answered_with_the_first() {
    let kernel = draining();
    kernel.ask(
        Channel::Control,
        "shutdown_request",
        json!({"restart": true}),
    );
    kernel.ask(Channel::Control, "interrupt_request", json!({}));
    assert_eq!(kernel.exit_code(), 0);
    let mut replies = 0;
    while let Some(words) = kernel.hear_to_the_end() {
        replies += usize::from(words == "control shutdown_reply ok");
    }
    assert_eq!(replies, 2);
}
