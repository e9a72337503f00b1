use std::time::Duration;

use perilune_transport::Channel;
use serde::Serialize;
use serde_json::{Value, json};

use super::Client;
use crate::debugger::DebuggerEvent;
use crate::error::ClientError;
use crate::kernel_info::KernelInfo;
use crate::notice::Question;

/// The requests that Jupyter knows.
impl Client {
    /// Asks who the kernel is. Returns the request's id.
    pub fn ask_info(&self) -> Result<String, ClientError> {
        self.request(Channel::Shell, "kernel_info_request", json!({}))
    }

    /// Runs a cell. Returns the request's id.
    pub fn execute(&self, code: &str, allow_stdin: bool) -> Result<String, ClientError> {
        let content = json!({
            "code": code,
            "silent": false,
            "store_history": true,
            "user_expressions": {},
            "allow_stdin": allow_stdin,
            "stop_on_error": true,
        });
        self.request(Channel::Shell, "execute_request", content)
    }

    /// Stops the cell that runs. Does not wait for it to stop, nor for the kernel's answer.
    pub fn interrupt(&self) -> Result<(), ClientError> {
        self.request(Channel::Control, "interrupt_request", json!({}))
            .map(drop)
    }

    /// Asks the kernel to end; [`Notice::Ending`] and the end of [`Client::next`] tell that it does.
    pub fn shutdown(&self, restart: bool) -> Result<(), ClientError> {
        let content = json!({"restart": restart});
        self.request(Channel::Control, "shutdown_request", content)
            .map(drop)
    }

    /// Answers a question; `None` is the end of the input.
    pub fn answer(&self, question: &Question, answer: Option<String>) -> Result<(), ClientError> {
        // How ipykernel takes an end of file.
        let value = answer.unwrap_or_else(|| "\u{4}".to_owned());
        self.send(
            Channel::Stdin,
            "input_reply",
            question.parent(),
            json!({"value": value}),
        )
        .map(drop)
    }

    /// Asks how the code could go on at `cursor`, in characters. Returns `complete_reply`.
    ///
    /// # Errors
    ///
    /// As [`Client::ask`].
    pub async fn complete(
        &self,
        code: &str,
        cursor: usize,
        limit: Duration,
    ) -> Result<Value, ClientError> {
        let content = json!({"code": code, "cursor_pos": cursor});
        self.ask(Channel::Shell, "complete_request", content, limit)
            .await
    }

    /// Asks what is at `cursor`, in characters. Returns `inspect_reply`.
    ///
    /// # Errors
    ///
    /// As [`Client::ask`].
    pub async fn inspect(
        &self,
        code: &str,
        cursor: usize,
        detail: u8,
        limit: Duration,
    ) -> Result<Value, ClientError> {
        let content = json!({"code": code, "cursor_pos": cursor, "detail_level": detail});
        self.ask(Channel::Shell, "inspect_request", content, limit)
            .await
    }

    /// Asks whether the code is whole. Returns `is_complete_reply`.
    ///
    /// # Errors
    ///
    /// As [`Client::ask`].
    pub async fn is_complete(&self, code: &str, limit: Duration) -> Result<Value, ClientError> {
        self.ask(
            Channel::Shell,
            "is_complete_request",
            json!({"code": code}),
            limit,
        )
        .await
    }

    /// Asks something on control, which is answered whatever runs. Returns the reply's content.
    ///
    /// # Errors
    ///
    /// As [`Client::ask`].
    pub async fn control(
        &self,
        msg_type: &'static str,
        content: impl Serialize,
        limit: Duration,
    ) -> Result<Value, ClientError> {
        self.ask(Channel::Control, msg_type, content, limit).await
    }

    /// Where a debugger has stopped the code that runs, if one has. What it does from now on comes
    /// as a [`Notice::Debugger`]. A kernel of others does not tell.
    ///
    /// # Errors
    ///
    /// As [`Client::ask`].
    pub async fn stopped(&self, limit: Duration) -> Result<Option<DebuggerEvent>, ClientError> {
        if !self.info().is_some_and(KernelInfo::is_perilune) {
            return Ok(None);
        }
        let status = self.control("perilune_status_request", json!({}), limit);
        Ok(DebuggerEvent::of_status(&status.await?))
    }
}
