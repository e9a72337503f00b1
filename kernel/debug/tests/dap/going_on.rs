use perilune_language::debug::{Debugger as _, FrameId, Reason, Resume, Step};
use serde_json::{Value, json};

use crate::bench::{Bench, answered, stop};

#[test]
fn a_step_goes_over_into_or_out() {
    let bench = Bench::attached();
    for (command, arguments, resume) in [
        ("next", json!({"threadId": 1}), Resume::Step(Step::Over)),
        ("stepIn", json!({"threadId": 1}), Resume::Step(Step::In)),
        (
            "stepIn",
            json!({"threadId": 1, "targetId": 3}),
            Resume::Step(Step::Into(3)),
        ),
        ("stepIn", Value::Null, Resume::Step(Step::In)),
        (
            "stepOut",
            json!({"threadId": 1, "granularity": "line"}),
            Resume::Step(Step::Out),
        ),
    ] {
        bench.run_to_stop(stop(Reason::Step));
        bench.ok("client", command, arguments);
        assert_eq!(bench.resumed(), resume);
        assert_eq!(bench.event("continued")["perilune"], json!({"steps": true}));
    }
}

#[test]
fn code_whose_end_was_evaluated_stays_no_longer() {
    let bench = Bench::attached();
    bench.run_to_stop(stop(Reason::Breakpoint));
    let message = bench.refused("client", "evaluate", json!({"expression": "os.exit()"}));
    assert_eq!(message, "it has asked the process to exit");
    assert_eq!(bench.resumed(), Resume::Interrupt);
    bench.event("continued");
}

#[test]
fn the_calls_that_a_step_can_go_into_are_told() {
    let bench = Bench::attached();
    bench.run_to_stop(stop(Reason::Step));
    let stack = bench.ok("client", "stackTrace", json!({"threadId": 1}));
    let frame = &stack["stackFrames"][0]["id"];
    let body = bench.ok("client", "stepInTargets", json!({"frameId": frame}));
    assert_eq!(
        body["targets"],
        json!([{"id": 3, "label": "f(g())", "line": 10, "column": 5}])
    );
}

#[test]
fn only_a_frame_that_can_be_is_restarted() {
    let bench = Bench::attached();
    bench.run_to_stop(stop(Reason::Step));
    let stack = bench.ok("client", "stackTrace", json!({"threadId": 1}));
    let frames = &stack["stackFrames"];
    assert_eq!(
        (&frames[0]["canRestart"], &frames[1]["canRestart"]),
        (&json!(true), &json!(false))
    );
    for frame in [&frames[1]["id"], &json!(999)] {
        let message = bench.refused("client", "restartFrame", json!({"frameId": frame}));
        assert_eq!(message, "this frame cannot be restarted");
    }
    let frame = frames[0]["id"].as_u64().unwrap();
    bench.ok("client", "restartFrame", json!({"frameId": frame}));
    assert_eq!(
        bench.resumed(),
        Resume::RestartFrame(FrameId(u32::try_from(frame).unwrap()))
    );
}

#[test]
fn a_pause_is_wanted_once() {
    let bench = Bench::attached();
    let running = bench.run_long();
    bench.debugger.attention().take();
    bench.ok("client", "pause", json!({"threadId": 1}));
    assert!(bench.debugger.attention().take());
    assert!(bench.debugger.takes_pause());
    assert!(!bench.debugger.takes_pause());
    drop(running);
    bench.idle();

    bench.run_to_stop(stop(Reason::Breakpoint));
    bench.ok("client", "pause", json!({"threadId": 1}));
    assert!(!bench.debugger.takes_pause(), "it has stopped already");
    bench.ok("client", "continue", json!({}));
    bench.idle();

    bench.ok("client", "pause", json!({"threadId": 1}));
    bench.ok("client", "disconnect", json!({}));
    assert!(!bench.debugger.takes_pause(), "nobody debugs any more");
}

#[test]
fn an_interrupt_ends_the_stop() {
    let bench = Bench::attached();
    bench.run([stop(Reason::Breakpoint), stop(Reason::Step)]);
    bench.event("stopped");
    bench.interrupt.raise();
    bench.debugger.interrupt();
    assert_eq!(bench.resumed(), Resume::Interrupt);
    bench.event("continued");
    // And the next one, if code has got there all the same.
    assert_eq!(bench.resumed(), Resume::Interrupt);
    bench.event("stopped");
    bench.event("continued");
    bench.idle();
    bench.run_to_stop(stop(Reason::Breakpoint));
    bench.debugger.interrupt();
    bench.ok("client", "threads", json!({}));
    assert!(
        bench.debugger.stopped_at().is_some(),
        "nobody has raised it"
    );
}

#[test]
fn terminate_interrupts_what_runs() {
    let bench = Bench::attached();
    bench.ok("client", "terminate", json!({"restart": false}));
    assert!(bench.was_interrupted());
    assert!(bench.debugger.is_on());
}

#[test]
fn who_waits_can_think_better_of_it() {
    let bench = Bench::attached();
    let (hold, held) = std::sync::mpsc::channel::<()>();
    bench.hold(held);
    let waiting = bench.send("client", "evaluate", json!({"expression": "x"}));
    bench.ok("other", "cancel", json!({"requestId": 17}));
    bench.ok("client", "cancel", json!({"requestId": 16}));
    bench.ok("client", "cancel", json!({"progressId": "p"}));
    assert!(waiting.try_recv().is_err());
    bench.ok("client", "cancel", json!({"requestId": 17}));
    let cancelled = answered(&waiting);
    assert_eq!(
        (&cancelled["success"], &cancelled["message"]),
        (&json!(false), &json!("cancelled"))
    );
    drop(hold);
    bench.ok("client", "evaluate", json!({"expression": "x"}));
    assert_eq!(bench.end().asked, ["evaluate x"]);
}
