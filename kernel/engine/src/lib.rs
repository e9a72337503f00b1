//! The engine: what turns messages into effects, and effects into messages.
//!
//! [`serve`] is a kernel's life. One thread, the I/O thread, owns the transport: it answers
//! control at once, queues shell, and sends what comes out of the outbox. Another, the executor,
//! owns the language and works the queue off. Whatever a request causes goes through the outbox,
//! in order, so that a request's `idle` is the last that is heard of it.

mod capture;
mod children;
mod comms;
mod completer;
mod completion;
mod context;
mod debugging;
mod dump;
mod earlier;
mod errands;
mod error;
mod executor;
mod history;
mod journal;
mod kernel;
mod knowledge;
mod launcher;
#[cfg(test)]
mod model;
mod options;
mod outbox;
mod output;
mod publisher;
mod reception;
mod request;
mod running;
mod shutdown;
mod signals;
mod state;
mod status;
mod stdin;
mod steward;
mod sync;
mod task_queue;
#[cfg(test)]
mod tests;
mod turn;
mod usage;
pub mod vitals;

pub use capture::{Descriptors, last_words};
pub use error::EngineError;
pub use kernel::serve;
pub use options::Options;
pub use perilune_lua::Options as LuaOptions;
pub use shutdown::{Deadlines, ShutdownPolicy};
pub use signals::{CaughtSignals, FORCED};
pub use state::{Restore, StateOptions};
pub use steward::{Refusal, Steward};
pub use vitals::Vitals;
