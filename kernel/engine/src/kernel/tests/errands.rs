use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};

use perilune_transport::Channel;
use perilune_wire::content::Object;
use serde_json::{Value, json};

use super::client::Kernel;
use crate::options::Options;
use crate::steward::{Refusal, Steward};

/// Reloads when it is let.
struct Patient {
    asked: Sender<()>,
    let_go: Mutex<Receiver<()>>,
}

impl Steward for Patient {
    fn reload(&self) -> Result<Object, Refusal> {
        self.asked.send(()).unwrap();
        let let_go = self.let_go.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = let_go.recv();
        Ok(Object::from_iter([("changed".to_owned(), json!([]))]))
    }

    fn set_log_level(&self, level: &str) -> Result<Object, Refusal> {
        if level == "panic" {
            panic!("as it was told");
        }
        Err(Refusal::new("BadLevel", format!("{level} is no level")))
    }
}

fn kernel() -> (Kernel, Receiver<()>, Sender<()>) {
    let (asked, is_asked) = channel();
    let (let_go, may_go) = channel();
    let steward = Patient {
        asked,
        let_go: Mutex::new(may_go),
    };
    let kernel = Kernel::start_with(Options {
        steward: Some(Arc::new(steward)),
        ..Options::default()
    });
    (kernel, is_asked, let_go)
}

#[test]
fn a_steward_that_takes_its_time_keeps_nobody_waiting() {
    let (kernel, is_asked, let_go) = kernel();
    kernel.ask(Channel::Control, "perilune_reload_request", json!({}));
    is_asked.recv().unwrap();
    kernel.execute("hello");
    assert!(
        kernel
            .hear_turn()
            .contains(&"shell execute_reply ok".to_owned())
    );
    let_go.send(()).unwrap();
    assert_eq!(
        kernel.hear(3),
        [
            "iopub status busy",
            "control perilune_reload_reply ok",
            "iopub status idle",
        ]
    );
}

#[test]
fn what_the_steward_refuses_or_fails_at_is_answered() {
    let (kernel, _asked, _go) = kernel();
    for (level, name) in [("loud", "BadLevel"), ("panic", "KernelError")] {
        kernel.ask(
            Channel::Control,
            "perilune_log_request",
            json!({"level": level}),
        );
        let (_, reply) = loop {
            let message = kernel.next();
            if message.1.header.msg_type == "perilune_log_reply" {
                break message;
            }
        };
        assert_eq!(reply.content::<Value>().unwrap()["ename"], name);
    }
}

#[test]
fn beyond_eight_of_a_kind_more_are_refused_and_the_end_answers_the_rest() {
    let (kernel, _asked, _go) = kernel();
    for _ in 0..9 {
        kernel.ask(Channel::Control, "perilune_reload_request", json!({}));
    }
    assert_eq!(kernel.hear(3)[1], "control perilune_reload_reply error");
    kernel.ask(Channel::Control, "shutdown_request", json!({}));
    assert_eq!(kernel.exit_code(), 0);
    let mut refused = 0;
    while let Some(words) = kernel.hear_to_the_end() {
        refused += usize::from(words == "control perilune_reload_reply error");
    }
    assert_eq!(refused, 8);
}

#[test]
fn without_a_steward_and_a_folder_the_requests_are_refused() {
    let kernel = Kernel::start();
    for (request, content) in [
        ("perilune_reload_request", json!({})),
        ("perilune_log_request", json!({"level": "info"})),
        ("perilune_dump_request", json!({})),
    ] {
        kernel.ask(Channel::Control, request, content);
        let reply = &kernel.hear(3)[1];
        assert!(reply.ends_with("_reply error"), "{reply}");
    }
}
