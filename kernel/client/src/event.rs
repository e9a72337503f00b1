//! What a cell does, as its front end must know it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// An object of JSON, such as a value in each of its representations by MIME type.
pub type Object = Map<String, Value>;

/// What a cell does that its front end must know: the content of one iopub message.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The kernel began with it.
    Started(ExecuteInput),
    /// It wrote something.
    Stream(StreamText),
    /// It showed something.
    Display(Display),
    /// It changed what was shown under an id, by whichever cell.
    Update(Display),
    /// The value of its last expression.
    Result(ExecuteResult),
    /// It failed.
    Error(CellError),
    /// What it has shown so far shall vanish; with `wait`, when the next thing is shown.
    Clear {
        /// Not at once.
        wait: bool,
    },
}

/// The content of `execute_input`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecuteInput {
    /// The cell's number.
    #[serde(default)]
    pub execution_count: u64,
    /// What is run.
    #[serde(default)]
    pub code: String,
}

/// `stdout` or `stderr`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StreamName {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// The content of `stream`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamText {
    /// Where it was written to.
    pub name: StreamName,
    /// What was written.
    pub text: String,
}

/// The content of `display_data` and `update_display_data`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Display {
    /// By MIME type.
    #[serde(default)]
    pub data: Object,
    /// By MIME type.
    #[serde(default)]
    pub metadata: Object,
    /// What notebooks do not keep.
    #[serde(default)]
    pub transient: Option<Transient>,
}

impl Display {
    /// A new one, of which nothing else is known.
    pub fn of(data: Object) -> Self {
        Self {
            data,
            metadata: Object::new(),
            transient: None,
        }
    }

    /// By which it can be updated.
    pub fn id(&self) -> Option<&str> {
        self.transient.as_ref()?.display_id.as_deref()
    }
}

/// What notebooks do not keep of a display.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Transient {
    /// By which it can be updated.
    #[serde(default)]
    pub display_id: Option<String>,
}

/// The content of `execute_result`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ExecuteResult {
    /// The cell's number.
    pub execution_count: u64,
    /// By MIME type.
    #[serde(default)]
    pub data: Object,
    /// By MIME type.
    #[serde(default)]
    pub metadata: Object,
}

/// The content of `error`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellError {
    /// The error's class.
    pub ename: String,
    /// The error in a line.
    pub evalue: String,
    /// Lines for a person, possibly coloured.
    pub traceback: Vec<String>,
}

/// What became of a widget, by the messages of its comm.
#[derive(Debug, Clone, PartialEq)]
pub enum WidgetChange {
    /// It was made, or some of its fields are others now.
    State {
        /// Its comm's id.
        id: String,
        /// Whether it was made.
        opens: bool,
        /// The fields.
        state: Object,
        /// Paths within the state, and the bytes that belong there, as base64.
        buffers: Vec<(Vec<Value>, String)>,
    },
    /// It is no more.
    Closed {
        /// Its comm's id.
        id: String,
    },
}

impl WidgetChange {
    /// Reads a `comm_open`, `comm_msg` or `comm_close` of the kernel, if it is about a widget's
    /// state (ipywidgets' messaging protocol 2). The buffers are base64.
    pub fn of(kind: &str, content: &Value, buffers: Vec<String>) -> Option<Self> {
        let id = content["comm_id"].as_str()?.to_owned();
        let data = &content["data"];
        let opens = match kind {
            "comm_open" if content["target_name"] == "jupyter.widget" => true,
            "comm_msg" if data["method"] == "update" => false,
            "comm_close" => return Some(Self::Closed { id }),
            _ => return None,
        };
        let paths = data["buffer_paths"].as_array().into_iter().flatten();
        let paths = paths.filter_map(|path| path.as_array().cloned());
        Some(Self::State {
            id,
            opens,
            state: data["state"].as_object()?.clone(),
            buffers: paths.zip(buffers).collect(),
        })
    }
}
