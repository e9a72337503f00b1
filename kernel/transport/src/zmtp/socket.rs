//! The five sockets of a kernel.

use std::fmt;

/// One of the five.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Socket {
    Shell,
    Iopub,
    Stdin,
    Control,
    Heartbeat,
}

impl Socket {
    pub(crate) const ALL: [Self; 5] = [
        Self::Shell,
        Self::Iopub,
        Self::Stdin,
        Self::Control,
        Self::Heartbeat,
    ];

    /// What READY calls it. The heartbeat is a ROUTER in manner, which REQ, DEALER and ROUTER all
    /// accept; a REP would turn ROUTER away.
    pub(crate) fn socket_type(self) -> &'static str {
        match self {
            Self::Shell | Self::Stdin | Self::Control | Self::Heartbeat => "ROUTER",
            Self::Iopub => "XPUB",
        }
    }

    /// Whether a peer of that type may connect.
    pub(crate) fn accepts(self, peer: &[u8]) -> bool {
        let kinds: &[&[u8]] = match self.socket_type() {
            "XPUB" => &[b"SUB", b"XSUB"],
            _ => &[b"DEALER", b"REQ", b"ROUTER"],
        };
        kinds.iter().any(|kind| kind.eq_ignore_ascii_case(peer))
    }
}

impl fmt::Display for Socket {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Shell => "shell",
            Self::Iopub => "iopub",
            Self::Stdin => "stdin",
            Self::Control => "control",
            Self::Heartbeat => "heartbeat",
        })
    }
}
