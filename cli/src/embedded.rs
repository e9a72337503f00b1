//! A kernel in this very process, and its client.
//!
//! The two speak the same signed messages as a kernel and a notebook do, over channels instead of
//! sockets.

mod client;
pub mod event;

pub use client::{EmbeddedKernel, Notice, Question};
