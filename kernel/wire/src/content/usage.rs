use serde::Serialize;

use super::ReplyStatus;

/// `usage_reply`, which is not in the specification; the fields are ipykernel's.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UsageReply {
    /// Always ok.
    pub status: ReplyStatus,
    /// The machine's name.
    pub hostname: String,
    /// The kernel's process.
    pub pid: u32,
    /// Percent of one CPU, of the kernel and its children, since the last time it was asked.
    pub kernel_cpu: f32,
    /// Bytes, of the kernel and its children.
    pub kernel_memory: u64,
    /// Logical CPUs.
    pub cpu_count: usize,
    /// Percent of all CPUs, since the last time it was asked; missing the first time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_cpu_percent: Option<f32>,
    /// The machine's memory.
    pub host_virtual_memory: HostMemory,
}

/// The machine's memory, in bytes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HostMemory {
    /// All there is.
    pub total: u64,
    /// What can be had without swapping.
    pub available: u64,
    /// How much of it is not available, in percent.
    pub percent: f32,
    /// In use.
    pub used: u64,
    /// Not used for anything.
    pub free: u64,
}
