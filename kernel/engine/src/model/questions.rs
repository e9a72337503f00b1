//! Questions: the executor, which asks, and the I/O thread, which takes answers and interrupts.

use bytes::Bytes;
use perilune_language::{InputError, Interrupt};
use perilune_wire::content::Question;
use perilune_wire::{Header, Message};
use shuttle::sync::{Arc, mpsc};
use shuttle::thread;

use super::explore;
use super::running::Running;
use super::stdin::Stdin;

const CLIENT: &[u8] = b"client";

/// An `input_reply` from this peer to the question of this id.
fn answer(identity: &'static [u8], question: &str, value: &str) -> Message {
    let header: Header = serde_json::from_str(r#"{"msg_type":"input_reply"}"#).unwrap();
    let parent = format!(r#"{{"msg_type":"input_request","msg_id":"{question}"}}"#);
    let content = format!(r#"{{"value":"{value}"}}"#);
    let nothing = Bytes::from_static(b"{}");
    Message {
        identities: vec![Bytes::from_static(identity)],
        header,
        raw_header: nothing.clone(),
        raw_parent: parent.into(),
        raw_metadata: nothing,
        raw_content: content.into(),
        buffers: Vec::new(),
    }
}

/// The two that a question is about, and how a cell asks it.
struct Kernel {
    running: Running,
    stdin: Stdin,
}

impl Kernel {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            running: Running::new(Interrupt::new().unwrap()),
            stdin: Stdin::new(),
        })
    }

    /// Asks from within a cell; `send` is called when the question leaves.
    fn ask(&self, id: &str, send: impl FnOnce()) -> Result<String, InputError> {
        let identities = vec![Bytes::from_static(CLIENT)];
        let is_interrupted = || self.running.is_interrupted();
        let question = Question {
            question: id.to_owned(),
            prompt: String::new(),
            password: false,
        };
        self.stdin.ask(question, identities, is_interrupted, send)
    }

    fn interrupt(&self) -> bool {
        self.running.interrupt(|| self.stdin.interrupt())
    }
}

#[test]
fn only_the_answer_of_who_was_asked_to_what_was_asked_counts() {
    explore(500, || {
        let kernel = Kernel::new();
        let (sent, is_sent) = mpsc::channel();
        let executor = thread::spawn({
            let kernel = kernel.clone();
            move || {
                ["1", "2"].map(|id| {
                    let send = || sent.send(()).unwrap();
                    kernel.running.during(|| kernel.ask(id, send).unwrap())
                })
            }
        });
        is_sent.recv().unwrap();
        kernel.stdin.answer(&answer(b"another", "1", "theirs"));
        kernel.stdin.answer(&answer(CLIENT, "1", "first"));
        kernel.stdin.answer(&answer(CLIENT, "1", "late"));
        is_sent.recv().unwrap();
        kernel.stdin.answer(&answer(CLIENT, "1", "later"));
        kernel.stdin.answer(&answer(CLIENT, "2", "second"));
        assert_eq!(executor.join().unwrap(), ["first", "second"]);
    });
}

#[test]
fn an_interrupt_ends_the_question_of_the_cell_that_it_meets_and_of_no_other() {
    explore(1_000, || {
        let kernel = Kernel::new();
        let (sent, is_sent) = mpsc::channel();
        let executor = thread::spawn({
            let kernel = kernel.clone();
            move || {
                kernel.running.during(|| ());
                kernel.running.during(|| {
                    let answered = kernel.ask("2", || sent.send(()).unwrap()).is_ok();
                    let met = kernel.running.is_interrupted();
                    assert!(answered || met, "it was meant for the cell before");
                });
            }
        });
        kernel.interrupt();
        if is_sent.recv().is_ok() {
            kernel.stdin.answer(&answer(CLIENT, "2", "yes"));
        }
        executor.join().unwrap();
    });
}

#[test]
fn a_question_always_ends_when_it_is_interrupted() {
    explore(500, || {
        let kernel = Kernel::new();
        let (sent, is_sent) = mpsc::channel();
        let executor = thread::spawn({
            let kernel = kernel.clone();
            move || {
                kernel.running.during(|| {
                    let asked = kernel.ask("1", || sent.send(()).unwrap());
                    assert!(matches!(asked, Err(InputError::Interrupted)));
                });
            }
        });
        while !kernel.interrupt() {
            thread::yield_now();
        }
        if is_sent.recv().is_ok() {
            kernel.stdin.answer(&answer(CLIENT, "1", "too late"));
        }
        executor.join().unwrap();
    });
}

#[test]
fn no_question_outlives_the_kernel() {
    explore(500, || {
        let kernel = Kernel::new();
        let executor = thread::spawn({
            let kernel = kernel.clone();
            move || {
                for id in ["1", "2"] {
                    kernel
                        .running
                        .during(|| assert!(kernel.ask(id, || ()).is_err()));
                }
            }
        });
        kernel.running.end();
        kernel.stdin.close();
        executor.join().unwrap();
    });
}
