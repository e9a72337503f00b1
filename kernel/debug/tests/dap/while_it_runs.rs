use std::sync::Arc;
use std::thread;

use perilune_language::debug::{Debugger as _, Reason, Resume};
use serde_json::json;
use serde_json::value::to_raw_value;

use crate::bench::{Bench, answered, stop};
use crate::paused::Scripted;

#[test]
fn while_code_runs_what_needs_it_to_stop_is_refused_and_the_rest_is_not() {
    let bench = Bench::attached();
    let running = bench.run_long();
    for (command, arguments) in [
        ("evaluate", json!({"expression": "x"})),
        ("scopes", json!({"frameId": 1})),
        ("variables", json!({"variablesReference": 100})),
        (
            "setVariable",
            json!({"variablesReference": 100, "name": "x", "value": "1"}),
        ),
        ("completions", json!({"text": "x", "column": 2})),
        ("next", json!({"threadId": 1})),
        ("stepIn", json!({"threadId": 1})),
        ("stepOut", json!({"threadId": 1})),
        ("restartFrame", json!({"frameId": 1})),
        ("exceptionInfo", json!({"threadId": 1})),
        ("stepInTargets", json!({"frameId": 1})),
        (
            "copyToGlobals",
            json!({"srcVariableName": "a", "dstVariableName": "b"}),
        ),
    ] {
        let message = bench.refused("client", command, arguments);
        assert_eq!(
            message, "the program is running; pause it first",
            "{command}"
        );
    }
    let stack = bench.ok("client", "stackTrace", json!({"threadId": 1}));
    assert_eq!(stack, json!({"stackFrames": [], "totalFrames": 0}));
    bench.ok("client", "threads", json!({}));
    bench.ok("client", "continue", json!({"threadId": 2}));
    drop(running);
    bench.idle();
}

#[test]
fn at_rest_values_can_be_looked_at() {
    let bench = Bench::attached();
    assert_eq!(
        bench.ok("client", "evaluate", json!({"expression": "x"}))["result"],
        "1"
    );
    let arguments = json!({"variablesReference": 100, "name": "x", "value": "2"});
    bench.ok("client", "setVariable", arguments);
    let all = bench.ok("client", "variables", json!({"variablesReference": 100}));
    assert_eq!(all["variables"][0]["value"], "2");
    bench.ok("client", "completions", json!({"text": "x", "column": 2}));
    bench.change(|scripted| scripted.panics = true);
    let message = bench.refused("client", "evaluate", json!({"expression": "panic"}));
    assert!(message.contains("failed on this request"));
    for (command, arguments) in [
        ("next", json!({"threadId": 1})),
        ("scopes", json!({"frameId": 1})),
        ("stepInTargets", json!({"frameId": 1})),
    ] {
        assert_eq!(
            bench.refused("client", command, arguments),
            "no code has stopped"
        );
    }
}

#[test]
fn requests_are_done_in_their_order() {
    let bench = Bench::attached();
    bench.run_to_stop(stop(Reason::Breakpoint));
    let evaluated = bench.send("client", "evaluate", json!({"expression": "first"}));
    let continued = bench.send("client", "continue", json!({}));
    let late = bench.send(
        "client",
        "evaluate",
        json!({"expression": "late", "context": "watch"}),
    );
    assert_eq!(answered(&evaluated)["success"], true);
    assert_eq!(answered(&continued)["success"], true);
    bench.idle();
    // Depending on when it was met: by code that runs, or that is at rest again.
    let late = answered(&late);
    let running = late["message"] == "the program is running; pause it first";
    assert!(running || late["success"] == true, "{late}");
    let scripted = bench.end();
    assert_eq!(scripted.asked[0], "evaluate first");
}

#[test]
fn what_makes_the_debugger_panic_is_answered_and_the_stop_goes_on() {
    let bench = Bench::attached();
    bench.change(|scripted| scripted.panics = true);
    bench.run_to_stop(stop(Reason::Breakpoint));
    let message = bench.refused("client", "evaluate", json!({"expression": "panic"}));
    assert_eq!(
        message,
        "the debugger failed on this request; the kernel's log says where"
    );
    assert_eq!(
        bench.ok("client", "evaluate", json!({"expression": "x"}))["result"],
        "1"
    );
}

#[test]
fn a_stop_that_ends_in_a_panic_is_over() {
    let bench = Bench::attached();
    let debugger = Arc::clone(&bench.debugger);
    let code =
        thread::spawn(move || debugger.stopped(stop(Reason::Breakpoint), &mut Scripted::new()));
    bench.event("stopped");
    let request = json!({"command": "evaluate", "arguments": {"expression": "x"}});
    let request = to_raw_value(&request).unwrap();
    let reply = Box::new(|_| panic!("as the test wants it"));
    bench.debugger.request("client", &request, reply);
    assert!(code.join().is_err());
    bench.event("continued");
    assert_eq!(bench.debugger.stopped_at(), None);
    bench.run_to_stop(stop(Reason::Step));
    bench.ok("client", "continue", json!({}));
    assert_eq!(bench.resumed(), Resume::Continue);
}
