//! Requests to the debugger, one a line: as they are, or a command and its arguments. Nothing
//! panics, and each that is JSON is answered once with a response.
#![no_main]

use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};

use libfuzzer_sys::fuzz_target;
use perilune_debug::{Debugger, Options, Outlet};
use perilune_language::Interrupt;
use serde_json::Value;
use serde_json::value::RawValue;

#[path = "../../kernel/debug/tests/dap/paused.rs"]
#[allow(dead_code)]
mod paused;

enum Heard {
    Response(Box<RawValue>),
    Event(Box<RawValue>),
    Look,
}

struct Exit(Mutex<Sender<Heard>>);

impl Exit {
    fn say(&self, heard: Heard) {
        let _ = self.0.lock().unwrap().send(heard);
    }
}

impl Outlet for Exit {
    fn event(&self, event: Box<RawValue>) {
        self.say(Heard::Event(event));
    }

    fn look(&self) {
        self.say(Heard::Look);
    }

    fn interrupt(&self) {}

    fn interrupt_input(&self) {}
}

/// A line that is JSON is a request; of others the first word is the command.
fn request(line: &str) -> Option<Box<RawValue>> {
    if let Ok(request) = RawValue::from_string(line.to_owned()) {
        return Some(request);
    }
    let (command, arguments) = line.split_once(' ')?;
    let command = Value::from(command);
    RawValue::from_string(format!(
        r#"{{"seq":1,"type":"request","command":{command},"arguments":{arguments}}}"#
    ))
    .ok()
}

fuzz_target!(|text: &str| {
    let (heard, hear) = channel();
    let options = Options {
        interrupt: Interrupt::new().unwrap(),
        program: None,
    };
    let outlet = Arc::new(Exit(Mutex::new(heard.clone())));
    let debugger = Debugger::new(options, outlet, Arc::new(paused::Lines));
    let mut code = paused::Scripted::new();
    for (number, line) in text.lines().enumerate().take(100) {
        let Some(request) = request(line) else {
            continue;
        };
        let reply = heard.clone();
        let client = if number % 7 == 6 { "other" } else { "client" };
        debugger.request(
            client,
            &request,
            Box::new(move |response| {
                let _ = reply.send(Heard::Response(response));
            }),
        );
        loop {
            match hear.recv().unwrap() {
                Heard::Look => debugger.rest(&mut code),
                Heard::Event(event) => {
                    let event: Value = serde_json::from_str(event.get()).unwrap();
                    assert_eq!(event["type"], "event");
                }
                Heard::Response(response) => {
                    let response: Value = serde_json::from_str(response.get()).unwrap();
                    assert_eq!(response["type"], "response");
                    let success = response["success"].as_bool().unwrap();
                    assert_eq!(!success, response["message"].is_string());
                    break;
                }
            }
        }
    }
    debugger.end();
    drop(debugger);
    let more = hear.try_iter();
    assert_eq!(
        more.filter(|it| matches!(it, Heard::Response(_))).count(),
        0
    );
});
