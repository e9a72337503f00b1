//! A kernel of a language that is not Lua: what the engine promises it promises to any.

use std::sync::Arc;
use std::time::Duration;

use perilune_language::{
    Cell, CommMessage, Completeness, Completion, Detail, Display, DisplayAction, Failure,
    FailureKind, Host, Interrupt, Language, LanguageInfo, Match, MimeBundle, Outcome, Snapshot,
    Stream,
};
use perilune_transport::{Channel, Client, Source, in_process};
use perilune_wire::{Key, Message, Outgoing, Parent, Session, Unverified};
use serde_json::{Value, json};

use super::{Options, serve_language};

const INFO: LanguageInfo = LanguageInfo {
    name: "words",
    version: "1",
    mimetype: "text/plain",
    file_extension: ".txt",
    pygments_lexer: "text",
    codemirror_mode: "null",
    help_links: &[],
};

/// A language of single words.
struct Words {
    host: Arc<dyn Host>,
    interrupt: Interrupt,
    known: Vec<String>,
    noted: std::sync::mpsc::Sender<()>,
}

/// The words of cells that ran.
struct KnownWords(Vec<String>);

impl Snapshot for KnownWords {
    fn complete(&self, code: &str, cursor: usize) -> Completion {
        assert_ne!(code, "panic", "as it was told");
        let matches = self.0.iter().map(|word| Match {
            text: word.clone(),
            kind: "word",
            signature: None,
        });
        Completion {
            matches: matches.collect(),
            start: 0,
            end: cursor,
        }
    }
}

impl Language for Words {
    fn execute(&mut self, cell: &Cell) -> Result<Outcome, Failure> {
        for word in cell.code.split_whitespace() {
            self.known.push(word.to_owned());
            match word {
                "panic" => panic!("as it was told"),
                "fail" => return Err(failure(FailureKind::Runtime, "Failed")),
                "exit" => return Err(failure(FailureKind::Exit(7), "Exit")),
                "wait" => {
                    while !self.interrupt.is_raised() {
                        std::thread::yield_now();
                    }
                    return Err(failure(FailureKind::Interrupted, "Interrupted"));
                }
                "unless-interrupted" if self.interrupt.is_raised() => {
                    return Err(failure(FailureKind::Interrupted, "Interrupted"));
                }
                "show" => self.host.display(Display {
                    action: DisplayAction::Show,
                    bundle: MimeBundle::plain("shown"),
                    id: None,
                    transient: serde_json::Map::new(),
                }),
                "error:" => self.host.write(Stream::Stderr, b"error:"),
                word => self.host.write(Stream::Stdout, word.as_bytes()),
            }
        }
        Ok(Outcome::default())
    }

    fn evaluate(&mut self, expression: &str) -> Result<MimeBundle, Failure> {
        Ok(MimeBundle::plain(expression))
    }

    fn complete(&mut self, _code: &str, _cursor: usize) -> Completion {
        panic!("nobody knows")
    }

    fn snapshot(&mut self) -> Arc<dyn Snapshot> {
        let _ = self.noted.send(());
        Arc::new(KnownWords(self.known.clone()))
    }

    fn inspect(&mut self, _code: &str, _cursor: usize, _detail: Detail) -> Option<MimeBundle> {
        None
    }

    fn is_complete(&mut self, _code: &str) -> Completeness {
        Completeness::Unknown
    }

    fn comm(&mut self, _message: CommMessage) -> Result<bool, Failure> {
        Ok(false)
    }
}

fn failure(kind: FailureKind, name: &str) -> Failure {
    Failure {
        kind,
        name: name.to_owned(),
        message: name.to_owned(),
        traceback: Vec::new(),
    }
}

/// A kernel on a thread of its own, and its only client.
struct Kernel {
    client: Client,
    session: Session,
    ended: std::sync::mpsc::Receiver<Result<i32, String>>,
    names_noted: std::sync::mpsc::Receiver<()>,
}

