//! The transports with real clients, and with peers that mean no good.

mod coming_and_going;
mod hostile;
mod in_process;
mod interoperability;
mod joinable;
mod peer;
mod slow_subscriber;
mod socket_files;
mod support;
