use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use perilune_language::{
    CommMessage, Display, DisplayAction, EarlierCell, Host, InputError, InputRequest, Stream,
};
use perilune_transport::{Channel, Weight};
use perilune_wire::content::{
    ClearOutput, CommClose, CommMsg, CommOpen, DisplayData, ExecutionState, Object, Question,
    Status, Transient,
};
use perilune_wire::{Outgoing, Parent};
use serde::Serialize;

use crate::capture::Capture;
use crate::context::{Context, with_metadata};
use crate::earlier;
use crate::outbox::{Item, Place};
use crate::vitals::Way;

/// Where the language writes, shows and asks: the executor's side of the kernel.
pub(crate) struct Output {
    context: Arc<Context>,
    capture: Option<Arc<Capture>>,
    asker: Mutex<Option<Vec<Bytes>>>,
}

impl Output {
    pub(crate) fn new(context: Arc<Context>, capture: Option<Arc<Capture>>) -> Self {
        Self {
            context,
            capture,
            asker: Mutex::new(None),
        }
    }

    /// From now on this request runs, its output goes to this place, and questions go to its
    /// sender, if to anyone.
    pub(crate) fn begin_turn(
        &self,
        parent: &Parent,
        place: Place,
        asker: Option<Vec<Bytes>>,
    ) -> Listening<'_> {
        self.context.outbox.begin_turn(parent, place);
        *self.asker() = asker;
        Listening(self)
    }

    /// A status that says nothing new to clients which do not know what a question is.
    fn status_with(&self, question: Question) -> Outgoing<Status> {
        let status = Status {
            execution_state: ExecutionState::Busy,
        };
        let message = Outgoing::new("status", self.context.outbox.parent(), status);
        let question = serde_json::to_value(question).unwrap_or_default();
        with_metadata(
            message,
            Object::from_iter([(Question::KEY.to_owned(), question)]),
        )
    }

    /// Takes what foreign code has written so far, before something else is said.
    pub(crate) fn catch_up(&self) {
        if let Some(capture) = &self.capture {
            capture.catch_up(&self.context);
        }
    }

    fn asker(&self) -> MutexGuard<'_, Option<Vec<Bytes>>> {
        self.asker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send_comm<C: Serialize>(
        &self,
        msg_type: &'static str,
        content: C,
        metadata: Object,
        buffers: Vec<Bytes>,
    ) {
        let parent = self.context.outbox.parent();
        let mut message = with_metadata(Outgoing::new(msg_type, parent, content), metadata);
        message.buffers = buffers;
        self.context.publish(message, Weight::Essential);
    }
}

/// While it is kept, output belongs to one request. When it is dropped, also by a panic, everything
/// that was written meanwhile is taken, from wherever it came.
pub(crate) struct Listening<'a>(&'a Output);

impl Drop for Listening<'_> {
    fn drop(&mut self) {
        if let Some(capture) = &self.0.capture {
            capture.drain(&self.0.context);
        }
        self.0.context.outbox.push(Item::EndOfText);
        *self.0.asker() = None;
    }
}

impl Host for Output {
    fn write(&self, stream: Stream, bytes: &[u8]) {
        self.catch_up();
        self.context.outbox.push_text(stream, bytes);
    }

    fn display(&self, display: Display) {
        self.catch_up();
        let Some(parent) = self.context.outbox.audience() else {
            return;
        };
        let msg_type = match display.action {
            DisplayAction::Show => "display_data",
            DisplayAction::Update => "update_display_data",
        };
        let content = DisplayData {
            data: display.bundle.data,
            metadata: display.bundle.metadata,
            transient: Transient {
                display_id: display.id,
                others: display.transient,
            },
        };
        self.context
            .publish(Outgoing::new(msg_type, parent, content), Weight::Output);
    }

    fn clear_output(&self, wait: bool) {
        self.catch_up();
        let Some(parent) = self.context.outbox.audience() else {
            return;
        };
        let message = Outgoing::new("clear_output", parent, ClearOutput { wait });
        self.context.publish(message, Weight::Output);
    }

    fn input(&self, request: InputRequest) -> Result<String, InputError> {
        self.catch_up();
        let Some(identities) = self.asker().clone() else {
            return Err(InputError::NotAllowed);
        };
        let content = perilune_wire::content::InputRequest {
            prompt: request.prompt.clone(),
            password: request.password,
        };
        let message = Outgoing::new("input_request", self.context.outbox.parent(), content);
        let (frames, msg_id) = self
            .context
            .session
            .frames_with_id(identities.clone(), message)
            .map_err(|error| {
                tracing::error!(%error, "a question could not be sent");
                InputError::Closed
            })?;
        let bytes = frames.iter().map(Bytes::len).sum();
        let sent = &self.context.vitals.sent;
        sent.count(Way::Peer(Channel::Stdin), "input_request", bytes);
        let is_interrupted = || self.context.running.is_interrupted();
        let question = Question {
            question: msg_id,
            prompt: request.prompt,
            password: request.password,
        };
        let status = self.status_with(question.clone());
        let send = || {
            // Who is asked may be gone: so that somebody else can answer.
            self.context.publish(status, Weight::Essential);
            self.context.outbox.push(Item::Reply {
                channel: Channel::Stdin,
                frames,
            });
        };
        self.context
            .stdin
            .ask(question, identities, is_interrupted, send)
    }

    fn comm(&self, message: CommMessage) {
        self.catch_up();
        match message {
            CommMessage::Open {
                id,
                target,
                data,
                metadata,
                buffers,
            } => {
                let cell = self.context.outbox.cell();
                self.context.comms().open(&id, &target, cell);
                let content = CommOpen {
                    comm_id: id,
                    target_name: target,
                    data,
                };
                self.send_comm("comm_open", content, metadata, buffers);
            }
            CommMessage::Data {
                id,
                data,
                metadata,
                buffers,
            } => {
                self.send_comm("comm_msg", CommMsg { comm_id: id, data }, metadata, buffers);
            }
            CommMessage::Close {
                id,
                data,
                metadata,
                buffers,
            } => {
                self.context.comms().close(&id);
                self.send_comm(
                    "comm_close",
                    CommClose { comm_id: id, data },
                    metadata,
                    buffers,
                );
            }
        }
    }

    fn place_comm(&self, id: &str) {
        if let Some(cell) = self.context.outbox.cell() {
            self.context.comms().place(id, cell);
        }
    }

    fn show_again(&self, cell: &EarlierCell) -> Result<(), String> {
        self.catch_up();
        let Some(here) = self.context.outbox.audience() else {
            return Ok(());
        };
        let own = self.context.outbox.parent().msg_id();
        earlier::show(&self.context, &here, &own, cell)
    }

    fn expect_foreign_output(&self) {
        self.context.expect_foreigners();
    }
}
