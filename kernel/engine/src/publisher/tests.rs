use std::sync::{Arc, Weak};

use perilune_language::{Interrupt, LanguageInfo};
use perilune_transport::{Client, InProcess, ShellGate, Source, in_process};
use perilune_wire::{Key, Message, Ports, Session, Unverified};
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::context::Parts;
use crate::debugging::{Code, Debugging, NoLines};
use crate::errands::Errands;
use crate::knowledge::Knowledge;
use crate::outbox::Place;
use crate::running::Running;
use crate::turn::{Origin, Turn};

#[test]
fn a_character_is_held_back_until_it_is_whole() {
    let moon = "🌙".as_bytes();
    for cut in 1..4 {
        let text = [b"ab", &moon[..cut]].concat();
        assert_eq!(whole_characters(&text), 2, "{cut}");
    }
    assert_eq!(whole_characters(&[b"ab", moon].concat()), 6);
    assert_eq!(whole_characters("é".as_bytes()), 2);
}

#[test]
fn what_can_never_become_a_character_is_not_held_back() {
    assert_eq!(whole_characters(b"ab"), 2);
    assert_eq!(whole_characters(b""), 0);
    assert_eq!(whole_characters(&[0x80, 0x80, 0x80, 0x80]), 4);
}

/// What a thread of the kernel does next.
#[derive(Debug, Clone)]
enum Step {
    /// Whoever runs, or reads the captured pipes, writes.
    Write(Stream, Vec<u8>),
    /// A cell shows something.
    Display,
    /// A cell has written all it wants.
    EndOfText,
    /// The executor waits until all before it has been sent.
    Fence,
    /// The cell ends, and another one begins.
    NextCell,
    /// The I/O thread sends what there is.
    Send,
    /// The I/O thread sends what there is, and answers a request on control.
    Control,
}

/// What a client hears, in one word each.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Heard {
    Text(Stream, String),
    Display(usize),
    Busy,
    Idle,
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    let moon = "\u{1F319}".as_bytes();
    prop_oneof![
        3 => "[a-z\n]{1,4}".prop_map(String::into_bytes),
        // Pieces of characters, which may or may not find their rest.
        3 => (0..4usize, 1..5usize).prop_map(move |(from, to)| {
            moon[from..to.max(from + 1)].to_vec()
        }),
        1 => vec(any::<u8>(), 1..5),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let stream = prop_oneof![Just(Stream::Stdout), Just(Stream::Stderr)];
    prop_oneof![
        8 => (stream, text()).prop_map(|(stream, text)| Step::Write(stream, text)),
        1 => Just(Step::Display),
        1 => Just(Step::EndOfText),
        1 => Just(Step::Fence),
        2 => Just(Step::NextCell),
        3 => Just(Step::Send),
        1 => Just(Step::Control),
    ]
}

const INFO: LanguageInfo = LanguageInfo {
    name: "none",
    version: "1",
    mimetype: "text/plain",
    file_extension: ".txt",
    pygments_lexer: "text",
    codemirror_mode: "null",
    help_links: &[],
};

fn key() -> Key {
    Key::new(b"key")
}

fn context() -> Context {
    let interrupt = Interrupt::new().unwrap();
    let code = Code {
        program: None,
        reader: Arc::new(NoLines),
    };
    Context::new(Parts {
        name: None,
        session: Session::new(key(), "kernel"),
        running: Running::new(interrupt.clone()),
        knowledge: Knowledge::new(&INFO),
        ports: Ports::default(),
        history: perilune_history::Recorder::off(),
        journal: perilune_journal::Recorder::off(),
        errands: Errands::new(None, None),
        debugging: Debugging::new(Weak::new(), interrupt, code),
        vitals: Arc::default(),
        census: in_process().0.census(),
    })
}

/// A transport whose client is subscribed.
fn connected() -> (InProcess, Client) {
    let (mut transport, client) = in_process();
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(transport.recv(ShellGate::Open));
    (transport, client)
}

