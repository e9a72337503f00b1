//! How much a peer may take: memory, connections, time.

use std::time::Duration;

const MIB: usize = 1024 * 1024;

/// The bounds of a transport. The defaults suit a kernel on somebody's own machine.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The longest message on shell, in bytes.
    pub shell_message_bytes: usize,
    /// The longest message on control and on stdin, in bytes.
    pub control_message_bytes: usize,
    /// Frames in a message.
    pub frames: usize,
    /// Bytes of all messages together that have begun to arrive and are not complete. Who would
    /// exceed it is disconnected.
    pub unfinished_bytes: usize,
    /// Bytes that wait to be received, for each channel. When they are reached its peers are
    /// slowed down.
    pub incoming_bytes: usize,
    /// Bytes that wait to be sent to one peer. Beyond it replies are dropped, and
    /// [`Weight::Output`](crate::Weight::Output) is left out.
    pub outgoing_bytes: usize,
    /// Bytes of [`Weight::Essential`](crate::Weight::Essential) that wait beyond `outgoing_bytes`
    /// before a subscriber is cut off.
    pub essential_bytes: usize,
    /// Topics of one subscriber.
    pub topics: usize,
    /// The longest topic, in bytes.
    pub topic_bytes: usize,
    /// Connections of one socket; fewer if the process may not open that many files.
    pub connections: usize,
    /// Connections of one socket that have not introduced themselves yet. More wait their turn.
    pub handshakes: usize,
    /// How long each of them may take when others wait for its place.
    pub handshake_grace: Duration,
    /// How long each of them may take when nobody waits.
    pub handshake_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            shell_message_bytes: 512 * MIB,
            control_message_bytes: 64 * MIB,
            frames: 1024,
            unfinished_bytes: 1024 * MIB,
            incoming_bytes: 64 * MIB,
            outgoing_bytes: 64 * MIB,
            essential_bytes: 64 * MIB,
            topics: 1024,
            topic_bytes: 1024,
            connections: 1024,
            handshakes: 128,
            handshake_grace: Duration::from_millis(200),
            handshake_time: Duration::from_secs(10),
        }
    }
}
