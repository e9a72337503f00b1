use perilune_language::debug::{Raised, Reason, Resume, Stop};
use serde_json::{Value, json};

use crate::bench::{Bench, stop};
use crate::paused::COROUTINE;

fn stopped() -> Bench {
    let bench = Bench::attached();
    bench.run_to_stop(stop(Reason::Breakpoint));
    bench
}

fn frame(bench: &Bench) -> Value {
    bench.ok("client", "stackTrace", json!({"threadId": 1}))["stackFrames"][0]["id"].clone()
}

#[test]
fn clients_hear_why_code_has_stopped_and_where() {
    let bench = Bench::attached();
    for (reason, word) in [
        (Reason::Breakpoint, "breakpoint"),
        (Reason::FunctionBreakpoint, "function breakpoint"),
        (Reason::DataBreakpoint, "data breakpoint"),
        (Reason::Exception, "exception"),
        (Reason::Step, "step"),
        (Reason::Pause, "pause"),
        (Reason::Entry, "entry"),
    ] {
        let body = bench.run_to_stop(Stop {
            breakpoints: vec![4, 5],
            text: Some("boom".to_owned()),
            ..stop(reason)
        });
        let description = body["description"].as_str().unwrap();
        assert!(description.starts_with("Paused"));
        assert_eq!(
            body,
            json!({"reason": word, "description": description, "threadId": 1, "text": "boom",
                   "allThreadsStopped": true, "hitBreakpointIds": [4, 5],
                   "perilune": {"source": "/nowhere/inner.lua", "line": 10}})
        );
        let at = bench.debugger.stopped_at().unwrap();
        assert_eq!(
            (&*at.source, at.line, at.reason),
            ("/nowhere/inner.lua", 10, reason)
        );
        let body = bench.ok("client", "continue", json!({"threadId": 1}));
        assert_eq!(body, json!({"allThreadsContinued": true}));
        assert_eq!(bench.resumed(), Resume::Continue);
        let body = bench.event("continued");
        assert_eq!(body, json!({"threadId": 1, "allThreadsContinued": true}));
    }
}

#[test]
fn the_threads_are_the_main_one_and_the_coroutines() {
    let bench = Bench::attached();
    let running = bench.run_long();
    let threads = bench.ok("client", "threads", json!({}));
    assert_eq!(threads, json!({"threads": [{"id": 1, "name": "main"}]}));
    drop(running);
    bench.idle();
    bench.run([Stop {
        thread: COROUTINE,
        ..stop(Reason::Breakpoint)
    }]);

    assert_eq!(
        bench.event("thread"),
        json!({"reason": "started", "threadId": 7})
    );
    assert_eq!(bench.event("stopped")["threadId"], 7);
    let threads = bench.ok("client", "threads", json!({}));
    assert_eq!(
        threads["threads"][1],
        json!({"id": 7, "name": "coroutine: f"})
    );
    let stack = bench.ok("client", "stackTrace", json!({"threadId": 7}));
    assert_eq!(stack["stackFrames"][0]["name"], "f0 of 7");
    let message = bench.refused("client", "stackTrace", json!({"threadId": 9}));
    assert_eq!(message, "there is no thread 9");
    bench.ok("client", "continue", json!({}));
    bench.idle();
    assert_eq!(
        bench.ok("client", "threads", json!({})),
        threads,
        "at rest too"
    );
    // As they were when somebody looked.
    let running = bench.run_long();
    assert_eq!(bench.ok("client", "threads", json!({})), threads);
    drop(running);
    bench.idle();
}

#[test]
fn a_stack_is_told_in_parts_with_frames_that_are_new_each_time() {
    let bench = stopped();
    let stack = bench.ok(
        "client",
        "stackTrace",
        json!({"threadId": 1, "startFrame": 0, "levels": 0}),
    );
    assert_eq!(stack["totalFrames"], 5);
    let frames = stack["stackFrames"].as_array().unwrap();
    assert_eq!(
        frames[0],
        json!({"id": frames[0]["id"], "name": "f0 of 1", "line": 10, "column": 5, "canRestart": true,
               "source": {"name": "inner.lua", "path": "/nowhere/inner.lua"}})
    );
    assert_eq!(frames[1]["column"], 1);
    assert_eq!(frames[3]["presentationHint"], "subtle");
    assert_eq!(frames[3]["source"]["presentationHint"], "deemphasize");
    assert_eq!(
        (&frames[4]["source"], &frames[4]["line"]),
        (&Value::Null, &json!(0))
    );
    let part = bench.ok(
        "client",
        "stackTrace",
        json!({"threadId": 1, "startFrame": 1, "levels": 2}),
    );
    let names = { part["stackFrames"].as_array().unwrap().iter() }.map(|it| it["name"].clone());
    assert_eq!(names.collect::<Vec<_>>(), ["f1 of 1", "f2 of 1"]);
    assert_ne!(part["stackFrames"][0]["id"], frames[1]["id"]);
    // The earlier ones still mean what they meant.
    bench.ok("client", "scopes", json!({"frameId": frames[0]["id"]}));
}