impl Kernel {
    fn start() -> Self {
        let (transport, client) = in_process();
        let key = Key::new(b"key");
        let kernel_session = Session::new(key.clone(), "kernel");
        let (sent, ended) = std::sync::mpsc::channel();
        let (noted, names_noted) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let start = |host, interrupt| {
                Ok(Words {
                    host,
                    interrupt,
                    known: Vec::new(),
                    noted,
                })
            };
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            let serving =
                serve_language(transport, kernel_session, Options::default(), &INFO, start);
            let code = runtime.block_on(serving).map_err(|error| error.to_string());
            let _ = sent.send(code);
        });
        let kernel = Self {
            client,
            session: Session::new(key, "tester"),
            ended,
            names_noted,
        };
        assert_eq!(kernel.hear(1), ["iopub iopub_welcome"]);
        kernel
    }

    fn ask(&self, channel: Channel, msg_type: &'static str, content: Value) {
        let message = Outgoing::new(msg_type, Parent::none(), content);
        self.client
            .send(channel, self.session.frames(Vec::new(), message).unwrap());
    }

    fn execute(&self, code: &str) {
        self.ask(Channel::Shell, "execute_request", json!({"code": code}));
    }

    fn next(&self) -> (Source, Message) {
        let (source, frames) = self
            .client
            .recv_timeout(Duration::from_secs(30))
            .expect("in time")
            .expect("a kernel");
        (
            source,
            Unverified::split(frames)
                .unwrap()
                .verify_once(self.session.key())
                .unwrap(),
        )
    }

    /// The next messages, each in a few words.
    fn hear(&self, count: usize) -> Vec<String> {
        (0..count).map(|_| summary(&self.next())).collect()
    }

    /// The messages up to the next idle, each in a few words; text that was cut in two by time is
    /// put together.
    fn hear_turn(&self) -> Vec<String> {
        const TEXT: &str = "iopub stream ";
        let mut heard: Vec<String> = Vec::new();
        loop {
            let message = self.next();
            let words = summary(&message);
            match heard.last_mut() {
                Some(last) if words.starts_with(TEXT) && last.starts_with(TEXT) => {
                    let (name, text) = words[TEXT.len()..].split_at("stdout".len());
                    if last[TEXT.len()..].starts_with(name) {
                        last.push_str(text.trim_start());
                    } else {
                        heard.push(words);
                    }
                }
                _ => heard.push(words),
            }
            if heard.last().is_some_and(|last| last == "iopub status idle") {
                return heard;
            }
        }
    }

    fn exit_code(&self) -> i32 {
        self.ended
            .recv_timeout(Duration::from_secs(30))
            .unwrap()
            .unwrap()
    }
}

fn summary((source, message): &(Source, Message)) -> String {
    let content: Value = message.content().unwrap();
    let source = match source {
        Source::Iopub => "iopub",
        Source::Shell => "shell",
        Source::Control => "control",
        Source::Stdin => "stdin",
    };
    if message.header.msg_type == "stream" {
        let of = |field: &str| content[field].as_str().unwrap().to_owned();
        return format!("iopub stream {} {}", of("name"), of("text"));
    }
    let told = ["execution_state", "status", "ename"]
        .iter()
        .find_map(|field| content.get(field)?.as_str())
        .map(|told| format!(" {told}"))
        .unwrap_or_default();
    format!("{source} {}{told}", message.header.msg_type)
}

#[test]
fn a_cell_s_effects_leave_in_order_between_busy_and_idle() {
    let kernel = Kernel::start();
    kernel.execute("one two error: show three");
    assert_eq!(
        kernel.hear_turn(),
        [
            "iopub status busy",
            "iopub execute_input",
            "iopub stream stdout onetwo",
            "iopub stream stderr error:",
            "iopub display_data",
            "iopub stream stdout three",
            "shell execute_reply ok",
            "iopub status idle",
        ]
    );
}

#[test]
fn a_handler_that_panics_is_answered_with_an_error_and_the_kernel_lives() {
    let kernel = Kernel::start();
    kernel.execute("before panic");
    assert_eq!(
        kernel.hear(5),
        [
            "iopub status busy",
            "iopub execute_input",
            "iopub stream stdout before",
            "shell execute_reply error",
            "iopub status idle",
        ]
    );
    kernel.ask(Channel::Shell, "complete_request", json!({"code": ""}));
    assert_eq!(
        kernel.hear(3),
        [
            "iopub status busy",
            "shell complete_reply error",
            "iopub status idle"
        ]
    );
    kernel.execute("alive");
    assert_eq!(kernel.hear(5)[2], "iopub stream stdout alive");
}

