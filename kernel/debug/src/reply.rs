use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::DebugError;

/// Takes the response to a request; called once, on any thread, and must not block.
pub type Reply = Box<dyn FnOnce(Box<RawValue>) + Send>;

/// The numbers of what a session sends.
#[derive(Debug, Clone, Default)]
pub(crate) struct Numbers(Arc<AtomicI64>);

impl Numbers {
    pub(crate) fn next(&self) -> i64 {
        self.0.fetch_add(1, Ordering::Relaxed) + 1
    }
}

/// The one answer that a request gets. Dropped without one, it says that the debugger has failed.
pub(crate) struct Responder {
    reply: Option<Reply>,
    numbers: Numbers,
    request: i64,
    command: String,
}

#[derive(Serialize)]
struct Response<'a, B> {
    seq: i64,
    #[serde(rename = "type")]
    kind: &'static str,
    request_seq: i64,
    success: bool,
    command: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<B>,
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    error: ErrorMessage<'a>,
    // JupyterLab reads them without looking whether it was refused, as it is when code goes on while
    // it still asks where that was.
    #[serde(skip_serializing_if = "Option::is_none")]
    scopes: Option<[(); 0]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    variables: Option<[(); 0]>,
}

#[derive(Serialize)]
struct ErrorMessage<'a> {
    id: u32,
    format: &'a str,
}

impl Responder {
    pub(crate) fn new(reply: Reply, numbers: Numbers, request: i64, command: &str) -> Self {
        Self {
            reply: Some(reply),
            numbers,
            request,
            command: command.to_owned(),
        }
    }

    /// The number that the client has given to the request.
    pub(crate) fn request(&self) -> i64 {
        self.request
    }

    /// Answers with what was wanted, or why there is none.
    pub(crate) fn answer(self, answer: Result<Option<Box<RawValue>>, DebugError>) {
        match answer {
            Ok(body) => self.succeed(body),
            Err(error) => self.refuse(&error),
        }
    }

    pub(crate) fn succeed(mut self, body: Option<Box<RawValue>>) {
        self.send(true, None, body);
    }

    pub(crate) fn refuse(mut self, error: &DebugError) {
        self.say_no(error);
    }

    fn say_no(&mut self, error: &DebugError) {
        let message = error.to_string();
        let body = ErrorBody {
            error: ErrorMessage {
                id: 1,
                format: &message,
            },
            scopes: (self.command == "scopes").then_some([]),
            variables: (self.command == "variables").then_some([]),
        };
        self.send(false, Some(&message), Some(body));
    }

    fn send<B: Serialize>(&mut self, success: bool, message: Option<&str>, body: Option<B>) {
        let Some(reply) = self.reply.take() else {
            return;
        };
        let response = Response {
            seq: self.numbers.next(),
            kind: "response",
            request_seq: self.request,
            success,
            command: &self.command,
            message,
            body,
        };
        match to_raw_value(&response) {
            Ok(response) => reply(response),
            Err(error) => tracing::error!(%error, "a response could not be written"),
        }
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        if self.reply.is_some() {
            self.say_no(&DebugError::Failed);
        }
    }
}

/// What a body is written as.
pub(crate) fn body(content: &impl Serialize) -> Result<Option<Box<RawValue>>, DebugError> {
    to_raw_value(content).map(Some).map_err(|error| {
        tracing::error!(%error, "the body of a response could not be written");
        DebugError::Failed
    })
}
