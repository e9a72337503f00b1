//! The transports with real clients.

mod interoperability;
mod support;