#[test]
fn scopes_and_variables_are_told_with_all_that_is_known_of_them() {
    let bench = stopped();
    let scopes = bench.ok("client", "scopes", json!({"frameId": frame(&bench)}));
    assert_eq!(
        scopes["scopes"],
        json!([
            {"name": "Locals", "presentationHint": "locals", "variablesReference": 101,
             "namedVariables": 2, "indexedVariables": 0, "expensive": false},
            {"name": "Globals", "variablesReference": 100,
             "namedVariables": 2, "indexedVariables": 0, "expensive": true},
        ])
    );
    let all =
        bench.ok("client", "variables", json!({"variablesReference": 101}))["variables"].clone();
    assert_eq!(
        all[0],
        json!({"name": "i", "value": "42", "type": "integer", "evaluateName": "i", "variablesReference": 0})
    );
    assert_eq!(
        all[6]["presentationHint"],
        json!({"kind": "method", "attributes": ["readOnly"]})
    );
    let place = &all[6]["valueLocationReference"];
    let place = bench.ok("client", "locations", json!({"locationReference": place}));
    assert_eq!(
        (&place["line"], &place["source"]["name"]),
        (&json!(3), &json!("inner.lua"))
    );
    assert_eq!(
        all[7],
        json!({"name": "t", "value": "{1, 2, …}", "type": "table", "evaluateName": "t",
               "variablesReference": 102, "namedVariables": 1, "indexedVariables": 1000})
    );
    assert_eq!(all[8]["presentationHint"], json!({"kind": "virtual"}));
    let message = bench.refused("client", "locations", json!({"locationReference": 99}));
    assert_eq!(message, "there is no location 99 any more");
}

#[test]
fn variables_are_told_in_parts() {
    let bench = stopped();
    let ask = |arguments| bench.ok("client", "variables", arguments)["variables"].clone();
    let part =
        ask(json!({"variablesReference": 102, "filter": "indexed", "start": 500, "count": 2}));
    assert_eq!(
        (&part[0]["name"], &part[1]["name"]),
        (&json!("[501]"), &json!("[502]"))
    );
    assert_eq!(part.as_array().unwrap().len(), 2);
    let named = ask(json!({"variablesReference": 102, "filter": "named"}));
    assert_eq!(named[0]["name"], "key");
    assert_eq!(ask(json!({"variablesReference": 0})), json!([]));
    let message = bench.refused("client", "variables", json!({"variablesReference": 5}));
    assert_eq!(message, "there are no variables 5");
}

#[test]
fn a_client_that_wants_no_types_gets_none() {
    let bench = Bench::new();
    bench.attach("client", json!({"supportsVariableType": false}));
    bench.run_to_stop(stop(Reason::Step));
    let all = bench.ok("client", "variables", json!({"variablesReference": 101}));
    assert_eq!(all["variables"][0].get("type"), None);
}

#[test]
fn values_are_set_and_who_wants_to_know_it_is_told() {
    let bench = Bench::new();
    bench.attach("client", json!({"supportsInvalidatedEvent": true}));
    bench.run_to_stop(stop(Reason::Step));
    let arguments = json!({"variablesReference": 100, "name": "x", "value": "5"});
    let body = bench.ok("client", "setVariable", arguments);
    assert_eq!(
        body,
        json!({"value": "5", "type": "integer", "variablesReference": 0})
    );
    assert_eq!(bench.event("invalidated"), json!({"areas": ["variables"]}));
    let arguments = json!({"expression": "x", "value": "6", "frameId": frame(&bench)});
    assert_eq!(bench.ok("client", "setExpression", arguments)["value"], "6");
    bench.event("invalidated");
    assert_eq!(
        bench.ok(
            "client",
            "evaluate",
            json!({"expression": "x", "context": "watch"})
        )["result"],
        "6"
    );
    let arguments = json!({"variablesReference": 100, "name": "y", "value": "5"});
    assert_eq!(
        bench.refused("client", "setVariable", arguments),
        "`y` cannot be set"
    );
    bench.no_event();
}

