use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use perilune_debug::{Debugger, Options, Outlet};
use perilune_language::debug::{Debugger as _, Reason, Resume, Stop, ThreadId};
use perilune_language::{Cell, Interrupt};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

use crate::paused::{Lines, Scripted};

/// Nothing here takes so long; who waits longer waits in vain.
const PATIENCE: Duration = Duration::from_secs(60);

/// A kernel as the debugger sees it: its thread of code, and its outlet.
pub struct Bench {
    pub debugger: Arc<Debugger>,
    pub interrupt: Interrupt,
    events: Receiver<Value>,
    interrupts: Receiver<()>,
    code: Sender<Order>,
    resumed: Receiver<Resume>,
    idle: Receiver<()>,
    thread: Option<JoinHandle<Scripted>>,
}

/// What several threads can do at the same time.
pub struct Hand {
    pub debugger: Arc<Debugger>,
    interrupt: Interrupt,
    code: Sender<Order>,
}

/// What code's thread does.
enum Order {
    /// Runs code that stops so often, if anybody debugs.
    Run(Vec<Stop>),
    /// Runs code until told to go on.
    RunUntil(Receiver<()>),
    Look,
    Change(Box<dyn FnOnce(&mut Scripted) + Send>),
    End,
}

struct Exit {
    events: Mutex<Sender<Value>>,
    code: Mutex<Sender<Order>>,
    interrupts: Mutex<Sender<()>>,
    interrupt: Interrupt,
}

impl Outlet for Exit {
    fn event(&self, event: Box<RawValue>) {
        let event = serde_json::from_str(event.get()).unwrap();
        let _ = self.events.lock().unwrap().send(event);
    }

    fn look(&self) {
        let _ = self.code.lock().unwrap().send(Order::Look);
    }

    fn interrupt(&self) {
        self.interrupt.raise();
        let _ = self.interrupts.lock().unwrap().send(());
    }

    fn interrupt_input(&self) {}
}

pub fn stop(reason: Reason) -> Stop {
    Stop {
        reason,
        thread: ThreadId::MAIN,
        breakpoints: Vec::new(),
        text: None,
    }
}

pub fn cell(code: &str) -> Cell {
    Cell {
        name: "cell[3]".to_owned(),
        code: code.to_owned(),
        wants_result: true,
    }
}

impl Bench {
    pub fn new() -> Self {
        Self::with_program(None)
    }

    pub fn with_program(program: Option<&str>) -> Self {
        let (to_events, events) = channel();
        let (code, orders) = channel();
        let (to_interrupts, interrupts) = channel();
        let (to_resumed, resumed) = channel();
        let (to_idle, idle) = channel();
        let interrupt = Interrupt::new().unwrap();
        let outlet = Arc::new(Exit {
            events: Mutex::new(to_events),
            code: Mutex::new(code.clone()),
            interrupts: Mutex::new(to_interrupts),
            interrupt: interrupt.clone(),
        });
        let options = Options {
            interrupt: interrupt.clone(),
            program: program.map(str::to_owned),
        };
        let debugger = Arc::new(Debugger::new(options, outlet, Arc::new(Lines)));
        let shared = Arc::clone(&debugger);
        let cleared = interrupt.clone();
        let thread = thread::spawn(move || {
            let mut scripted = Scripted::new();
            let rest = |scripted: &mut Scripted| {
                if shared.is_on() {
                    shared.rest(scripted);
                }
            };
            for order in orders {
                match order {
                    Order::Run(stops) => {
                        cleared.clear();
                        let running = shared.code_runs();
                        for stop in stops {
                            let _ = to_resumed.send(shared.stopped(stop, &mut scripted));
                        }
                        rest(&mut scripted);
                        drop(running);
                        let _ = to_idle.send(());
                    }
                    Order::RunUntil(end) => {
                        let running = shared.code_runs();
                        let _ = to_idle.send(());
                        let _ = end.recv();
                        rest(&mut scripted);
                        drop(running);
                        let _ = to_idle.send(());
                    }
                    Order::Look => shared.rest(&mut scripted),
                    Order::Change(change) => change(&mut scripted),
                    Order::End => break,
                }
            }
            scripted
        });
        Self {
            debugger,
            interrupt,
            events,
            interrupts,
            code,
            resumed,
            idle,
            thread: Some(thread),
        }
    }

    /// One whose client `client` debugs, as VS Code does.
    pub fn attached() -> Self {
        let bench = Self::new();
        bench.attach("client", json!({"clientID": "vscode"}));
        bench
    }

    pub fn attach(&self, client: &str, initialize: Value) {
        self.ok(client, "initialize", initialize);
        self.ok(client, "attach", json!({}));
        assert_eq!(self.event("initialized"), json!({"client": client}));
        self.event("thread");
    }

    pub fn hand(&self) -> Hand {
        Hand {
            debugger: Arc::clone(&self.debugger),
            interrupt: self.interrupt.clone(),
            code: self.code.clone(),
        }
    }

    /// Sends a request, whose response comes by what is returned.
    pub fn send(&self, client: &str, command: &str, arguments: Value) -> Receiver<Value> {
        self.hand().send(client, command, arguments)
    }

    pub fn send_raw(&self, client: &str, request: &RawValue) -> Receiver<Value> {
        send(&self.debugger, client, request)
    }

