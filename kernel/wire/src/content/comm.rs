use serde::{Deserialize, Serialize};

use super::{Object, or_default};

/// `comm_open`, in both directions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CommOpen {
    /// The new comm.
    pub comm_id: String,
    /// Who should answer on the other side.
    pub target_name: String,
    /// What the opener says first.
    #[serde(default, deserialize_with = "or_default")]
    pub data: Object,
}

/// `comm_msg`, in both directions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CommMsg {
    /// Over which comm.
    pub comm_id: String,
    /// What is said.
    #[serde(default, deserialize_with = "or_default")]
    pub data: Object,
}

/// `comm_close`, in both directions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CommClose {
    /// Which comm.
    pub comm_id: String,
    /// The last words.
    #[serde(default, deserialize_with = "or_default")]
    pub data: Object,
}

/// `comm_info_request`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct CommInfoRequest {
    /// Only comms of this target; all when `None`.
    #[serde(default)]
    pub target_name: Option<String>,
}

/// What `comm_info_reply` says of one comm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CommTarget {
    /// Its target.
    pub target_name: String,
}

/// `comm_info_reply`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CommInfoReply {
    /// Always ok.
    pub status: super::ReplyStatus,
    /// The open comms by id.
    pub comms: std::collections::BTreeMap<String, CommTarget>,
}
