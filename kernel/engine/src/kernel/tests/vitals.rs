use std::sync::Arc;
use std::time::Duration;

use perilune_transport::Channel;
use serde_json::{Value, json};

use super::client::Kernel;
use crate::options::Options;
use crate::vitals::{Answer, Class, Executions, Load, State, Vitals, Way};

fn kernel() -> (Kernel, Arc<Vitals>) {
    let vitals = Arc::new(Vitals::new());
    let kernel = Kernel::start_with(Options {
        vitals: Arc::clone(&vitals),
        ..Options::default()
    });
    (kernel, vitals)
}

fn ask(vitals: &Vitals) -> Answer {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(vitals.io_answers(Duration::from_secs(30)))
}

#[test]
fn what_cells_do_is_counted() {
    let (kernel, vitals) = kernel();
    for code in ["a", "b", "fail"] {
        kernel.execute(code);
        kernel.hear_turn();
    }
    kernel.execute("started wait");
    kernel.hear(3);
    kernel.ask(Channel::Control, "interrupt_request", json!({}));
    while kernel
        .hear_turn()
        .iter()
        .all(|words| !words.starts_with("shell"))
    {}
    let reading = vitals.read();
    assert_eq!(
        reading.executions,
        Executions {
            ok: 2,
            error: 1,
            interrupted: 1,
            aborted: 0,
        }
    );
    assert_eq!(reading.interrupts, 1);
    assert_eq!(reading.execute_duration.count, 4);
    assert_eq!(reading.queue_wait.count, 4);
    assert_eq!(reading.control_answer.count, 1);
    let shell = &reading.received[0];
    assert_eq!(shell.way, Way::Peer(Channel::Shell));
    assert_eq!(shell.messages, [(Class::Execute, 4)]);
    assert!(shell.bytes > 400, "{shell:?}");
    let iopub = &reading.sent[3];
    let of = |class| {
        iopub
            .messages
            .iter()
            .find(|(of, _)| *of == class)
            .unwrap()
            .1
    };
    assert_eq!((iopub.way, of(Class::Execute)), (Way::Iopub, 4));
    assert!(reading.ready_after.is_some());
}

#[test]
fn a_kernel_tells_its_status_while_code_runs() {
    let (kernel, vitals) = kernel();
    kernel.execute("started wait");
    kernel.hear(3);
    kernel.ask(Channel::Control, "perilune_status_request", json!({}));
    let (_, reply) = loop {
        let message = kernel.next();
        if message.1.header.msg_type == "perilune_status_reply" {
            break message;
        }
    };
    let status: Value = reply.content().unwrap();
    assert_eq!(status["state"], "busy");
    assert_eq!(status["running"]["code"], "started wait");
    assert_eq!(status["running"]["execution_count"], 1);
    assert_eq!(
        (&status["clients"], &status["dropped"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(vitals.state(), State::Busy);
    assert!(matches!(vitals.executor(), Load::Running(_)));
    assert!(matches!(ask(&vitals), Answer::After(_)));
}

#[test]
fn a_kernel_that_has_ended_does_not_answer() {
    let (kernel, vitals) = kernel();
    kernel.ask(Channel::Control, "shutdown_request", json!({}));
    assert_eq!(kernel.exit_code(), 0);
    assert_eq!(ask(&vitals), Answer::Never);
    assert_eq!(vitals.state(), State::Stopping);
}
