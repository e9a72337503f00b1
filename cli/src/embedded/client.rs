use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use perilune_engine::{Descriptors, EngineError, LuaOptions, Options};
use perilune_transport::{Channel, Client, Limits, Source, in_process_with};
use perilune_wire::{Key, Message, Outgoing, Parent, Session, Unverified};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::event::{CellError, Display, Event, ExecuteResult, Object, StreamText, WidgetChange};

/// How much output may wait for a slow terminal or pipe before some is left out, in bytes.
const OUTPUT_THAT_WAITS: usize = 1 << 30;
/// How long a kernel has to say goodbye.
const GOODBYE: Duration = Duration::from_secs(5);

/// A kernel on a thread of its own, and the way to it.
pub struct EmbeddedKernel {
    client: Client,
    session: Session,
    thread: JoinHandle<Result<i32, EngineError>>,
}

/// What the kernel says to its client.
#[derive(Debug)]
pub enum Notice {
    /// Something that the request of this id caused.
    Event(String, Event),
    /// The kernel has done all there was to do for the request of this id.
    Idle(String),
    /// The answer to the request of this id.
    Reply(String, Reply),
    /// The cell wants to know something.
    Question(Question),
    /// Something became of a widget.
    Widget(WidgetChange),
}

/// The parts of a reply that matter here.
#[derive(Debug, Deserialize)]
pub struct Reply {
    status: String,
    /// What `kernel_info_reply` says of the language.
    #[serde(default)]
    pub language_info: Option<Value>,
    #[serde(default)]
    payload: Vec<Payload>,
    #[serde(flatten)]
    error: Option<CellError>,
}

#[derive(Debug, Deserialize)]
struct Payload {
    source: String,
    #[serde(default)]
    data: Object,
}

impl Reply {
    /// Why the request failed, if it did.
    pub fn error(&self) -> Option<&CellError> {
        self.error.as_ref().filter(|_| self.status == "error")
    }

    /// What the cell wants to be read beside it.
    pub fn pages(&self) -> impl Iterator<Item = Display> {
        self.payload
            .iter()
            .filter(|payload| payload.source == "page")
            .map(|payload| Display::of(payload.data.clone()))
    }

    /// Whether the cell wants the kernel to end.
    pub fn asks_exit(&self) -> bool {
        self.payload
            .iter()
            .any(|payload| payload.source == "ask_exit")
    }
}

/// The content of `input_request`, and how to answer it.
#[derive(Debug, Clone, Deserialize)]
pub struct Question {
    /// What to show.
    pub prompt: String,
    /// Whether the answer must not be shown.
    #[serde(default)]
    pub password: bool,
    #[serde(skip)]
    parent: Option<Parent>,
}

