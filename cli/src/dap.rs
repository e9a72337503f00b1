//! The Debug Adapter Protocol for any editor: a bridge to the debugger that is in each kernel.

mod address;
mod arguments;
mod breakpoints;
mod capabilities;
mod connection;
mod debuggee;
mod framing;
mod listening;
mod message;
mod output;
mod session;
mod spelling;
mod target;
pub mod token;

pub use address::Address;
pub use connection::{is_its_own_fault, serve};
pub use debuggee::READY;
pub use listening::Listening;
pub use session::Door;
