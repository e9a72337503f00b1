use std::time::Instant;

use nix::sys::signal::{Signal, kill};
use perilune_tests::{Client, KernelProcess, PATIENCE, Request};
use serde_json::json;

use crate::kernel;

/// Starts a cell that says when it runs and then does not end.
fn start(client: &mut Client, forever: &str, count: u64) -> Request {
    let code = format!("kept = {count} print('started') {forever}");
    let cell = client.send_execute(&code);
    client.begins(&cell, &code, count);
    client.stream(&cell, "stdout", "started\n");
    cell
}

fn ends_interrupted(client: &mut Client, cell: &Request, count: u64) {
    let error = client.iopub(cell, "error");
    assert_eq!(error.text("/ename"), "Interrupted", "{error}");
    client.status(cell, "idle");
    assert_eq!(client.shell(cell, "execute_reply").text("/status"), "error");
    assert_eq!(client.value("kept", count + 1), count.to_string());
}

fn interrupt_by_message(client: &mut Client) {
    let interrupt = client.send_control("interrupt_request", json!({}));
    client.status(&interrupt, "busy");
    client.status(&interrupt, "idle");
    assert_eq!(
        client
            .control(&interrupt, "interrupt_reply")
            .text("/status"),
        "ok"
    );
}

fn interrupt_by_signal(kernel: &KernelProcess) {
    kill(kernel.pid(), Signal::SIGINT).expect("the kernel lives");
}

const FOREVER: [&str; 6] = [
    "while true do end",
    "while true do pcall(function() while true do end end) end",
    "coroutine.wrap(function() coroutine.wrap(function() while true do end end)() end)()",
    "table.sort({1, 2, 3}, function() while true do end end)",
    "perilune.sleep(60)",
    "os.execute('sleep 60')",
];

#[test]
fn a_message_stops_whatever_runs_and_keeps_the_globals() {
    let (_kernel, mut client) = kernel();
    for (at, forever) in FOREVER.iter().enumerate() {
        let count = 2 * at as u64 + 1;
        let cell = start(&mut client, forever, count);
        interrupt_by_message(&mut client);
        ends_interrupted(&mut client, &cell, count);
    }
}

#[test]
fn a_signal_does_the_same() {
    let (kernel, mut client) = kernel();
    for (at, forever) in FOREVER.iter().enumerate() {
        let count = 2 * at as u64 + 1;
        let cell = start(&mut client, forever, count);
        interrupt_by_signal(&kernel);
        ends_interrupted(&mut client, &cell, count);
    }
}

#[test]
fn an_idle_kernel_ignores_interrupts() {
    let (kernel, mut client) = kernel();
    interrupt_by_message(&mut client);
    interrupt_by_signal(&kernel);
    interrupt_by_message(&mut client);
    assert_eq!(client.value("1", 1), "1");
}

#[test]
fn control_and_heartbeat_answer_while_lua_spins() {
    let (_kernel, mut client) = kernel();
    let cell = start(&mut client, "while true do end", 1);
    assert_eq!(client.beat(b"thump"), "thump");
    let info = client.send_control("kernel_info_request", json!({}));
    client.status(&info, "busy");
    client.status(&info, "idle");
    client.control(&info, "kernel_info_reply");
    interrupt_by_message(&mut client);
    ends_interrupted(&mut client, &cell, 1);
}

/// What is offered while the cell runs, which then says busy again.
fn complete_meanwhile(client: &mut Client, cell: &Request, code: &str) -> Vec<String> {
    let completion = client.send_shell(
        "complete_request",
        json!({"code": code, "cursor_pos": code.len()}),
    );
    client.status(&completion, "busy");
    client.status(&completion, "idle");
    // Or front ends would show an idle kernel.
    client.status(cell, "busy");
    let reply = client.shell(&completion, "complete_reply");
    assert_eq!(reply.text("/status"), "ok");
    let matches = reply.field("/matches").as_array().expect("a list");
    matches
        .iter()
        .map(|found| found.as_str().expect("text").to_owned())
        .collect()
}

#[test]
fn completion_answers_while_lua_spins() {
    let (_kernel, mut client) = kernel();
    client.runs_quietly("earlier_cell = {of_a_table = 1}", 1);
    let deadline = Instant::now() + PATIENCE;
    for count in (2..).step_by(2) {
        // The kernel notes its names when nobody wants anything of it for a while.
        client.silence();
        client.silence();
        client.silence();
        let cell = start(&mut client, "while true do end", count);
        assert_eq!(
            complete_meanwhile(&mut client, &cell, "string.fo"),
            ["format"]
        );
        let global = complete_meanwhile(&mut client, &cell, "earlier_");
        let field = complete_meanwhile(&mut client, &cell, "earlier_cell.of");
        interrupt_by_message(&mut client);
        ends_interrupted(&mut client, &cell, count);
        if !global.is_empty() {
            assert_eq!(
                (global, field),
                (
                    vec!["earlier_cell".to_owned()],
                    vec!["of_a_table".to_owned()]
                )
            );
            break;
        }
        assert!(
            Instant::now() < deadline,
            "the names of a cell are never noted"
        );
    }
}
