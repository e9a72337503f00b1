//! What a front end for cells needs beside a debugger: the requests `perilune/...`.

use std::io;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use perilune_transport::{Channel, Source};
use perilune_wire::Message;
use serde_json::{Value, json};

use super::Session;
use crate::dap::message::{Refusal, Request};
use crate::dap::target::Target;

/// How long an interrupt may take to be answered: it does not wait for the code to end.
const PATIENCE: Duration = Duration::from_secs(10);

impl Session {
    /// Does it; returns the answer, unless that comes later.
    pub(super) async fn take_for_notebook(
        &mut self,
        request: Request,
    ) -> io::Result<Option<(Request, Result<Value, Refusal>)>> {
        let Some(target) = &mut self.target else {
            return Ok(None);
        };
        let arguments = &request.arguments;
        let answer = match &*request.command {
            "perilune/execute" => {
                let Some(code) = arguments["code"].as_str() else {
                    let refusal = Refusal::new("perilune/execute: code is missing");
                    return Ok(Some((request, Err(refusal))));
                };
                let or = |key: &str, default| arguments[key].as_bool().unwrap_or(default);
                let content = json!({
                    "code": code,
                    "silent": or("silent", false),
                    "store_history": or("storeHistory", !or("silent", false)),
                    "user_expressions": {},
                    "allow_stdin": or("allowStdin", true),
                    "stop_on_error": or("stopOnError", true),
                });
                match target.run(content, Some(request.clone())) {
                    Ok(()) => return Ok(None),
                    Err(error) => Err(Refusal::from(error)),
                }
            }
            "perilune/input" => match target.question.take() {
                Some(question) => {
                    let value = arguments["value"].as_str().map(str::to_owned);
                    let answered = target.client.answer(&question, value);
                    answered.map(|()| Value::Null).map_err(Refusal::from)
                }
                None => Err(Refusal::new("no code waits for input")),
            },
            "perilune/interrupt" => {
                let client = &target.client;
                let done = client.control("interrupt_request", json!({}), PATIENCE);
                done.await.map(|_| Value::Null).map_err(Refusal::from)
            }
            "perilune/comm" => comm(target, arguments),
            command => Err(Refusal::new(format!("{command} is unknown"))),
        };
        Ok(Some((request, answer)))
    }
}

/// Sends a widget's message.
fn comm(target: &Target, arguments: &Value) -> Result<Value, Refusal> {
    let kind = match arguments["msgType"].as_str() {
        Some("comm_open") => "comm_open",
        Some("comm_msg") => "comm_msg",
        Some("comm_close") => "comm_close",
        _ => {
            return Err(Refusal::new(
                "perilune/comm: msgType is comm_open, comm_msg or comm_close",
            ));
        }
    };
    let content = &arguments["content"];
    let sent = target.client.request(Channel::Shell, kind, content);
    Ok(json!({"msgId": sent?}))
}

/// The body of the event by which a front end for cells hears what a kernel says.
pub(super) fn message(
    target: &Target,
    source: Source,
    parent: &str,
    message: &Message,
) -> Option<Value> {
    let channel = match source {
        Source::Iopub => "iopub",
        Source::Stdin => "stdin",
        _ => return None,
    };
    let run = target.runs.get(parent);
    let request = run.and_then(|run| run.request.as_ref()).map(|it| it.seq);
    let buffers: Vec<_> = message
        .buffers
        .iter()
        .map(|it| STANDARD.encode(it))
        .collect();
    let mut body = json!({
        "request": request,
        "parent": parent,
        "channel": channel,
        "msgType": message.header.msg_type,
        "content": message.content::<Value>().ok()?,
        "metadata": message.metadata::<Value>().unwrap_or_default(),
    });
    if !buffers.is_empty() {
        body["buffers"] = json!(buffers);
    }
    Some(body)
}
