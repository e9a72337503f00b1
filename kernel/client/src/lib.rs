//! A kernel's client: asks, and hears, over ZeroMQ or within the process.
//!
//! One [`Client`] for every front end of ours. What a kernel says comes as [`Notice`]s, the same
//! for a kernel in this process, for a daemon, and for a kernel of another language: it is plain
//! Jupyter. Everything that waits has a limit.

pub mod event;

mod client;
mod connection;
mod debugger;
mod error;
mod heard;
mod kernel_info;
mod notice;

pub use client::Client;
pub use debugger::{DebuggerEvent, DebuggerNews};
pub use error::ClientError;
pub use heard::Heard;
pub use kernel_info::KernelInfo;
pub use notice::{Notice, Question, Reply};
