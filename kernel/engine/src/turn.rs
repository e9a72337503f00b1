use bytes::Bytes;
use perilune_transport::{Channel, Frames, Weight};
use perilune_wire::content::{ErrorContent, ExecutionState, Object, StatusReply};
use perilune_wire::{Message, Outgoing, Parent, WireError};
use serde::Serialize;

use crate::context::Context;
use crate::outbox::{Item, Outbox};
use crate::request::reply_type;
use crate::vitals::Way;

/// Where a request came from, and so where its reply goes.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub(crate) channel: Channel,
    pub(crate) identities: Vec<Bytes>,
    pub(crate) parent: Parent,
    pub(crate) msg_type: String,
}

impl Origin {
    pub(crate) fn of(channel: Channel, message: &Message) -> Self {
        Self {
            channel,
            identities: message.identities.clone(),
            parent: Parent::of(&message.raw_header),
            msg_type: message.header.msg_type.clone(),
        }
    }

    /// The frames of the reply to this request; `None` if its type has none.
    pub(crate) fn reply<C: Serialize>(
        &self,
        context: &Context,
        content: C,
        metadata: Object,
    ) -> Option<Frames> {
        let msg_type = reply_type(&self.msg_type)?;
        let mut message = Outgoing::new(msg_type, self.parent.clone(), content);
        message.metadata = Some(metadata);
        context
            .session
            .frames(self.identities.clone(), message)
            .inspect_err(|error| tracing::error!(msg_type, %error, "a reply could not be sent"))
            .ok()
    }
}

/// A way out for messages.
pub(crate) trait Outlet {
    fn broadcast(&mut self, parent: Parent, frames: Frames, weight: Weight);
    fn reply(&mut self, channel: Channel, frames: Frames);
}

impl Outlet for &Outbox {
    fn broadcast(&mut self, parent: Parent, frames: Frames, weight: Weight) {
        self.push(Item::Iopub {
            parent,
            frames,
            weight,
        });
    }

    fn reply(&mut self, channel: Channel, frames: Frames) {
        self.push(Item::Reply { channel, frames });
    }
}

/// The time between a request's busy and its idle.
///
/// However it ends, by a return or by a panic, a request that has a reply gets one, and then idle.
pub(crate) struct Turn<'a, O: Outlet> {
    context: &'a Context,
    outlet: O,
    origin: Origin,
    answered: bool,
}

impl<'a, O: Outlet> Turn<'a, O> {
    /// Says busy.
    pub(crate) fn begin(context: &'a Context, outlet: O, origin: Origin) -> Self {
        let mut turn = Self {
            context,
            outlet,
            origin,
            answered: false,
        };
        turn.status(ExecutionState::Busy);
        turn
    }

    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Tells every subscriber.
    pub(crate) fn publish<C: Serialize>(
        &mut self,
        msg_type: &'static str,
        content: C,
        weight: Weight,
    ) {
        let parent = self.origin.parent.clone();
        match self
            .context
            .broadcast(Outgoing::new(msg_type, parent.clone(), content))
        {
            Ok(frames) => self.outlet.broadcast(parent, frames, weight),
            Err(error) => tracing::error!(msg_type, %error, "a message could not be published"),
        }
    }

    /// Answers, once.
    pub(crate) fn reply<C: Serialize>(&mut self, content: C) {
        self.reply_with_metadata(content, Object::new());
    }

    /// As [`Turn::reply`], with something said about the reply.
    pub(crate) fn reply_with_metadata<C: Serialize>(&mut self, content: C, metadata: Object) {
        if !self.answered {
            let frames = self.origin.reply(self.context, content, metadata);
            self.reply_frames(frames);
        }
    }

    /// As [`Turn::reply`], with what [`Origin::reply`] made.
    pub(crate) fn reply_frames(&mut self, frames: Option<Frames>) {
        if !std::mem::replace(&mut self.answered, true)
            && let Some(frames) = frames
        {
            let way = Way::Peer(self.origin.channel);
            let bytes = frames.iter().map(Bytes::len).sum();
            let msg_type = reply_type(&self.origin.msg_type).unwrap_or_default();
            self.context.vitals.sent.count(way, msg_type, bytes);
            self.outlet.reply(self.origin.channel, frames);
        }
    }

    /// Answers that it could not be done.
    pub(crate) fn refuse(&mut self, error: ErrorContent) {
        if self.origin.msg_type == "execute_request" {
            let execution_count = self.context.knowledge.execution_count();
            self.reply(crate::executor::failed(error, execution_count));
        } else {
            self.reply(refusal(error));
        }
    }

    fn status(&mut self, state: ExecutionState) {
        match self.context.status(self.origin.parent.clone(), state) {
            Ok(frames) => {
                let parent = self.origin.parent.clone();
                self.outlet.broadcast(parent, frames, Weight::Essential);
            }
            Err(error) => tracing::error!(%error, "a status could not be published"),
        }
    }
}

impl<O: Outlet> Drop for Turn<'_, O> {
    fn drop(&mut self) {
        if !self.answered {
            self.refuse(ErrorContent {
                ename: "KernelError".to_owned(),
                evalue: "the kernel failed on this request; its log says where".to_owned(),
                traceback: Vec::new(),
            });
        }
        self.status(ExecutionState::Idle);
    }
}

/// The content of a reply which says that it could not be done.
pub(crate) fn refusal(error: ErrorContent) -> StatusReply {
    let ErrorContent {
        ename,
        evalue,
        traceback,
    } = error;
    StatusReply::Error {
        ename,
        evalue,
        traceback,
    }
}

/// What a client is told whose request cannot be read.
pub(crate) fn invalid(error: &WireError) -> ErrorContent {
    ErrorContent {
        ename: "InvalidRequest".to_owned(),
        evalue: error.to_string(),
        traceback: Vec::new(),
    }
}

/// What a client is told that asks for more than can wait.
pub(crate) fn too_many() -> ErrorContent {
    ErrorContent {
        ename: "TooManyRequests".to_owned(),
        evalue: "too many requests wait for the kernel".to_owned(),
        traceback: Vec::new(),
    }
}

/// What a client is told that answers what nobody asks, or asks any more.
pub(crate) fn no_such_question() -> ErrorContent {
    ErrorContent {
        ename: "NoSuchQuestion".to_owned(),
        evalue: "this question has been answered, or its cell has ended".to_owned(),
        traceback: Vec::new(),
    }
}

/// What a client is told that asks for something while the kernel ends.
pub(crate) fn ending() -> ErrorContent {
    ErrorContent {
        ename: "ShuttingDown".to_owned(),
        evalue: "the kernel is shutting down and takes no new requests".to_owned(),
        traceback: Vec::new(),
    }
}

/// What a client is told whose request the kernel ended before.
pub(crate) fn ended() -> ErrorContent {
    ErrorContent {
        ename: "Aborted".to_owned(),
        evalue: "the kernel ended before it could answer".to_owned(),
        traceback: Vec::new(),
    }
}

/// What a client is told that asks for a subshell.
pub(crate) fn no_such_subshell(subshell: &str) -> ErrorContent {
    ErrorContent {
        ename: "NoSuchSubshell".to_owned(),
        evalue: format!("this kernel has no subshell {subshell:?}"),
        traceback: Vec::new(),
    }
}
