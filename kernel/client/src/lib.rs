//! A kernel's client: asks, and hears, over ZeroMQ or within the process.
