use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use perilune_client::{Client, ClientError, Heard, Question};
use perilune_transport::Channel;
use serde_json::{Value, json};

use super::arguments::Launched;
use super::breakpoints::Breakpoints;
use super::debuggee::Debuggee;
use super::message::{Refusal, Request};

/// How long a debugger may take for what is asked on the way: where nothing runs, or all the same.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long it may take to let go.
pub const FAREWELL: Duration = Duration::from_secs(2);

/// The kernel that is debugged, and what is under way there.
pub struct Target {
    /// The way to it.
    pub client: Client,
    /// Whose it is.
    pub origin: Origin,
    /// Whether its debugger is used.
    pub debugs: bool,
    /// Whether a front end for cells wants to hear all that the kernel publishes.
    pub notebook: bool,
    /// Whether what cells of others write is shown.
    pub redirects: bool,
    /// What the client has asked the debugger, by the ids of the messages.
    pub asked: HashMap<String, Request>,
    /// What runs, by the ids of the messages.
    pub runs: HashMap<String, Run>,
    /// What waits for an answer of the person in front.
    pub question: Option<Question>,
    /// Whether a question was heard of among what is written, and not shown yet.
    pub is_asking: bool,
    /// What was asked of the debugger for as long as it lasts.
    pub breakpoints: Breakpoints,
    /// In which thread code has stopped, as far as the client was told.
    pub stopped: Option<Value>,
    /// The exit code that a program has earned that has run to its end.
    pub code: Option<i32>,
    /// Whether we have asked it to end.
    pub ending: bool,
}

/// Whose kernel it is.
#[derive(Debug)]
pub enum Origin {
    /// Ours.
    Launched(Box<Debuggee>, Launched),
    /// Somebody's.
    Attached {
        /// What it is called.
        name: String,
        /// Where its sockets are written down, if that is known.
        connection_file: Option<PathBuf>,
    },
}

/// Code that was sent.
#[derive(Debug)]
pub struct Run {
    /// The request to answer; none for a program.
    pub request: Option<Request>,
    /// The kernel's reply, once it has come.
    pub reply: Option<Value>,
    /// Whether all has been heard of it.
    pub idle: bool,
    /// Whether its error was shown.
    pub failed: bool,
}

/// What happens there.
pub enum News {
    /// The kernel says something.
    Heard(Heard),
    /// The process says something that is not the program's.
    Said(String),
    /// What the kernel says cannot be read.
    Unreadable(ClientError),
    /// The kernel has ended.
    Over,
}

impl Target {
    /// Of this kernel, where nothing is under way.
    pub fn new(client: Client, origin: Origin) -> Self {
        Self {
            client,
            origin,
            debugs: false,
            notebook: false,
            redirects: false,
            asked: HashMap::new(),
            runs: HashMap::new(),
            question: None,
            is_asking: false,
            breakpoints: Breakpoints::default(),
            stopped: None,
            code: None,
            ending: false,
        }
    }

    /// The next thing that happens. Cancel safe.
    pub async fn next(&mut self) -> News {
        let heard = self.client.next_heard();
        let heard = match &mut self.origin {
            Origin::Attached { .. } => heard.await,
            Origin::Launched(debuggee, _) => tokio::select! {
                biased;
                heard = heard => heard,
                text = debuggee.said() => return News::Said(text),
            },
        };
        match heard {
            Some(Ok(heard)) => News::Heard(heard),
            Some(Err(ClientError::Lost | ClientError::Ended)) | None => News::Over,
            Some(Err(error)) => News::Unreadable(error),
        }
    }

    /// Begins to use the kernel's debugger, for a client that said so of itself.
    ///
    /// # Errors
    ///
    /// When it refuses.
    pub async fn begin(&mut self, initialize: &Value, attach: Value) -> Result<(), Refusal> {
        let mut arguments = initialize.clone();
        // Who is killed says no farewell.
        arguments["perilune"] = json!({"leaveOnDisconnect": true});
        self.ask("initialize", arguments).await?;
        self.ask("attach", attach).await?;
        self.debugs = true;
        Ok(())
    }

    /// Asks the kernel's debugger, and waits for the body of its response.
    ///
    /// # Errors
    ///
    /// When it refuses, and when there is no answer.
    pub async fn ask(&self, command: &str, arguments: Value) -> Result<Value, Refusal> {
        self.ask_within(PATIENCE, command, arguments).await
    }

    async fn ask_within(
        &self,
        limit: Duration,
        command: &str,
        arguments: Value,
    ) -> Result<Value, Refusal> {
        let content =
            json!({"seq": 0, "type": "request", "command": command, "arguments": arguments});
        let mut reply = self.client.control("debug_request", content, limit).await?;
        if reply["success"] == true {
            return Ok(reply["body"].take());
        }
        let reason = reply["message"].as_str().unwrap_or("the kernel refuses");
        Err(Refusal::new(reason))
    }

    /// Passes a client's request on to the kernel's debugger, whose answer comes later.
    ///
    /// # Errors
    ///
    /// When it cannot be sent.
    pub fn pass_on(&mut self, request: Request) -> Result<(), ClientError> {
        let mut content =
            json!({"seq": request.seq, "type": "request", "command": request.command});
        if !request.arguments.is_null() {
            content["arguments"] = request.arguments.clone();
        }
        let id = self
            .client
            .request(Channel::Control, "debug_request", content)?;
        self.asked.insert(id, request);
        Ok(())
    }

    /// Sends code to be run; `request` is answered when it has ended, if there is one.
    ///
    /// # Errors
    ///
    /// When it cannot be sent.
    pub fn run(&mut self, content: Value, request: Option<Request>) -> Result<(), ClientError> {
        let id = self
            .client
            .request(Channel::Shell, "execute_request", content)?;
        let run = Run {
            request,
            reply: None,
            idle: false,
            failed: false,
        };
        self.runs.insert(id, run);
        Ok(())
    }

    /// Uses the kernel's debugger no more: code that has stopped goes on.
    pub async fn leave(&mut self) {
        if std::mem::take(&mut self.debugs) {
            let arguments = json!({"restart": false, "terminateDebuggee": false});
            // A kernel that does not answer finds out by itself.
            let _ = self.ask_within(FAREWELL, "disconnect", arguments).await;
        }
    }

    /// Asks the kernel to end, whatever runs.
    ///
    /// # Errors
    ///
    /// When it cannot be asked.
    pub fn end(&mut self) -> Result<(), ClientError> {
        if std::mem::replace(&mut self.ending, true) {
            return Ok(());
        }
        self.client.shutdown(false)
    }
}