impl EmbeddedKernel {
    /// Starts a kernel that has the process's descriptors for itself. Of a `program`, errors speak
    /// by its name instead of the cell's.
    ///
    /// # Errors
    ///
    /// When the operating system has no thread left.
    pub fn start(
        descriptors: Descriptors,
        lua: LuaOptions,
        program: Option<String>,
    ) -> Result<Self> {
        let limits = Limits {
            outgoing_bytes: OUTPUT_THAT_WAITS,
            ..Limits::default()
        };
        let (transport, client) = in_process_with(limits);
        let key = Key::new(uuid::Uuid::new_v4().to_string().as_bytes());
        let kernel = Session::new(key.clone(), "kernel");
        let options = Options {
            lua,
            program,
            descriptors: Some(descriptors),
            // Signals are the command line's.
            signals: false,
            ..Options::default()
        };
        let serve = move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(|source| EngineError::System {
                    what: "no I/O runtime",
                    source,
                })?;
            runtime.block_on(perilune_engine::serve(transport, kernel, options))
        };
        let thread = std::thread::Builder::new()
            .name("kernel".to_owned())
            .spawn(serve)
            .context("starting the kernel's thread")?;
        Ok(Self {
            client,
            session: Session::new(key, "perilune"),
            thread,
        })
    }

    /// Asks who the kernel is. Returns the request's id.
    pub fn ask_info(&self) -> Result<String> {
        self.send(
            Channel::Shell,
            "kernel_info_request",
            Parent::none(),
            json!({}),
        )
    }

    /// Runs a cell. Returns the request's id.
    pub fn execute(&self, code: &str, allow_stdin: bool) -> Result<String> {
        let content = json!({
            "code": code,
            "silent": false,
            "store_history": true,
            "user_expressions": {},
            "allow_stdin": allow_stdin,
            "stop_on_error": true,
        });
        self.send(Channel::Shell, "execute_request", Parent::none(), content)
    }

    /// Stops the cell that runs.
    pub fn interrupt(&self) -> Result<()> {
        self.send(
            Channel::Control,
            "interrupt_request",
            Parent::none(),
            json!({}),
        )
        .map(drop)
    }

    /// Answers a question; `None` is the end of the input.
    pub fn answer(&self, question: &Question, answer: Option<String>) -> Result<()> {
        let parent = question.parent.clone().unwrap_or_else(Parent::none);
        // How ipykernel takes an end of file.
        let value = answer.unwrap_or_else(|| "\u{4}".to_owned());
        self.send(
            Channel::Stdin,
            "input_reply",
            parent,
            json!({"value": value}),
        )
        .map(drop)
    }

    fn send(
        &self,
        channel: Channel,
        msg_type: &'static str,
        parent: Parent,
        content: impl Serialize,
    ) -> Result<String> {
        let message = Outgoing::new(msg_type, parent, content);
        let (frames, id) = self.session.frames_with_id(Vec::new(), message)?;
        self.client.send(channel, frames);
        Ok(id)
    }

    /// The next thing the kernel says; `None` when it has ended. Cancel safe.
    pub async fn next(&self) -> Option<Result<Notice>> {
        loop {
            let (source, frames) = self.client.recv().await?;
            let notice = Unverified::split(frames)
                .and_then(|message| message.verify_once(self.session.key()))
                .map_err(anyhow::Error::from)
                .and_then(|message| notice(source, &message));
            match notice {
                Ok(Some(notice)) => return Some(Ok(notice)),
                Ok(None) => {}
                Err(error) => return Some(Err(error.context("reading a message of the kernel"))),
            }
        }
    }

    /// Ends the kernel, and whatever runs in it.
    ///
    /// # Errors
    ///
    /// When the kernel had failed.
    pub async fn end(self) -> Result<()> {
        let restart = json!({"restart": false});
        self.send(
            Channel::Control,
            "shutdown_request",
            Parent::none(),
            restart,
        )?;
        self.ended().await.map(drop)
    }

    /// Waits for the end of a kernel that ends by itself. Returns the exit code it ended with.
    ///
    /// # Errors
    ///
    /// When the kernel had failed.
    pub async fn ended(self) -> Result<i32> {
        let ended = async { while self.client.recv().await.is_some() {} };
        if tokio::time::timeout(GOODBYE, ended).await.is_err() {
            bail!("the kernel did not end");
        }
        self.thread
            .join()
            .map_err(|_| anyhow!("the kernel panicked"))?
            .map_err(|error| anyhow!("the kernel failed: {error}"))
    }
}

/// What a message says, if it is anything that matters here.
fn notice(source: Source, message: &Message) -> Result<Option<Notice>> {
    let parent = || {
        message
            .parent_header()
            .map(|header| header.msg_id)
            .unwrap_or_default()
    };
    let event = |event| Some(Notice::Event(parent(), event));
    Ok(match (source, message.header.msg_type.as_str()) {
        (Source::Iopub, "status") => {
            match message.content::<Value>()?["execution_state"].as_str() {
                Some("idle") => Some(Notice::Idle(parent())),
                _ => None,
            }
        }
        (Source::Iopub, "execute_input") => {
            let count = message.content::<Value>()?["execution_count"].as_u64();
            event(Event::Started(count.unwrap_or_default()))
        }
        (Source::Iopub, "stream") => event(Event::Stream(message.content::<StreamText>()?)),
        (Source::Iopub, "display_data") => event(Event::Display(message.content::<Display>()?)),
        (Source::Iopub, "update_display_data") => {
            event(Event::Update(message.content::<Display>()?))
        }
        (Source::Iopub, "execute_result") => {
            event(Event::Result(message.content::<ExecuteResult>()?))
        }
        (Source::Iopub, "error") => event(Event::Error(message.content::<CellError>()?)),
        (Source::Iopub, "clear_output") => {
            let wait = message.content::<Value>()?["wait"]
                .as_bool()
                .unwrap_or_default();
            event(Event::Clear { wait })
        }
        (Source::Iopub, kind @ ("comm_open" | "comm_msg" | "comm_close")) => {
            let buffers: Vec<_> = message
                .buffers
                .iter()
                .map(|bytes| STANDARD.encode(bytes))
                .collect();
            WidgetChange::of(kind, &message.content()?, buffers).map(Notice::Widget)
        }
        (Source::Stdin, "input_request") => {
            let mut question = message.content::<Question>()?;
            question.parent = Some(Parent::of(&message.raw_header));
            Some(Notice::Question(question))
        }
        (Source::Shell, _) => Some(Notice::Reply(parent(), message.content::<Reply>()?)),
        _ => None,
    })
}
