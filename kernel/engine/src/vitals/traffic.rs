use std::sync::atomic::{AtomicU64, Ordering};

use perilune_transport::Channel;

/// The channel that a message travels by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Way {
    /// To and from one peer.
    Peer(Channel),
    /// To every subscriber; counted once, however many there are.
    Iopub,
}

/// What a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Running code: `execute_request`, `execute_reply`, `execute_input`.
    Execute,
    /// What code shows: streams, displays, results, errors.
    Output,
    /// `status`.
    Status,
    /// Completion, inspection, completeness and history.
    Language,
    /// Comms, and so widgets.
    Comm,
    /// Questions to the person in front, and the answers.
    Input,
    /// What concerns the kernel itself: its information, interrupts, its end, perilune's own.
    Kernel,
    /// Anything else.
    Other,
}

impl Way {
    const ALL: [Self; 4] = [
        Self::Peer(Channel::Shell),
        Self::Peer(Channel::Control),
        Self::Peer(Channel::Stdin),
        Self::Iopub,
    ];

    /// The channel's name in the specification.
    pub fn name(self) -> &'static str {
        match self {
            Self::Peer(Channel::Shell) => "shell",
            Self::Peer(Channel::Control) => "control",
            Self::Peer(Channel::Stdin) => "stdin",
            Self::Iopub => "iopub",
        }
    }

    fn index(self) -> usize {
        match self {
            Self::Peer(Channel::Shell) => 0,
            Self::Peer(Channel::Control) => 1,
            Self::Peer(Channel::Stdin) => 2,
            Self::Iopub => 3,
        }
    }
}

impl Class {
    const ALL: [Self; 8] = [
        Self::Execute,
        Self::Output,
        Self::Status,
        Self::Language,
        Self::Comm,
        Self::Input,
        Self::Kernel,
        Self::Other,
    ];

    /// The class of a message of this type.
    pub fn of(msg_type: &str) -> Self {
        match msg_type {
            "execute_request" | "execute_reply" | "execute_input" => Self::Execute,
            "stream"
            | "display_data"
            | "update_display_data"
            | "execute_result"
            | "error"
            | "clear_output" => Self::Output,
            "status" => Self::Status,
            "complete_request"
            | "complete_reply"
            | "inspect_request"
            | "inspect_reply"
            | "is_complete_request"
            | "is_complete_reply"
            | "history_request"
            | "history_reply" => Self::Language,
            "comm_open" | "comm_msg" | "comm_close" | "comm_info_request" | "comm_info_reply" => {
                Self::Comm
            }
            "input_request" | "input_reply" => Self::Input,
            "kernel_info_request"
            | "kernel_info_reply"
            | "connect_request"
            | "connect_reply"
            | "interrupt_request"
            | "interrupt_reply"
            | "shutdown_request"
            | "shutdown_reply"
            | "usage_request"
            | "usage_reply"
            | "debug_request"
            | "debug_reply"
            | "debug_event"
            | "iopub_welcome" => Self::Kernel,
            own if own.starts_with("perilune_") => Self::Kernel,
            _ => Self::Other,
        }
    }

    /// In one lower-case word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Execute => "execute",
            Self::Output => "output",
            Self::Status => "status",
            Self::Language => "language",
            Self::Comm => "comm",
            Self::Input => "input",
            Self::Kernel => "kernel",
            Self::Other => "other",
        }
    }
}

/// Messages of one direction.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    messages: [[AtomicU64; Class::ALL.len()]; Way::ALL.len()],
    bytes: [AtomicU64; Way::ALL.len()],
}

/// What went one way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// The channel.
    pub way: Way,
    /// How many messages of each class, where there were any.
    pub messages: Vec<(Class, u64)>,
    /// The bytes of all of them, without what the transport adds.
    pub bytes: u64,
}

impl Traffic {
    pub(crate) fn count(&self, way: Way, msg_type: &str, bytes: usize) {
        self.messages[way.index()][Class::of(msg_type) as usize].fetch_add(1, Ordering::Relaxed);
        // A `usize` is no longer than 64 bits anywhere.
        self.bytes[way.index()].fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> Vec<Flow> {
        let flow = |way: Way| {
            let counts = Class::ALL
                .iter()
                .zip(&self.messages[way.index()])
                .map(|(class, count)| (*class, count.load(Ordering::Relaxed)));
            Flow {
                way,
                messages: counts.filter(|(_, count)| *count > 0).collect(),
                bytes: self.bytes[way.index()].load(Ordering::Relaxed),
            }
        };
        Way::ALL.into_iter().map(flow).collect()
    }

    /// All messages together.
    pub(crate) fn total(&self) -> u64 {
        let counters = self.messages.iter().flatten();
        counters.map(|count| count.load(Ordering::Relaxed)).sum()
    }
}
