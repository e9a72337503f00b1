use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use perilune_transport::Source;
use perilune_wire::{Message, Parent, WireError};
use serde::Deserialize;
use serde_json::Value;

use crate::debugger::DebuggerEvent;
use crate::event::{
    CellError, Display, Event, ExecuteInput, ExecuteResult, Object, StreamText, WidgetChange,
};

/// What the kernel says to its client.
#[derive(Debug)]
pub enum Notice {
    /// Something that the request of this id caused.
    Event(String, Event),
    /// The kernel has begun with the request of this id.
    Busy(String),
    /// The kernel has done all there was to do for the request of this id.
    Idle(String),
    /// The answer to the request of this id.
    Reply(String, Reply),
    /// The cell wants to know something.
    Question(Question),
    /// Something became of a widget.
    Widget(WidgetChange),
    /// A debugger has stopped the code that runs, or lets it go on.
    Debugger(DebuggerEvent),
    /// The kernel has said that it ends; it has ended when nothing more comes.
    Ending {
        /// Another will take its place.
        restart: bool,
    },
    /// The kernel's heart has not beaten for so long; it says nothing, and may come back.
    Silent(std::time::Duration),
    /// The kernel's heart beats again.
    Awake,
}

/// The parts of a reply on shell that matter here.
#[derive(Debug, Deserialize)]
pub struct Reply {
    #[serde(default)]
    status: String,
    /// What `kernel_info_reply` says of the language.
    #[serde(default)]
    pub language_info: Option<Value>,
    /// The number of the cell that ran.
    #[serde(default)]
    execution_count: Option<u64>,
    #[serde(default)]
    payload: Vec<Payload>,
    #[serde(flatten)]
    error: Option<CellError>,
    #[serde(skip)]
    content: Value,
}

#[derive(Debug, Deserialize)]
struct Payload {
    source: String,
    #[serde(default)]
    data: Object,
    #[serde(default)]
    text: String,
}

impl Reply {
    fn read(message: &Message) -> Result<Self, WireError> {
        let mut reply = message.content::<Self>()?;
        reply.content = message.content()?;
        Ok(reply)
    }

    /// All it says.
    pub fn content(&self) -> &Value {
        &self.content
    }

    /// Why the request failed, if it did.
    pub fn error(&self) -> Option<&CellError> {
        self.error.as_ref().filter(|_| self.status == "error")
    }

    /// Whether it failed, also without saying why.
    pub fn has_failed(&self) -> bool {
        self.status == "error"
    }

    /// Whether it was not run, because one before it failed or was interrupted.
    pub fn was_aborted(&self) -> bool {
        matches!(self.status.as_str(), "aborted" | "abort")
    }

    /// What the cell wants to be read beside it.
    pub fn pages(&self) -> impl Iterator<Item = Display> {
        self.payload
            .iter()
            .filter(|payload| payload.source == "page")
            .map(|payload| Display::of(payload.data.clone()))
    }

    /// What the cell wants the next input to begin with.
    pub fn next_input(&self) -> Option<&str> {
        self.payload
            .iter()
            .find(|payload| payload.source == "set_next_input")
            .map(|payload| payload.text.as_str())
    }

    /// The number of the cell that ran.
    pub fn execution_count(&self) -> Option<u64> {
        self.execution_count
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
    #[serde(default)]
    pub prompt: String,
    /// Whether the answer must not be shown.
    #[serde(default)]
    pub password: bool,
    #[serde(skip)]
    parent: Option<Parent>,
    /// The request whose cell asks.
    #[serde(skip)]
    pub request: String,
}

impl Question {
    /// What the answer says that it answers.
    pub(crate) fn parent(&self) -> Parent {
        self.parent.clone().unwrap_or_else(Parent::none)
    }
}

impl Notice {
    /// What a message says, if it is anything that matters here.
    ///
    /// # Errors
    ///
    /// [`WireError::BadPart`] when its content is not what its type promises.
    pub fn read(source: Source, message: &Message) -> Result<Option<Self>, WireError> {
        let parent = || {
            message
                .parent_header()
                .map(|header| header.msg_id)
                .unwrap_or_default()
        };
        let event = |event| Some(Self::Event(parent(), event));
        Ok(match (source, message.header.msg_type.as_str()) {
            (Source::Iopub, "status") => {
                match message.content::<Value>()?["execution_state"].as_str() {
                    Some("busy") => Some(Self::Busy(parent())),
                    Some("idle") => Some(Self::Idle(parent())),
                    _ => None,
                }
            }
            (Source::Iopub, "execute_input") => {
                event(Event::Started(message.content::<ExecuteInput>()?))
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
                WidgetChange::of(kind, &message.content()?, buffers).map(Self::Widget)
            }
            (Source::Iopub, "debug_event") => {
                DebuggerEvent::of_event(&message.content()?).map(Self::Debugger)
            }
            (Source::Iopub | Source::Control, "shutdown_reply") => {
                let restart = message.content::<Value>()?["restart"]
                    .as_bool()
                    .unwrap_or_default();
                Some(Self::Ending { restart })
            }
            (Source::Stdin, "input_request") => {
                let mut question = message.content::<Question>()?;
                question.parent = Some(Parent::of(&message.raw_header));
                question.request = parent();
                Some(Self::Question(question))
            }
            (Source::Shell, _) => Some(Self::Reply(parent(), Reply::read(message)?)),
            _ => None,
        })
    }
}
