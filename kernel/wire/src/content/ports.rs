use serde::Serialize;

use super::ReplyStatus;

/// `connect_reply`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConnectReply {
    /// Always ok.
    pub status: ReplyStatus,
    /// Of the shell channel.
    pub shell_port: u16,
    /// Of iopub.
    pub iopub_port: u16,
    /// Of the stdin channel.
    pub stdin_port: u16,
    /// Of the control channel.
    pub control_port: u16,
    /// Of the heartbeat.
    pub hb_port: u16,
}
