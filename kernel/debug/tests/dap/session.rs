use perilune_language::debug::{Debugger as _, Reason, Resume};
use serde_json::json;
use serde_json::value::RawValue;

use crate::bench::{Bench, answered, stop};

#[test]
fn nothing_is_debugged_until_somebody_attaches() {
    let bench = Bench::new();
    assert!(!bench.debugger.is_on());
    let capabilities = bench.ok("client", "initialize", json!({"adapterID": "perilune"}));
    assert_eq!(capabilities["supportsConditionalBreakpoints"], true);
    assert_eq!(capabilities["supportsDataBreakpoints"], true);
    let filters = capabilities["exceptionBreakpointFilters"]
        .as_array()
        .unwrap();
    let filters: Vec<_> = filters
        .iter()
        .map(|it| it["filter"].as_str().unwrap())
        .collect();
    assert_eq!(filters, ["uncaught", "caught"]);
    assert!(!bench.debugger.is_on());
    bench.run([stop(Reason::Step)]);
    assert_eq!(bench.resumed(), Resume::Continue);
    assert_eq!(bench.ok("client", "attach", json!({})), json!({}));
    assert!(bench.debugger.is_on());
    assert!(bench.debugger.attention().take());
    assert_eq!(bench.event("initialized"), json!({"client": "client"}));
    assert_eq!(
        bench.event("thread"),
        json!({"reason": "started", "threadId": 1})
    );
    assert_eq!(
        bench.ok("client", "configurationDone", json!({})),
        json!({})
    );
    bench.no_event();
}

#[test]
fn what_needs_a_session_is_refused_before_there_is_one() {
    let bench = Bench::new();
    for (command, arguments) in [
        (
            "setBreakpoints",
            json!({"source": {"path": "/a.lua"}, "breakpoints": [{"line": 1}]}),
        ),
        ("threads", json!({})),
        ("stackTrace", json!({"threadId": 1})),
        ("evaluate", json!({"expression": "x"})),
        ("continue", json!({"threadId": 1})),
        ("pause", json!({"threadId": 1})),
    ] {
        let message = bench.refused("client", command, arguments);
        assert!(
            message.contains("`initialize` and `attach` come first"),
            "{message}"
        );
    }
}

#[test]
fn the_numbers_of_responses_and_events_never_repeat() {
    let bench = Bench::new();
    let first = bench.ask("client", "initialize", json!({}));
    let second = bench.ask("client", "initialize", json!({}));
    assert!(first["seq"].as_i64().unwrap() > 0);
    assert!(second["seq"].as_i64() > first["seq"].as_i64());
}

#[test]
fn an_unknown_command_is_refused_by_name() {
    let bench = Bench::attached();
    let message = bench.refused("client", "readMemory", json!({}));
    assert_eq!(message, "the debugger knows no command `readMemory`");
    let message = bench.refused("client", "", json!({}));
    assert_eq!(message, "the debugger knows no command ``");
}

#[test]
fn arguments_that_make_no_sense_are_refused_with_the_field_that_is_wrong() {
    let bench = Bench::attached();
    for (command, arguments, field) in [
        (
            "setBreakpoints",
            json!({"source": {"path": "/a"}, "breakpoints": [{"line": 1}, {"line": "two"}]}),
            "breakpoints[1].line",
        ),
        (
            "setBreakpoints",
            json!({"breakpoints": []}),
            "missing field `source`",
        ),
        (
            "setBreakpoints",
            json!({"source": {"path": 7}}),
            "source.path",
        ),
        ("dumpCell", json!({}), "missing field `code`"),
        ("stackTrace", json!({"threadId": -1}), "threadId"),
        ("evaluate", json!("x"), "arguments: invalid type"),
        (
            "variables",
            json!({"variablesReference": 1, "filter": "all"}),
            "filter",
        ),
        ("scopes", json!(null), "missing field `frameId`"),
    ] {
        let message = bench.refused("client", command, arguments);
        assert!(
            message.starts_with(&format!("`{command}` was asked")),
            "{message}"
        );
        assert!(message.contains(field), "{message}");
        assert!(!message.contains("at line"), "{message}");
    }
}

