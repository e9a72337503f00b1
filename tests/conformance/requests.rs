use perilune_tests::{Client, KernelProcess, Received, Request};
use serde_json::{Value, json};

use crate::kernel;

/// busy, idle, and the reply.
fn ask(client: &mut Client, msg_type: &'static str, content: Value, reply: &str) -> Received {
    let request = client.send_shell(msg_type, content);
    client.status(&request, "busy");
    client.status(&request, "idle");
    client.shell(&request, reply)
}

fn ask_control(client: &mut Client, msg_type: &'static str, reply: &str) -> Received {
    let request = client.send_control(msg_type, json!({}));
    client.status(&request, "busy");
    client.status(&request, "idle");
    client.control(&request, reply)
}

#[test]
fn kernel_info_is_answered_on_shell_and_on_control() {
    let (_kernel, mut client) = kernel();
    let shell = ask(
        &mut client,
        "kernel_info_request",
        json!({}),
        "kernel_info_reply",
    );
    let control = ask_control(&mut client, "kernel_info_request", "kernel_info_reply");
    assert_eq!(shell.content, control.content);
    assert_eq!(shell.text("/implementation"), "perilune");
    assert_eq!(shell.text("/language_info/name"), "lua");
    assert_eq!(shell.text("/language_info/mimetype"), "text/x-lua");
    assert!(shell.text("/language_info/version").starts_with("5.4"));
}

#[test]
fn unix_sockets_carry_the_same_conversation() {
    let mut kernel = KernelProcess::ipc();
    let mut client = Client::connect(&mut kernel);
    assert_eq!(client.value("1 + 1", 1), "2");
    assert_eq!(client.beat(b"thump"), "thump");
}

#[test]
fn connect_tells_the_ports_that_were_bound() {
    let (mut kernel, mut client) = kernel();
    let reply = ask(&mut client, "connect_request", json!({}), "connect_reply");
    let ports = kernel.connection().endpoints().unwrap().ports();
    assert_eq!(*reply.field("/shell_port"), ports.shell);
    assert_eq!(*reply.field("/iopub_port"), ports.iopub);
    assert_eq!(*reply.field("/stdin_port"), ports.stdin);
    assert_eq!(*reply.field("/control_port"), ports.control);
    assert_eq!(*reply.field("/hb_port"), ports.hb);
}

#[test]
fn completion_counts_code_points_and_keeps_to_the_prefix() {
    let (_kernel, mut client) = kernel();
    let code = "local 🌙 = 'é' string.fo";
    let content = json!({"code": "s = 'é🌙' string.fo", "cursor_pos": 18});
    let reply = ask(&mut client, "complete_request", content, "complete_reply");
    let matches = reply.field("/matches").as_array().unwrap();
    assert!(!matches.is_empty(), "{reply} for {code}");
    for found in matches {
        assert!(found.as_str().unwrap().contains("format"), "{reply}");
    }
    assert_eq!(*reply.field("/cursor_end"), 18);
}

#[test]
fn inspection_finds_what_is_there_and_says_so_when_nothing_is() {
    let (_kernel, mut client) = kernel();
    let content = json!({"code": "string.format", "cursor_pos": 10, "detail_level": 0});
    let reply = ask(&mut client, "inspect_request", content, "inspect_reply");
    assert_eq!(*reply.field("/found"), json!(true));
    assert!(reply.text("/data/text~1plain").contains("format"));
    let content = json!({"code": "nowhere", "cursor_pos": 3, "detail_level": 1});
    let reply = ask(&mut client, "inspect_request", content, "inspect_reply");
    assert_eq!(*reply.field("/found"), json!(false));
    assert_eq!(*reply.field("/data"), json!({}));
}