#[test]
fn expressions_are_evaluated_for_what_they_are_wanted_for() {
    let bench = stopped();
    let frame = frame(&bench);
    let evaluate = |context: Value| {
        let arguments = json!({"expression": "e", "frameId": frame, "context": context});
        bench.ok("client", "evaluate", arguments)["result"].clone()
    };
    for (context, purpose) in [
        (json!("repl"), "e Console Some(0)"),
        (json!("watch"), "e Watch Some(0)"),
        (json!("hover"), "e Hover Some(0)"),
        (json!("clipboard"), "e Clipboard Some(0)"),
        (json!("variables"), "e Watch Some(0)"),
        (json!("something new"), "e Console Some(0)"),
        (Value::Null, "e Console Some(0)"),
    ] {
        assert_eq!(evaluate(context), purpose);
    }
    let body = bench.ok("client", "evaluate", json!({"expression": "t"}));
    assert_eq!(
        body,
        json!({"result": "{1, 2, …}", "type": "table", "variablesReference": 102,
               "namedVariables": 1, "indexedVariables": 1000})
    );
    let message = bench.refused(
        "client",
        "evaluate",
        json!({"expression": "error", "frameId": frame}),
    );
    assert_eq!(message, "attempt to call a nil value");
    let message = bench.refused(
        "client",
        "evaluate",
        json!({"expression": "x", "frameId": 999}),
    );
    assert_eq!(message, "there is no frame 999");
}

#[test]
fn the_console_is_completed_in_the_units_of_the_protocol() {
    let bench = stopped();
    bench.attach("other", json!({"clientID": "nvim"}));
    let arguments = json!({"text": "🌙 = grö", "column": 9, "frameId": frame(&bench)});
    let body = bench.ok("other", "completions", arguments.clone());
    assert_eq!(
        body["targets"],
        json!([{"label": "größe", "detail": "(a, b)", "type": "function", "start": 6, "length": 3}])
    );
    // VS Code would take the start for one counted from 0.
    let body = bench.ok("client", "completions", arguments);
    assert_eq!(
        body["targets"],
        json!([{"label": "größe", "detail": "(a, b)", "type": "function", "length": 3}])
    );
    let arguments = json!({"text": "x = 1\ngr", "line": 2, "column": 3});
    let body = bench.ok("other", "completions", arguments);
    assert_eq!(
        (&body["targets"][0]["start"], &body["targets"][0]["length"]),
        (&json!(7), &json!(2))
    );
}

#[test]
fn an_error_that_has_stopped_code_is_told() {
    let bench = Bench::attached();
    bench.change(|scripted| {
        scripted.raised = Some(Raised {
            name: "RuntimeError".to_owned(),
            message: "cell[3]:1: boom".to_owned(),
            traceback: "stack traceback:\n  cell[3]:1".to_owned(),
            is_caught: false,
        });
    });
    bench.run([stop(Reason::Exception), stop(Reason::Step)]);
    bench.event("stopped");
    assert_eq!(
        bench.ok("client", "exceptionInfo", json!({"threadId": 1})),
        json!({"exceptionId": "RuntimeError", "description": "cell[3]:1: boom", "breakMode": "unhandled",
               "details": {"message": "cell[3]:1: boom", "typeName": "RuntimeError",
                           "stackTrace": "stack traceback:\n  cell[3]:1"}})
    );
    bench.ok("client", "continue", json!({}));
    bench.event("continued");
    bench.event("stopped");
    let message = bench.refused("client", "exceptionInfo", json!({"threadId": 1}));
    assert_eq!(message, "it was no error that has stopped the program");
    bench.ok("client", "continue", json!({}));
    bench.event("continued");
    bench.idle();
    let message = bench.refused("client", "exceptionInfo", json!({"threadId": 1}));
    assert_eq!(message, "no code has stopped");
}
