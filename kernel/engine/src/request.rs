use perilune_language::CommMessage;
use perilune_wire::content::{
    AnswerRequest, CommClose, CommInfoRequest, CommMsg, CommOpen, CompleteRequest, DebugRequest,
    ExecuteRequest, HistoryRequest, InspectRequest, IsCompleteRequest, JournalRequest, Object,
    ShutdownRequest,
};
use perilune_wire::{Message, WireError};

use crate::errands::Errand;

/// What a message asks for.
pub(crate) enum Request {
    Execute(ExecuteRequest),
    Inspect(InspectRequest),
    Complete(CompleteRequest),
    IsComplete(IsCompleteRequest),
    History(HistoryRequest),
    KernelInfo,
    Connect,
    CommInfo(CommInfoRequest),
    Comm(CommMessage),
    Interrupt,
    Shutdown(ShutdownRequest),
    Usage,
    /// What the kernel says of itself.
    Status,
    /// What is done on a thread of its own.
    Errand(Errand),
    /// Save the language's state.
    Save,
    Debug(DebugRequest),
    /// What was published before.
    Journal(JournalRequest),
    /// A question's answer, from whoever.
    Answer(AnswerRequest),
    /// A type that we know, with a content that cannot be.
    Invalid(WireError),
    /// For a subshell, and we have none.
    NoSuchSubshell(String),
    /// A type that we do not know.
    Unknown,
}

impl Request {
    /// Reads a message's content as its type wants it.
    pub(crate) fn read(message: &Message) -> Self {
        if let Some(subshell) = &message.header.subshell_id {
            return Self::NoSuchSubshell(subshell.clone());
        }
        Self::try_read(message).unwrap_or_else(Self::Invalid)
    }

    /// Whether a kernel that ends still does it: what tells of it, and what helps it to end.
    pub(crate) fn is_served_at_the_end(&self) -> bool {
        matches!(
            self,
            Self::KernelInfo
                | Self::Connect
                | Self::CommInfo(_)
                | Self::Interrupt
                | Self::Shutdown(_)
                | Self::Status
                | Self::Journal(_)
                | Self::Answer(_)
                | Self::Errand(Errand::Dump)
                | Self::Invalid(_)
                | Self::NoSuchSubshell(_)
                | Self::Unknown
        )
    }

    fn try_read(message: &Message) -> Result<Self, WireError> {
        Ok(match message.header.msg_type.as_str() {
            "execute_request" => Self::Execute(message.content()?),
            "inspect_request" => Self::Inspect(message.content()?),
            "complete_request" => Self::Complete(message.content()?),
            "is_complete_request" => Self::IsComplete(message.content()?),
            "history_request" => Self::History(message.content()?),
            "kernel_info_request" => Self::KernelInfo,
            "connect_request" => Self::Connect,
            "comm_info_request" => Self::CommInfo(message.content()?),
            "comm_open" | "comm_msg" | "comm_close" => Self::Comm(read_comm(message)?),
            "interrupt_request" => Self::Interrupt,
            "shutdown_request" => Self::Shutdown(message.content()?),
            "usage_request" => Self::Usage,
            "debug_request" => Self::Debug(message.content()?),
            "perilune_status_request" => Self::Status,
            "perilune_reload_request" => Self::Errand(Errand::Reload),
            "perilune_log_request" => Self::Errand(Errand::Log(message.content()?)),
            "perilune_save_request" => Self::Save,
            "perilune_dump_request" => Self::Errand(Errand::Dump),
            "perilune_journal_request" => Self::Journal(message.content()?),
            "perilune_answer_request" => Self::Answer(message.content()?),
            _ => Self::Unknown,
        })
    }
}

/// The type of the reply to a request, where the type has one.
pub(crate) fn reply_type(msg_type: &str) -> Option<&'static str> {
    Some(match msg_type {
        "execute_request" => "execute_reply",
        "inspect_request" => "inspect_reply",
        "complete_request" => "complete_reply",
        "is_complete_request" => "is_complete_reply",
        "history_request" => "history_reply",
        "kernel_info_request" => "kernel_info_reply",
        "connect_request" => "connect_reply",
        "comm_info_request" => "comm_info_reply",
        "interrupt_request" => "interrupt_reply",
        "shutdown_request" => "shutdown_reply",
        "usage_request" => "usage_reply",
        "debug_request" => "debug_reply",
        "perilune_status_request" => "perilune_status_reply",
        "perilune_reload_request" => "perilune_reload_reply",
        "perilune_log_request" => "perilune_log_reply",
        "perilune_dump_request" => "perilune_dump_reply",
        "perilune_journal_request" => "perilune_journal_reply",
        "perilune_answer_request" => "perilune_answer_reply",
        "perilune_save_request" => "perilune_save_reply",
        _ => return None,
    })
}

fn read_comm(message: &Message) -> Result<CommMessage, WireError> {
    let metadata: Object = message.metadata()?;
    let buffers = message.buffers.clone();
    Ok(match message.header.msg_type.as_str() {
        "comm_open" => {
            let CommOpen {
                comm_id: id,
                target_name: target,
                data,
            } = message.content()?;
            CommMessage::Open {
                id,
                target,
                data,
                metadata,
                buffers,
            }
        }
        "comm_msg" => {
            let CommMsg { comm_id: id, data } = message.content()?;
            CommMessage::Data {
                id,
                data,
                metadata,
                buffers,
            }
        }
        _ => {
            let CommClose { comm_id: id, data } = message.content()?;
            CommMessage::Close {
                id,
                data,
                metadata,
                buffers,
            }
        }
    })
}