#[test]
fn an_interrupt_after_a_panic_still_meets_what_runs_and_only_that() {
    let kernel = Kernel::start();
    kernel.execute("panic");
    kernel.hear(4);
    kernel.ask(Channel::Control, "interrupt_request", json!({}));
    kernel.hear(3);
    kernel.execute("unless-interrupted");
    assert_eq!(kernel.hear(5)[3], "shell execute_reply ok");
    kernel.execute("started wait");
    assert_eq!(kernel.hear(3)[2], "iopub stream stdout started");
    kernel.ask(Channel::Control, "interrupt_request", json!({}));
    let mut heard = kernel.hear(6);
    heard.sort();
    assert_eq!(
        heard,
        [
            "control interrupt_reply ok",
            "iopub error Interrupted",
            "iopub status busy",
            "iopub status idle",
            "iopub status idle",
            "shell execute_reply error",
        ]
    );
}

#[test]
fn a_failure_aborts_what_was_sent_before_it_was_known() {
    let kernel = Kernel::start();
    kernel.execute("fail");
    kernel.execute("never");
    kernel.ask(Channel::Shell, "is_complete_request", json!({"code": ""}));
    assert_eq!(
        kernel.hear(11),
        [
            "iopub status busy",
            "iopub execute_input",
            "iopub error Failed",
            "shell execute_reply error",
            "iopub status idle",
            "iopub status busy",
            "shell execute_reply aborted",
            "iopub status idle",
            "iopub status busy",
            "shell is_complete_reply unknown",
            "iopub status idle",
        ]
    );
}

#[test]
fn a_cell_that_asks_for_the_end_is_answered_before_it() {
    let kernel = Kernel::start();
    kernel.execute("exit");
    assert_eq!(
        kernel.hear(5),
        [
            "iopub status busy",
            "iopub execute_input",
            "shell execute_reply ok",
            "iopub status idle",
            "iopub shutdown_reply ok",
        ]
    );
    assert_eq!(kernel.exit_code(), 7);
}

#[test]
fn a_shutdown_answers_all_that_runs_and_waits() {
    let kernel = Kernel::start();
    kernel.execute("started wait");
    assert_eq!(kernel.hear(3)[2], "iopub stream stdout started");
    kernel.execute("never");
    kernel.ask(
        Channel::Control,
        "shutdown_request",
        json!({"restart": true}),
    );
    assert_eq!(
        kernel.hear(10),
        [
            "iopub error Interrupted",
            "shell execute_reply error",
            "iopub status idle",
            "iopub status busy",
            "shell execute_reply aborted",
            "iopub status idle",
            "iopub status busy",
            "iopub shutdown_reply ok",
            "control shutdown_reply ok",
            "iopub status idle",
        ]
    );
    assert_eq!(kernel.exit_code(), 0);
}

#[test]
fn an_interrupt_that_follows_busy_is_never_in_vain() {
    let kernel = Kernel::start();
    for _ in 0..300 {
        kernel.execute("wait");
        assert_eq!(kernel.hear(1), ["iopub status busy"]);
        kernel.ask(Channel::Control, "interrupt_request", json!({}));
        let heard = kernel.hear(7);
        assert!(
            heard.contains(&"iopub error Interrupted".to_owned()),
            "{heard:?}"
        );
    }
}

#[test]
fn an_answer_never_overtakes_the_one_before_it() {
    let kernel = Kernel::start();
    for _ in 0..1000 {
        kernel.execute("");
        kernel.ask(Channel::Shell, "kernel_info_request", json!({}));
        assert_eq!(
            kernel.hear(7),
            [
                "iopub status busy",
                "iopub execute_input",
                "shell execute_reply ok",
                "iopub status idle",
                "iopub status busy",
                "shell kernel_info_reply ok",
                "iopub status idle",
            ]
        );
    }
}