#[test]
fn what_is_no_request_is_answered_too() {
    let bench = Bench::new();
    for request in [
        "7",
        "[]",
        "null",
        "\"continue\"",
        "{}",
        r#"{"command": 7, "seq": 3}"#,
    ] {
        let request = RawValue::from_string(request.to_owned()).unwrap();
        let response = answered(&bench.send_raw("client", &request));
        assert_eq!(response["success"], false, "{response}");
        assert_eq!(response["type"], "response");
        assert!(!response["message"].as_str().unwrap().is_empty());
    }
    // JupyterLab leaves them out; others say null.
    for request in [
        r#"{"command": "debugInfo", "seq": 0}"#,
        r#"{"command": "debugInfo", "arguments": null}"#,
    ] {
        let request = RawValue::from_string(request.to_owned()).unwrap();
        assert_eq!(
            answered(&bench.send_raw("client", &request))["success"],
            true
        );
    }
}

#[test]
fn the_last_one_who_leaves_takes_the_breakpoints_along() {
    let bench = Bench::attached();
    bench.attach("other", json!({"clientID": "nvim"}));
    let breakpoints = json!({"source": {"name": "chunk"}, "breakpoints": [{"line": 1}]});
    bench.ok("client", "setBreakpoints", breakpoints);
    bench.event("breakpoint");
    bench.ok("client", "disconnect", json!({}));
    assert!(bench.debugger.is_on());
    assert!(!bench.debugger.wishes().is_empty());
    bench.ok("other", "disconnect", json!({}));
    assert!(!bench.debugger.is_on());
    assert!(bench.debugger.wishes().is_empty());
    assert!(
        bench
            .refused("other", "threads", json!({}))
            .contains("come first")
    );
}

#[test]
fn what_has_stopped_goes_on_when_the_last_one_leaves() {
    let bench = Bench::attached();
    bench.attach("other", json!({}));
    bench.run_to_stop(stop(Reason::Breakpoint));
    bench.ok("client", "disconnect", json!({"terminateDebuggee": false}));
    assert!(bench.debugger.stopped_at().is_some());
    bench.ok("other", "disconnect", json!({}));
    assert_eq!(bench.resumed(), Resume::Continue);
    bench.event("continued");
    bench.no_event();
    assert_eq!(bench.debugger.stopped_at(), None);
}

#[test]
fn what_has_stopped_goes_on_even_if_the_one_who_left_comes_back_at_once() {
    let bench = Bench::attached();
    for _ in 0..50 {
        bench.run_to_stop(stop(Reason::Breakpoint));
        let left = bench.send("client", "disconnect", json!({"restart": false}));
        let initialized = bench.send("client", "initialize", json!({}));
        let attached = bench.send("client", "attach", json!({}));
        assert_eq!(bench.resumed(), Resume::Continue);
        for response in [left, initialized, attached] {
            assert_eq!(answered(&response)["success"], true);
        }
        bench.idle();
        bench.forget_events();
    }
}