#[test]
fn a_name_with_a_question_mark_is_answered_with_a_page() {
    let (_kernel, mut client) = kernel();
    let cell = client.send_execute("string.format?");
    client.begins(&cell, "string.format?", 1);
    let reply = client.ends(&cell, 1);
    assert_eq!(reply.text("/payload/0/source"), "page");
    assert!(reply.text("/payload/0/data/text~1plain").contains("format"));
    let cell = client.send_execute("?nowhere");
    client.begins(&cell, "?nowhere", 2);
    client.stream(&cell, "stdout", "nothing is known of nowhere\n");
    client.ends(&cell, 2);
}

#[test]
fn is_complete_knows_finished_unfinished_and_hopeless_code() {
    let (_kernel, mut client) = kernel();
    for (code, status) in [
        ("x = 1", "complete"),
        ("for i = 1, 3 do", "incomplete"),
        ("s = [[", "incomplete"),
        ("x = = 1", "invalid"),
    ] {
        let reply = ask(
            &mut client,
            "is_complete_request",
            json!({"code": code}),
            "is_complete_reply",
        );
        assert_eq!(reply.text("/status"), status, "{code}");
    }
}

#[test]
fn history_gives_back_what_was_run() {
    let (_kernel, mut client) = kernel();
    client.runs_quietly("a = 1", 1);
    assert_eq!(client.value("a", 2), "1");
    let content = json!({
        "hist_access_type": "tail", "n": 1, "output": true, "raw": true, "session": 0,
    });
    let reply = ask(&mut client, "history_request", content, "history_reply");
    assert_eq!(*reply.field("/history"), json!([[1, 2, ["a", "1"]]]));
}

#[test]
fn usage_is_measured_on_control() {
    let (kernel, mut client) = kernel();
    let reply = ask_control(&mut client, "usage_request", "usage_reply");
    assert_eq!(*reply.field("/pid"), kernel.pid().as_raw());
    assert!(reply.field("/kernel_memory").as_u64().unwrap() > 100_000);
}

#[test]
fn what_the_debugger_cannot_do_is_refused_in_its_own_protocol() {
    let (_kernel, mut client) = kernel();
    let content = json!({"seq": 3, "type": "request", "command": "fly"});
    let debug = client.send_control("debug_request", content);
    client.status(&debug, "busy");
    client.status(&debug, "idle");
    let reply = client.control(&debug, "debug_reply");
    assert_eq!(*reply.field("/success"), json!(false));
    assert_eq!(*reply.field("/request_seq"), json!(3));
    assert_eq!(reply.text("/command"), "fly");
}

#[test]
fn an_unknown_type_gets_busy_and_idle_and_harms_nothing() {
    let (_kernel, mut client) = kernel();
    let unknown = client.send_shell("brew_coffee_request", json!({"sugar": 2}));
    client.status(&unknown, "busy");
    client.status(&unknown, "idle");
    let unknown = client.send_control("brew_coffee_request", json!({}));
    client.status(&unknown, "busy");
    client.status(&unknown, "idle");
    assert_eq!(client.value("1", 1), "1");
}

#[test]
fn a_content_that_cannot_be_is_answered_with_an_error() {
    let (_kernel, mut client) = kernel();
    for (msg_type, reply) in [
        ("execute_request", "execute_reply"),
        ("complete_request", "complete_reply"),
        ("history_request", "history_reply"),
    ] {
        let reply = ask(&mut client, msg_type, json!({"code": 7}), reply);
        assert_eq!(reply.text("/status"), "error");
    }
}

#[test]
fn a_subshell_that_is_not_there_is_refused() {
    let (_kernel, mut client) = kernel();
    let (mut frames, Request(id)) = client.frames("kernel_info_request", json!({}));
    let mut header: Value = serde_json::from_slice(&frames[2]).unwrap();
    header["subshell_id"] = json!("one");
    frames[2] = serde_json::to_vec(&header).unwrap().into();
    frames[1] = client
        .key()
        .sign([&frames[2], &frames[3], &frames[4], &frames[5]])
        .into();
    client.send_raw(frames);
    let request = Request(id);
    client.status(&request, "busy");
    client.status(&request, "idle");
    let reply = client.shell(&request, "kernel_info_reply");
    assert_eq!(reply.text("/status"), "error");
}