    /// The response to a request.
    pub fn ask(&self, client: &str, command: &str, arguments: Value) -> Value {
        let response = answered(&self.send(client, command, arguments));
        assert_eq!(response["type"], "response");
        assert_eq!(response["request_seq"], 17);
        assert_eq!(response["command"], command);
        response
    }

    /// The body of a response that says yes.
    pub fn ok(&self, client: &str, command: &str, arguments: Value) -> Value {
        let response = self.ask(client, command, arguments);
        assert_eq!(response["success"], true, "{response}");
        response["body"].clone()
    }

    /// The message of a response that says no.
    pub fn refused(&self, client: &str, command: &str, arguments: Value) -> String {
        let response = self.ask(client, command, arguments);
        assert_eq!(response["success"], false, "{response}");
        assert_eq!(response["body"]["error"]["format"], response["message"]);
        response["message"].as_str().unwrap().to_owned()
    }

    /// The body of the next event, which has to be this one.
    pub fn event(&self, name: &str) -> Value {
        let event = self.events.recv_timeout(PATIENCE).expect(name);
        assert_eq!(event["type"], "event");
        assert_eq!(event["event"], name, "{event}");
        event["body"].clone()
    }

    /// The name of the next event, one of these.
    pub fn any_event(&self, names: &[&'static str]) -> &'static str {
        let event = self.events.recv_timeout(PATIENCE).expect("an event");
        let name = names.iter().find(|name| event["event"] == **name);
        name.unwrap_or_else(|| panic!("none of {names:?}: {event}"))
    }

    /// Passes over what was told so far.
    pub fn forget_events(&self) {
        self.ok("", "debugInfo", json!({}));
        while self.events.try_recv().is_ok() {}
    }

    /// Makes sure that there was no other event.
    pub fn no_event(&self) {
        // What was told before is there when a request is answered that was sent later.
        self.ok("", "debugInfo", json!({}));
        assert_eq!(self.events.try_recv().ok(), None);
    }

    /// Runs code that stops so often.
    pub fn run(&self, stops: impl IntoIterator<Item = Stop>) {
        self.hand().run(stops);
    }

    /// Runs code that stops once, and waits until it has.
    pub fn run_to_stop(&self, stop: Stop) -> Value {
        self.run([stop]);
        self.event("stopped")
    }

    /// Runs code until what is returned is dropped.
    pub fn run_long(&self) -> Sender<()> {
        let end = self.send_long();
        self.idle();
        end
    }

    /// Has code run that is told to end by dropping what is returned, and does not wait for it.
    pub fn send_long(&self) -> Sender<()> {
        let (end, ended) = channel();
        self.code.send(Order::RunUntil(ended)).unwrap();
        end
    }

    /// Keeps code's thread until what `held` came from is dropped.
    pub fn hold(&self, held: Receiver<()>) {
        let wait = move |_: &mut Scripted| assert!(held.recv().is_err());
        self.code.send(Order::Change(Box::new(wait))).unwrap();
    }

    /// Changes what code is, while none runs.
    pub fn change(&self, change: impl FnOnce(&mut Scripted) + Send + 'static) {
        let (done, is_done) = channel();
        let change = move |scripted: &mut Scripted| {
            change(scripted);
            let _ = done.send(());
        };
        self.code.send(Order::Change(Box::new(change))).unwrap();
        is_done.recv_timeout(PATIENCE).expect("no code runs");
    }

    /// How code has gone on.
    pub fn resumed(&self) -> Resume {
        self.resumed.recv_timeout(PATIENCE).expect("code goes on")
    }

    /// Waits until code has begun, or ended.
    pub fn idle(&self) {
        self.idle.recv_timeout(PATIENCE).expect("code ends");
    }

    pub fn was_interrupted(&self) -> bool {
        self.interrupts.recv_timeout(PATIENCE).is_ok()
    }

    /// Ends code's thread, and tells what it was asked.
    pub fn end(mut self) -> Scripted {
        self.code.send(Order::End).unwrap();
        self.thread.take().unwrap().join().unwrap()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.debugger.end();
        let _ = self.code.send(Order::End);
    }
}

impl Hand {
    pub fn send(&self, client: &str, command: &str, arguments: Value) -> Receiver<Value> {
        let request = json!({
            "seq": 17, "type": "request", "command": command, "arguments": arguments,
        });
        send(&self.debugger, client, &to_raw_value(&request).unwrap())
    }

    pub fn run(&self, stops: impl IntoIterator<Item = Stop>) {
        let stops = stops.into_iter().collect();
        self.code.send(Order::Run(stops)).unwrap();
    }

    pub fn interrupt(&self) {
        self.interrupt.raise();
        self.debugger.interrupt();
    }
}

fn send(debugger: &Debugger, client: &str, request: &RawValue) -> Receiver<Value> {
    let (to_response, response) = channel();
    let reply = move |response: Box<RawValue>| {
        let _ = to_response.send(serde_json::from_str(response.get()).unwrap());
    };
    debugger.request(client, request, Box::new(reply));
    response
}

/// The one response to a request.
pub fn answered(response: &Receiver<Value>) -> Value {
    let answer = response.recv_timeout(PATIENCE).expect("an answer");
    assert!(response.recv_timeout(Duration::ZERO).is_err(), "one answer");
    answer
}
