use crate::SubscriberId;

/// Tells who is connected, from any thread and at once.
pub trait Census: Send + Sync {
    /// Who is connected now.
    fn take(&self) -> Peers;
}

/// Who is connected, and what waits for them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Peers {
    /// Those of iopub that subscribed to anything.
    pub subscribers: Vec<Subscriber>,
    /// Peers of the shell channel.
    pub shell: usize,
    /// Peers of the control channel.
    pub control: usize,
    /// Peers of the stdin channel.
    pub stdin: usize,
    /// Publications that were left out so far, each counted once for every subscriber that did not
    /// keep up and went without it.
    pub left_out: u64,
    /// Replies so far whose peer had let its queue run full.
    pub replies_dropped: u64,
}

/// One subscriber of iopub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscriber {
    /// Who.
    pub id: SubscriberId,
    /// Bytes that wait to be written to it.
    pub queued: usize,
}
