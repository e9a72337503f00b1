//! What the connections and the kernel's end have in common.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use super::frame::FrameLimits;
use super::inbox::Inbox;
use super::log_limit::LogLimit;
use super::publisher::Publisher;
use super::router::Router;
use super::socket::Socket;
use crate::{Census, Channel, Limits, Peers};

/// The longest message on iopub and the heartbeat, where peers have little to say.
const SMALL_MESSAGE_BYTES: usize = 64 * 1024;
/// Unfinished messages up to this size are not counted.
const UNCOUNTED: usize = 64 * 1024;

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) limits: Limits,
    pub(crate) inbox: Inbox,
    shell: Router,
    control: Router,
    stdin: Router,
    pub(crate) publisher: Publisher,
    /// Bytes of all messages that have not arrived completely.
    unfinished: AtomicUsize,
    /// Replies that found their peer's queue full.
    pub(crate) replies_dropped: AtomicU64,
    pub(crate) logs: Logs,
}

/// One limit for each kind of line that peers can cause.
#[derive(Debug)]
pub(crate) struct Logs {
    pub(crate) refused: LogLimit,
    pub(crate) broken: LogLimit,
    pub(crate) accept: LogLimit,
    pub(crate) reply: LogLimit,
    pub(crate) gap: LogLimit,
}

impl Shared {
    pub(crate) fn new(limits: Limits) -> Self {
        let now = Instant::now();
        let limit = || LogLimit::new(now);
        let router = || Router::new(limits.outgoing_bytes);
        Self {
            limits,
            inbox: Inbox::new(&limits),
            shell: router(),
            control: router(),
            stdin: router(),
            publisher: Publisher::new(&limits),
            unfinished: AtomicUsize::new(0),
            replies_dropped: AtomicU64::new(0),
            logs: Logs {
                refused: limit(),
                broken: limit(),
                accept: limit(),
                reply: limit(),
                gap: limit(),
            },
        }
    }

    pub(crate) fn router(&self, channel: Channel) -> &Router {
        match channel {
            Channel::Shell => &self.shell,
            Channel::Control => &self.control,
            Channel::Stdin => &self.stdin,
        }
    }

    pub(crate) fn frame_limits(&self, socket: Socket) -> FrameLimits {
        let message_bytes = match socket {
            Socket::Shell => self.limits.shell_message_bytes,
            Socket::Control | Socket::Stdin => self.limits.control_message_bytes,
            Socket::Iopub | Socket::Heartbeat => SMALL_MESSAGE_BYTES,
        };
        FrameLimits {
            message_bytes,
            frames: self.limits.frames,
        }
    }

    pub(crate) fn share_of_unfinished(&self) -> Unfinished<'_> {
        Unfinished {
            shared: self,
            held: 0,
        }
    }
}

impl Census for Shared {
    fn take(&self) -> Peers {
        Peers {
            subscribers: self.publisher.census(),
            shell: self.shell.len(),
            control: self.control.len(),
            stdin: self.stdin.len(),
            left_out: self.publisher.left_out(),
            replies_dropped: self.replies_dropped.load(Ordering::Relaxed),
        }
    }
}

/// One connection's part of the bytes of unfinished messages; given back when dropped.
#[derive(Debug)]
pub(crate) struct Unfinished<'a> {
    shared: &'a Shared,
    held: usize,
}

impl Unfinished<'_> {
    /// The connection now holds `bytes`. Whether that is within what all may hold together.
    pub(crate) fn hold(&mut self, bytes: usize) -> bool {
        let bytes = if bytes <= UNCOUNTED { 0 } else { bytes };
        let all = &self.shared.unfinished;
        if bytes > self.held {
            let more = bytes - self.held;
            self.held = bytes;
            return all.fetch_add(more, Ordering::Relaxed) + more
                <= self.shared.limits.unfinished_bytes;
        }
        if bytes < self.held {
            all.fetch_sub(self.held - bytes, Ordering::Relaxed);
            self.held = bytes;
        }
        true
    }
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        self.shared
            .unfinished
            .fetch_sub(self.held, Ordering::Relaxed);
    }
}