#[test]
fn a_client_leaves_with_its_connection_unless_it_is_a_page_or_says_otherwise() {
    let bench = Bench::new();
    bench.attach("page", json!({"clientID": "jupyterlab"}));
    let own = json!({"clientID": "vscode", "perilune": {"leaveOnDisconnect": true}});
    bench.attach("bridge", own);
    bench.run_to_stop(stop(Reason::Breakpoint));
    bench.debugger.gone("page");
    bench.debugger.gone("nobody");
    bench.ok("bridge", "disconnect", json!({}));
    assert!(bench.debugger.is_on(), "the page is loaded again, maybe");
    bench.ok("page", "continue", json!({}));
    assert_eq!(bench.resumed(), Resume::Continue);
    bench.event("continued");
    bench.ok("page", "disconnect", json!({}));

    let own = json!({"clientID": "jupyterlab", "perilune": {"leaveOnDisconnect": true}});
    for initialize in [json!({"clientID": "vscode"}), json!({}), own] {
        bench.attach("client", initialize);
        bench.run_to_stop(stop(Reason::Breakpoint));
        bench.debugger.gone("client");
        assert_eq!(bench.resumed(), Resume::Continue);
        bench.event("continued");
        assert!(!bench.debugger.is_on());
    }
    bench.attach("client", json!({"perilune": {"leaveOnDisconnect": false}}));
    bench.debugger.gone("client");
    bench.ok("client", "threads", json!({}));
}

#[test]
fn one_who_comes_while_code_has_stopped_hears_where() {
    let bench = Bench::attached();
    bench.run_to_stop(stop(Reason::Step));
    bench.attach("late", json!({}));
    let stopped = bench.event("stopped");
    assert_eq!(
        (&stopped["reason"], &stopped["client"]),
        (&json!("step"), &json!("late"))
    );
}

#[test]
fn a_program_can_stop_at_its_entry_once() {
    let bench = Bench::new();
    bench.ok("client", "initialize", json!({}));
    bench.ok(
        "client",
        "launch",
        json!({"stopOnEntry": true, "program": "a.lua"}),
    );
    assert!(bench.debugger.wishes().entry);
    bench.event("initialized");
    bench.event("thread");
    assert_eq!(bench.run_to_stop(stop(Reason::Entry))["reason"], "entry");
    assert!(!bench.debugger.wishes().entry);
    bench.ok("client", "continue", json!({"threadId": 1}));
    assert_eq!(bench.resumed(), Resume::Continue);
}

#[test]
fn who_comes_while_code_runs_stops_at_the_entry_of_the_next() {
    let bench = Bench::new();
    let running = bench.run_long();
    bench.ok("client", "attach", json!({"stopOnEntry": true}));
    drop(running);
    bench.idle();
    assert!(bench.debugger.wishes().entry);
    // Code that could not be stopped, as it does not compile, was the next one all the same.
    bench.run([]);
    bench.idle();
    assert!(!bench.debugger.wishes().entry);
}

#[test]
fn who_does_not_want_to_debug_stops_nothing() {
    let bench = Bench::new();
    bench.ok("client", "initialize", json!({}));
    bench.ok(
        "client",
        "launch",
        json!({"noDebug": true, "stopOnEntry": true}),
    );
    assert!(!bench.debugger.is_on());
    bench.no_event();
}

#[test]
fn the_end_of_the_kernel_answers_what_waits_and_lets_code_go() {
    let bench = Bench::attached();
    bench.run_to_stop(stop(Reason::Breakpoint));
    bench.debugger.end();
    assert_eq!(bench.resumed(), Resume::Interrupt);
    let message = bench.refused("client", "threads", json!({}));
    assert_eq!(message, "the kernel is ending");
    bench.run([stop(Reason::Breakpoint)]);
    assert_eq!(bench.resumed(), Resume::Interrupt);
    bench.any_event(&["terminated", "continued"]);
    bench.any_event(&["terminated", "continued"]);
}

#[test]
fn the_end_of_the_kernel_answers_who_waits_for_code_that_runs_on() {
    let bench = Bench::attached();
    // Nobody looks while this lasts, though no code runs as far as the debugger knows.
    let (hold, held) = std::sync::mpsc::channel::<()>();
    bench.hold(held);
    let waiting = bench.send("client", "evaluate", json!({"expression": "x"}));
    bench.ok("client", "debugInfo", json!({}));
    bench.debugger.end();
    assert_eq!(answered(&waiting)["message"], "the kernel is ending");
    drop(hold);
}