#[test]
fn control_answers_what_it_cannot_do_while_code_runs() {
    let kernel = Kernel::start();
    kernel.execute("started wait");
    assert_eq!(kernel.hear(3)[2], "iopub stream stdout started");
    kernel.ask(Channel::Control, "brew_coffee_request", json!({}));
    assert_eq!(kernel.hear(2), ["iopub status busy", "iopub status idle"]);
    kernel.ask(Channel::Control, "debug_request", json!({}));
    assert_eq!(kernel.hear(3)[1], "control debug_reply");
    kernel.ask(Channel::Control, "shutdown_request", json!({"restart": 7}));
    assert_eq!(
        kernel.hear(3),
        [
            "iopub status busy",
            "control shutdown_reply error",
            "iopub status idle"
        ]
    );
}

#[test]
fn nothing_runs_after_a_cell_that_asked_for_the_end() {
    let kernel = Kernel::start();
    kernel.ask(
        Channel::Shell,
        "execute_request",
        json!({"code": "started wait", "stop_on_error": false}),
    );
    assert_eq!(kernel.hear(3)[2], "iopub stream stdout started");
    kernel.execute("exit");
    kernel.execute("never");
    // On shell, so that it comes behind them.
    kernel.ask(Channel::Shell, "interrupt_request", json!({}));
    assert_eq!(kernel.exit_code(), 7);
    let heard = kernel.hear(14);
    assert!(
        heard.contains(&"shell execute_reply aborted".to_owned()),
        "{heard:?}"
    );
    assert_eq!(heard[13], "iopub shutdown_reply ok");
}

#[test]
fn completion_is_answered_while_a_cell_runs_and_the_cell_stays_busy() {
    let kernel = Kernel::start();
    kernel.execute("started wait");
    let busy = kernel.next().1;
    assert_eq!(kernel.hear(2)[1], "iopub stream stdout started");
    for (channel, reply) in [
        (Channel::Shell, "shell complete_reply ok"),
        (Channel::Control, "control complete_reply ok"),
    ] {
        kernel.ask(channel, "complete_request", json!({"code": "w"}));
        assert_eq!(
            kernel.hear(3),
            ["iopub status busy", reply, "iopub status idle"]
        );
        let still_busy = kernel.next();
        assert_eq!(summary(&still_busy), "iopub status busy");
        assert_eq!(still_busy.1.raw_parent, busy.raw_parent);
    }
    kernel.ask(Channel::Control, "interrupt_request", json!({}));
    kernel.hear(6);
}

#[test]
fn names_are_noted_at_the_start_and_when_nothing_is_to_be_done_after_a_cell() {
    let kernel = Kernel::start();
    let noted = || kernel.names_noted.recv_timeout(Duration::from_secs(30));
    noted().unwrap();
    kernel.execute("one two");
    kernel.hear_turn();
    noted().unwrap();
    kernel.execute("started wait");
    assert_eq!(kernel.hear(3)[2], "iopub stream stdout started");
    kernel.ask(Channel::Shell, "complete_request", json!({"code": ""}));
    kernel.hear(1);
    let (_, reply) = kernel.next();
    let content: Value = reply.content().unwrap();
    assert_eq!(content["matches"], json!(["one", "two"]));
    assert_eq!(kernel.hear(2), ["iopub status idle", "iopub status busy"]);
    kernel.ask(Channel::Control, "interrupt_request", json!({}));
    kernel.hear(6);
}

#[test]
fn a_completion_that_panics_while_a_cell_runs_ends_neither_the_cell_nor_the_kernel() {
    let kernel = Kernel::start();
    kernel.execute("started wait");
    assert_eq!(kernel.hear(3)[2], "iopub stream stdout started");
    kernel.ask(Channel::Shell, "complete_request", json!({"code": "panic"}));
    assert_eq!(
        kernel.hear(4),
        [
            "iopub status busy",
            "shell complete_reply error",
            "iopub status idle",
            "iopub status busy",
        ]
    );
    kernel.ask(Channel::Control, "interrupt_request", json!({}));
    assert!(
        kernel
            .hear(6)
            .contains(&"iopub error Interrupted".to_owned())
    );
}
