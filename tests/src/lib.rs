//! A strict Jupyter client for tests: it speaks real ZeroMQ to the real binary, holds every
//! message against the specification's schema, and fails on any that a test did not ask for.

mod client;
mod process;
mod received;
mod schema;

pub use client::{Client, Request};
pub use process::{KernelProcess, PATIENCE};
pub use received::Received;
