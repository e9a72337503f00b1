//! What messages say, one file for each conversation of the specification.
//!
//! Requests are read leniently: whatever has a sensible default may be missing. Replies and
//! broadcasts always carry every field, since strict clients fail on a missing one.

mod comm;
mod complete;
mod debug;
mod execute;
mod history;
mod input;
mod inspect;
mod is_complete;
mod journal;
mod kernel_info;
mod kernel_status;
mod output;
mod ports;
mod question;
mod save;
mod shutdown;
mod status;
mod usage;

pub use comm::{CommClose, CommInfoReply, CommInfoRequest, CommMsg, CommOpen, CommTarget};
pub use complete::{CompleteReply, CompleteRequest};
pub use debug::{DebugRefusal, DebugRequest};
pub use execute::{ExecuteInput, ExecuteReply, ExecuteRequest, ExpressionResult};
pub use history::{HistoryAccess, HistoryEntry, HistoryReply, HistoryRequest, HistoryValue};
pub use input::{InputReply, InputRequest};
pub use inspect::{InspectReply, InspectRequest};
pub use is_complete::{IsCompleteReply, IsCompleteRequest};
pub use journal::{JournalMessage, JournalReply, JournalRequest};
pub use kernel_info::{HelpLink, KernelInfoReply, LanguageInfo};
pub use kernel_status::{
    KernelState, KernelStatusReply, LogRequest, Memory, MessageCounts, RunningCell, StoppedAt,
};
pub use output::{ClearOutput, DisplayData, ErrorContent, ExecuteResult, StreamContent, Transient};
pub use ports::ConnectReply;
pub use question::{AnswerRequest, Question};
pub use save::{SaveReply, SavedLoss};
pub use shutdown::{ShutdownReply, ShutdownRequest};
pub use status::{ExecutionState, IopubWelcome, ReplyStatus, Status, StatusReply};
pub use usage::{HostMemory, UsageReply};

/// A JSON object, in the order it was written.
pub type Object = serde_json::Map<String, serde_json::Value>;

/// Reads `null` as if the field were missing.
fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: serde::Deserialize<'de> + Default,
{
    use serde::Deserialize as _;
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}