fn origin(channel: Channel, msg_id: &str) -> Origin {
    let header = format!(r#"{{"msg_type":"kernel_info_request","msg_id":"{msg_id}"}}"#);
    Origin {
        channel,
        identities: Vec::new(),
        parent: Parent::of(&header.into()),
        msg_type: "kernel_info_request".to_owned(),
    }
}

/// All that waits for the client on iopub, as the id of its cause and what it says.
fn heard(client: &Client) -> Vec<(String, Heard)> {
    let mut all = Vec::new();
    while let Ok(Some((source, frames))) = client.recv_timeout(Duration::ZERO) {
        if source != Source::Iopub {
            continue;
        }
        let message: Message = Unverified::split(frames)
            .unwrap()
            .verify_once(&key())
            .unwrap();
        let word = match message.header.msg_type.as_str() {
            "stream" => {
                let content: serde_json::Value = message.content().unwrap();
                let stream = match content["name"].as_str().unwrap() {
                    "stdout" => Stream::Stdout,
                    _ => Stream::Stderr,
                };
                Heard::Text(stream, content["text"].as_str().unwrap().to_owned())
            }
            "display_data" => Heard::Display(message.content().unwrap()),
            "status" => {
                let content: serde_json::Value = message.content().unwrap();
                match content["execution_state"].as_str().unwrap() {
                    "busy" => Heard::Busy,
                    _ => Heard::Idle,
                }
            }
            other => panic!("{other}"),
        };
        all.push((message.parent_header().unwrap().msg_id, word));
    }
    all
}

/// What of this the client must hear of each stream: every byte, and of what is no text a sign.
fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What was asked of one cell.
#[derive(Default)]
struct Expected {
    // Pieces end where a character may not be continued.
    written: [Vec<Vec<u8>>; 2],
    /// Letters of both streams, which are never held back.
    letters: Vec<(usize, u8)>,
    /// Which display came behind how many bytes, at least, of each stream.
    displays: Vec<(usize, [usize; 2])>,
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_threads_do_every_byte_arrives_in_order_and_between_busy_and_idle(
        steps in vec(step(), 0..60),
    ) {
        let context = context();
        let (transport, client) = connected();
        let mut publisher = Publisher::new(&context, transport);
        let mut fences = Vec::new();
        let mut expected: Vec<Expected> = Vec::new();
        let mut displays = 0;
        let mut turn: Option<Turn<'_, &crate::outbox::Outbox>> = None;
        let mut all = Vec::new();

        let steps = std::iter::once(Step::NextCell).chain(steps);
        for step in steps.chain([Step::NextCell, Step::Send]) {
            let cell = expected.len();
            match step {
                Step::Write(stream, text) => {
                    context.outbox.push_text(stream, &text);
                    expected[cell - 1].letters.extend(letters(stream, &text));
                    let pieces = &mut expected[cell - 1].written[index(stream)];
                    pieces.last_mut().unwrap().extend(text);
                }
                Step::Display => {
                    let whole = |pieces: &Vec<Vec<u8>>| {
                        let (last, before) = pieces.split_last().unwrap();
                        let last = &last[..whole_characters(last)];
                        before.iter().map(|piece| shown(piece).len()).sum::<usize>()
                            + shown(last).len()
                    };
                    let before = expected[cell - 1].written.each_ref().map(whole);
                    expected[cell - 1].displays.push((displays, before));
                    let parent = turn.as_ref().unwrap().origin().parent.clone();
                    context.publish(
                        Outgoing::new("display_data", parent, displays),
                        Weight::Output,
                    );
                    displays += 1;
                }
                Step::EndOfText => {
                    context.outbox.push(Item::EndOfText);
                    for pieces in &mut expected[cell - 1].written {
                        pieces.push(Vec::new());
                    }
                }
                Step::Fence => {
                    let (passed, barrier) = oneshot::channel();
                    context.outbox.push(Item::Barrier(passed));
                    fences.push((barrier, cell, displays));
                }
                Step::NextCell => {
                    context.outbox.push(Item::EndOfText);
                    drop(turn.take());
                    let origin = origin(Channel::Shell, &format!("cell {cell}"));
                    context.outbox.begin_turn(&origin.parent, Place::Request);
                    turn = Some(Turn::begin(&context, &context.outbox, origin));
                    expected.push(Expected {
                        written: [vec![Vec::new()], vec![Vec::new()]],
                        ..Expected::default()
                    });
                }
                Step::Send | Step::Control => {
                    for demand in publisher.send_outbox() {
                        let Demand::Barrier(passed) = demand else { panic!("nobody ends") };
                        passed.send(()).unwrap();
                    }
                    all.extend(heard(&client));
                    // What was written before a fence is there when it is answered.
                    for (mut barrier, cell, displays) in fences.drain(..) {
                        prop_assert_eq!(barrier.try_recv(), Ok(()));
                        let begun = (format!("cell {}", cell - 1), Heard::Busy);
                        prop_assert!(all.contains(&begun));
                        let shown = |(_, heard): &&(String, Heard)| {
                            matches!(heard, Heard::Display(number) if *number < displays)
                        };
                        prop_assert_eq!(all.iter().filter(shown).count(), displays);
                    }
                    if matches!(step, Step::Control) {
                        let origin = origin(Channel::Control, "control");
                        drop(Turn::begin(&context, &mut publisher, origin));
                        let told = heard(&client);
                        let control = |heard| ("control".to_owned(), heard);
                        prop_assert_eq!(told, [control(Heard::Busy), control(Heard::Idle)]);
                    }
                }
            }
        }

        // Each cell's messages stand together: busy first, idle last, nothing after it.
        let mut rest = all.as_slice();
        for (cell, expected) in expected.iter().enumerate() {
            let id = format!("cell {cell}");
            let (own, others) = rest.split_at(rest.iter().take_while(|heard| heard.0 == id).count());
            rest = others;
            let own: Vec<_> = own.iter().map(|(_, heard)| heard.clone()).collect();
            prop_assert_eq!(own.first(), Some(&Heard::Busy));
            let mut got = [String::new(), String::new()];
            let mut in_order = Vec::new();
            let mut shown_so_far = Vec::new();
            let mut ended = false;
            for heard in &own[1..] {
                prop_assert!(!ended, "nothing comes after idle");
                match heard {
                    Heard::Text(stream, text) => {
 got[index(*stream)].push_str(text);
 in_order.extend(letters(*stream, text.as_bytes()));
 }
                    Heard::Display(number) => {
                        shown_so_far.push((*number, got.each_ref().map(String::len)));
                    }
                    Heard::Busy => prop_assert!(false, "busy once"),
                    Heard::Idle => ended = true,
                }
            }
            let is_last = cell + 1 == expected_count(&all);
            prop_assert!(ended || is_last);
            let wanted = expected.written.each_ref().map(|pieces| {
                pieces.iter().map(|piece| shown(piece)).collect::<String>()
            });
            prop_assert_eq!(&got, &wanted);
            prop_assert_eq!(&in_order, &expected.letters);
            prop_assert_eq!(&shown_so_far, &expected.displays);
        }
        prop_assert!(rest.is_empty());
    }
}

fn expected_count(all: &[(String, Heard)]) -> usize {
    let begun = |heard: &&(String, Heard)| heard.0.starts_with("cell") && heard.1 == Heard::Busy;
    all.iter().filter(begun).count()
}

fn letters(stream: Stream, text: &[u8]) -> Vec<(usize, u8)> {
    let letters = text.iter().filter(|byte| byte.is_ascii());
    letters.map(|letter| (index(stream), *letter)).collect()
}
