use perilune_transport::Channel;
use serde_json::json;

use super::client::Kernel;

#[test]
fn a_cell_s_effects_leave_in_order_between_busy_and_idle() {
    let kernel = Kernel::start();
    kernel.execute("one two error: show three");
    assert_eq!(
        kernel.hear_turn(),
        [
            "iopub status busy",
            "iopub execute_input",
            "iopub stream stdout onetwo",
            "iopub stream stderr error:",
            "iopub display_data",
            "iopub stream stdout three",
            "shell execute_reply ok",
            "iopub status idle",
        ]
    );
}

#[test]
fn a_handler_that_panics_is_answered_with_an_error_and_the_kernel_lives() {
    let kernel = Kernel::start();
    kernel.execute("before panic");
    assert_eq!(
        kernel.hear(5),
        [
            "iopub status busy",
            "iopub execute_input",
            "iopub stream stdout before",
            "shell execute_reply error",
            "iopub status idle",
        ]
    );
    kernel.ask(Channel::Shell, "complete_request", json!({"code": ""}));
    assert_eq!(
        kernel.hear(3),
        [
            "iopub status busy",
            "shell complete_reply error",
            "iopub status idle"
        ]
    );
    kernel.execute("alive");
    assert_eq!(kernel.hear(5)[2], "iopub stream stdout alive");
}

#[test]
fn a_failure_aborts_what_was_sent_before_it_was_known() {
    let kernel = Kernel::start();
    kernel.execute("fail");
    kernel.execute("never");
    kernel.ask(Channel::Shell, "is_complete_request", json!({"code": ""}));
    assert_eq!(
        kernel.hear(11),
        [
            "iopub status busy",
            "iopub execute_input",
            "iopub error Failed",
            "shell execute_reply error",
            "iopub status idle",
            "iopub status busy",
            "shell execute_reply aborted",
            "iopub status idle",
            "iopub status busy",
            "shell is_complete_reply unknown",
            "iopub status idle",
        ]
    );
}

#[test]
fn an_answer_never_overtakes_the_one_before_it() {
    let kernel = Kernel::start();
    for _ in 0..1000 {
        kernel.execute("");
        kernel.ask(Channel::Shell, "kernel_info_request", json!({}));
        assert_eq!(
            kernel.hear(7),
            [
                "iopub status busy",
                "iopub execute_input",
                "shell execute_reply ok",
                "iopub status idle",
                "iopub status busy",
                "shell kernel_info_reply ok",
                "iopub status idle",
            ]
        );
    }
}

#[test]
fn control_answers_what_it_cannot_do_while_code_runs() {
    let kernel = Kernel::start();
    kernel.execute("started wait");
    assert_eq!(kernel.hear(3)[2], "iopub stream stdout started");
    kernel.ask(Channel::Control, "brew_coffee_request", json!({}));
    assert_eq!(kernel.hear(2), ["iopub status busy", "iopub status idle"]);
    kernel.ask(Channel::Control, "debug_request", json!({}));
    assert_eq!(
        kernel.hear(4),
        [
            "iopub status busy",
            "control debug_reply",
            "iopub status idle",
            "iopub status busy",
        ]
    );
    kernel.ask(Channel::Control, "shutdown_request", json!({"restart": 7}));
    assert_eq!(
        kernel.hear(3),
        [
            "iopub status busy",
            "control shutdown_reply error",
            "iopub status idle"
        ]
    );
}
