use std::sync::Arc;
use std::time::Duration;

use perilune_transport::{Channel, Client, Source, in_process};
use perilune_wire::{Key, Message, Outgoing, Parent, Session, Unverified};
use serde_json::{Value, json};

use super::super::serve_language;
use crate::debugging::NoLines;
use crate::options::Options;

use super::words::{Folder, INFO, Words};

/// A kernel on a thread of its own, and its only client.
pub(super) struct Kernel {
    client: Client,
    session: Session,
    ended: std::sync::mpsc::Receiver<Result<i32, String>>,
    pub(super) names_noted: std::sync::mpsc::Receiver<()>,
    /// The one that completion lists.
    pub(super) folder: Arc<Folder>,
    folder_asked: std::sync::mpsc::Receiver<()>,
}

impl Kernel {
    pub(super) fn start() -> Self {
        Self::start_with(Options::default())
    }

    pub(super) fn start_with(options: Options) -> Self {
        let (transport, client) = in_process();
        let key = Key::new(b"key");
        let kernel_session = Session::new(key.clone(), "kernel");
        let (sent, ended) = std::sync::mpsc::channel();
        let (noted, names_noted) = std::sync::mpsc::channel();
        let (asked, folder_asked) = std::sync::mpsc::channel();
        let folder = Arc::new(Folder::new(asked));
        let listed = Arc::clone(&folder);
        std::thread::spawn(move || {
            let start = |host, interrupt| {
                Ok(Words {
                    host,
                    interrupt,
                    known: Vec::new(),
                    noted,
                    folder: listed,
                })
            };
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            let reader = Arc::new(NoLines);
            let serving = serve_language(transport, kernel_session, options, &INFO, reader, start);
            let code = runtime.block_on(serving).map_err(|error| error.to_string());
            let _ = sent.send(code);
        });
        let kernel = Self {
            client,
            session: Session::new(key, "tester"),
            ended,
            names_noted,
            folder,
            folder_asked,
        };
        assert_eq!(kernel.hear(1), ["iopub iopub_welcome"]);
        kernel
    }

    pub(super) fn ask(&self, channel: Channel, msg_type: &'static str, content: Value) {
        let message = Outgoing::new(msg_type, Parent::none(), content);
        self.client
            .send(channel, self.session.frames(Vec::new(), message).unwrap());
    }

    pub(super) fn execute(&self, code: &str) {
        self.ask(Channel::Shell, "execute_request", json!({"code": code}));
    }

    /// Asks for a completion that lists the folder, and waits until it does.
    pub(super) fn complete_from_folder(&self) {
        self.ask(
            Channel::Shell,
            "complete_request",
            json!({"code": "folder"}),
        );
        let asked = self.folder_asked.recv_timeout(Duration::from_secs(30));
        asked.expect("a completion that lists the folder");
    }

    pub(super) fn next(&self) -> (Source, Message) {
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
    pub(super) fn hear(&self, count: usize) -> Vec<String> {
        (0..count).map(|_| summary(&self.next())).collect()
    }

    /// The messages up to the next idle, each in a few words; text that was cut in two by time is
    /// put together.
    pub(super) fn hear_turn(&self) -> Vec<String> {
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

    /// The next message of a kernel that has ended, in a few words.
    pub(super) fn hear_to_the_end(&self) -> Option<String> {
        let next = self.client.recv_timeout(Duration::from_secs(30));
        let (source, frames) = next.expect("in time")?;
        let message = Unverified::split(frames)
            .unwrap()
            .verify_once(self.session.key())
            .unwrap();
        Some(summary(&(source, message)))
    }

    pub(super) fn exit_code(&self) -> i32 {
        self.ended
            .recv_timeout(Duration::from_secs(30))
            .unwrap()
            .unwrap()
    }
}

pub(super) fn summary((source, message): &(Source, Message)) -> String {
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
