use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use serde_json::json;

use crate::kernel;

/// A client sends SIGTERM two and a half seconds after its request.
const GRACE: Duration = Duration::from_secs(2);

#[test]
fn an_idle_kernel_replies_tells_everybody_and_ends() {
    for restart in [false, true] {
        let (mut kernel, mut client) = kernel();
        let asked = Instant::now();
        let shutdown = client.send_control("shutdown_request", json!({"restart": restart}));
        client.status(&shutdown, "busy");
        let told = client.iopub(&shutdown, "shutdown_reply");
        assert_eq!(*told.field("/restart"), json!(restart));
        client.status(&shutdown, "idle");
        let reply = client.control(&shutdown, "shutdown_reply");
        assert_eq!(*reply.field("/restart"), json!(restart));
        assert_eq!(kernel.wait().code(), Some(0));
        assert!(asked.elapsed() < GRACE, "{:?}", asked.elapsed());
    }
}

#[test]
fn a_kernel_that_runs_a_cell_answers_it_first_and_then_ends() {
    let (mut kernel, mut client) = kernel();
    let code = "print('started') while true do pcall(function() while true do end end) end";
    let cell = client.send_execute(code);
    let queued = client.send_execute("print('never')");
    client.begins(&cell, code, 1);
    client.stream(&cell, "stdout", "started\n");
    let asked = Instant::now();
    let shutdown = client.send_control("shutdown_request", json!({"restart": false}));
    client.iopub(&cell, "error");
    client.status(&cell, "idle");
    assert_eq!(
        client.shell(&cell, "execute_reply").text("/status"),
        "error"
    );
    client.status(&queued, "busy");
    client.status(&queued, "idle");
    assert_eq!(
        client.shell(&queued, "execute_reply").text("/status"),
        "aborted"
    );
    client.status(&shutdown, "busy");
    client.iopub(&shutdown, "shutdown_reply");
    client.status(&shutdown, "idle");
    client.control(&shutdown, "shutdown_reply");
    assert_eq!(kernel.wait().code(), Some(0));
    assert!(asked.elapsed() < GRACE, "{:?}", asked.elapsed());
}

#[test]
fn on_shell_a_shutdown_waits_for_what_was_asked_before_it() {
    let (mut kernel, mut client) = kernel();
    let cell = client.send_execute("perilune.sleep(0.1) print('done')");
    let shutdown = client.send_shell("shutdown_request", json!({"restart": false}));
    client.begins(&cell, "perilune.sleep(0.1) print('done')", 1);
    client.stream(&cell, "stdout", "done\n");
    client.ends(&cell, 1);
    client.status(&shutdown, "busy");
    client.iopub(&shutdown, "shutdown_reply");
    client.status(&shutdown, "idle");
    client.shell(&shutdown, "shutdown_reply");
    assert_eq!(kernel.wait().code(), Some(0));
}

#[test]
fn sigterm_ends_it_as_a_request_does() {
    let (mut kernel, mut client) = kernel();
    kill(kernel.pid(), Signal::SIGTERM).unwrap();
    client.iopub_unasked("shutdown_reply");
    assert_eq!(kernel.wait().code(), Some(0));
}

#[test]
fn os_exit_answers_the_cell_and_ends_the_process_with_its_code() {
    let (mut kernel, mut client) = kernel();
    let cell = client.send_execute("print('bye') os.exit(3)");
    client.begins(&cell, "print('bye') os.exit(3)", 1);
    client.stream(&cell, "stdout", "bye\n");
    let reply = client.ends(&cell, 1);
    assert_eq!(*reply.field("/payload/0/source"), json!("ask_exit"));
    client.iopub_unasked("shutdown_reply");
    assert_eq!(kernel.wait().code(), Some(3));
}
