use perilune_transport::Channel;
use serde_json::{Value, json};

use super::client::Kernel;

/// Asks the debugger, and hears its answer.
fn debug(kernel: &Kernel, channel: Channel, command: &str, arguments: Value) -> Value {
    ask(kernel, channel, command, arguments);
    loop {
        let (_, message) = kernel.next();
        if message.header.msg_type == "debug_reply" {
            assert_eq!(kernel.hear(1), ["iopub status idle"]);
            return message.content().unwrap();
        }
    }
}

fn ask(kernel: &Kernel, channel: Channel, command: &str, arguments: Value) {
    let request = json!({"seq": 7, "type": "request", "command": command, "arguments": arguments});
    kernel.ask(channel, "debug_request", request);
}

/// A kernel in which somebody wants to look at a value, of a language that lets nobody.
fn in_vain() -> Kernel {
    let kernel = Kernel::start();
    debug(
        &kernel,
        Channel::Control,
        "initialize",
        json!({"adapterID": "words"}),
    );
    debug(&kernel, Channel::Control, "attach", json!({}));
    ask(
        &kernel,
        Channel::Control,
        "evaluate",
        json!({"expression": "x"}),
    );
    kernel
}

#[test]
fn shell_is_answered_as_control_is_also_while_code_runs() {
    let kernel = Kernel::start();
    kernel.execute("started wait");
    assert_eq!(kernel.hear(3)[2], "iopub stream stdout started");
    for channel in [Channel::Control, Channel::Shell] {
        let reply = debug(&kernel, channel, "debugInfo", json!({}));
        assert_eq!(
            (&reply["success"], &reply["request_seq"]),
            (&json!(true), &json!(7))
        );
        // The cell's busy again, since front ends believe the last word that they hear.
        assert_eq!(kernel.hear(1), ["iopub status busy"]);
    }
    kernel.ask(Channel::Control, "interrupt_request", json!({}));
}

#[test]
fn who_had_no_answer_has_one_when_the_kernel_ends_and_only_one() {
    let kernel = in_vain();
    kernel.ask(
        Channel::Control,
        "shutdown_request",
        json!({"restart": false}),
    );
    let mut heard = Vec::new();
    while let Some(words) = kernel.hear_to_the_end() {
        heard.push(words);
    }
    let replies = heard
        .iter()
        .filter(|words| words.starts_with("control debug_reply"));
    assert_eq!(replies.count(), 1, "{heard:?}");
    let busy = heard.iter().filter(|words| *words == "iopub status busy");
    let idle = heard.iter().filter(|words| *words == "iopub status idle");
    assert_eq!(busy.count(), idle.count(), "{heard:?}");
}

#[test]
fn a_look_in_vain_keeps_no_cell_waiting() {
    let kernel = in_vain();
    kernel.execute("hello");
    while kernel.hear(1) != ["shell execute_reply ok"] {}
}
